//! A key may be made for some tools of its servers: the others are not there for it.

use super::{GATEWAY, assert_listed, push, server_with, set, tools, unknown, with_key_for};
use casemate_tests::{ADMIN_TOKEN, Gateway, Server, http::post, mcp::Events, sample};
use serde_json::{Value, json};

const TOOLS: [&str; 4] = ["get_city", "get_weather", "set_alarm", "translate"];

#[test]
fn a_key_for_some_tools_lists_and_calls_only_these() {
    let gateway = &*GATEWAY.get();
    let server = server_with(gateway, "chosen", &TOOLS);
    let some = with_key_for(gateway, &server, &["get_weather", "translate"]);
    assert_listed(gateway, &some, &["get_weather", "translate"]);
    assert_listed(gateway, &server, &TOOLS);
    for client in [&some, &server] {
        let reply = gateway.modern(client).call("translate", json!({}));
        assert!(!reply.is_tool_error(), "{}", reply.http);
    }
    let nothing = unknown(gateway, &some, "nothing");
    assert_eq!(unknown(gateway, &some, "set_alarm"), nothing);
    gateway.await_outcomes(&server, "translate", 2);
    assert!(
        gateway.records(&server, "set_alarm").is_empty(),
        "what is not there is not called"
    );
}

#[test]
fn a_star_stands_for_the_rest_of_a_name_also_of_tools_to_come() {
    let gateway = &*GATEWAY.get();
    let server = server_with(gateway, "starred", &TOOLS);
    let some = with_key_for(gateway, &server, &["get_*"]);
    assert_listed(gateway, &some, &["get_city", "get_weather"]);
    push(gateway, &server, "more", &tools(&["get_news", "news"]), &[]).ok();
    assert_listed(gateway, &some, &["get_city", "get_news", "get_weather"]);
}

#[test]
fn a_choice_is_of_own_names_whatever_prefix_the_server_puts_before_them() {
    let gateway = &*GATEWAY.get();
    let server = server_with(gateway, "chosen-prefix", &TOOLS);
    let some = with_key_for(gateway, &server, &["get_city"]);
    set(gateway, &server, &["--tool-prefix", "geo_"]).ok();
    assert_listed(gateway, &some, &["geo_get_city"]);
    let reply = gateway.modern(&some).call("geo_get_city", json!({}));
    assert!(!reply.is_tool_error(), "{}", reply.http);
    assert_eq!(
        unknown(gateway, &some, "geo_translate"),
        unknown(gateway, &some, "translate")
    );
}

#[test]
fn a_key_for_some_tools_opens_neither_resources_nor_prompts() {
    let gateway = &*GATEWAY.get();
    let server = gateway.server("chosen-only");
    gateway.push(&server, sample("glossary"));
    let some = with_key_for(gateway, &server, &["look_up"]);
    let requests = [
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("prompts/list", json!({})),
        ("resources/read", json!({ "uri": "glossary://words" })),
        (
            "prompts/get",
            json!({ "name": "explain", "arguments": { "word": "grant" } }),
        ),
        (
            "completion/complete",
            json!({
                "ref": { "type": "ref/prompt", "name": "explain" },
                "argument": { "name": "word", "value": "g" },
            }),
        ),
    ];
    for (method, params) in requests {
        let ask = |server: &Server| {
            let modern = gateway
                .modern(server)
                .message(method, params.clone())
                .send();
            let legacy = gateway.legacy(server).send(method, params.clone());
            [modern, legacy].map(|reply| reply.message()["error"]["code"].as_i64())
        };
        assert_eq!(ask(&server), [None, None], "{method}");
        assert_eq!(ask(&some), [Some(-32601), Some(-32601)], "{method}");
    }
    let promised = |server: &Server| {
        let discovered = gateway.modern(server).discover();
        discovered.result()["capabilities"].clone()
    };
    for capability in ["resources", "prompts", "completions"] {
        assert!(promised(&server)[capability].is_object(), "{capability}");
        assert!(promised(&some)[capability].is_null(), "{capability}");
    }
}

#[test]
fn a_tool_that_there_is_not_is_refused_with_the_nearest_name() {
    let gateway = &*GATEWAY.get();
    let server = server_with(gateway, "chosen-slip", &TOOLS);
    let create = |tool: &str| gateway.cli(["key", "create", "k", "-s", &server.id, "--tool", tool]);
    let refused = create("get_wether");
    assert_ne!(refused.code, 0);
    assert!(
        refused.stderr.contains("Did you mean `get_weather`?"),
        "{refused}"
    );
    let far = create("submarine");
    assert!(far.stderr.contains(&TOOLS.join(", ")), "{far}");
    assert_ne!(create("post_*").code, 0);
    assert_ne!(create("*_weather").code, 0);
    gateway
        .cli(["tool", "deactivate", "chosen-slip/set_alarm"])
        .ok();
    create("set_alarm").ok();
    let long: Vec<_> = (0..25).map(|at| format!("{at:0>110}")).collect();
    let long: Vec<_> = long.iter().map(String::as_str).collect();
    let many = server_with(gateway, "chosen-many", &long);
    let mut all = vec!["key", "create", "k", "-s", &many.id];
    all.extend(long.iter().flat_map(|tool| ["--tool", tool]));
    let refused = gateway.cli(all);
    assert_eq!(refused.code, 4, "{refused}");
    assert!(refused.stderr.contains("a beginning and `*`"), "{refused}");
    let empty = json!({ "name": "k", "servers": [server.id], "tools": [] });
    let reply = post(&gateway.admin_url("/v1/keys")).bearer(ADMIN_TOKEN);
    assert_eq!(reply.json(&empty).send().status, 422);
}

#[test]
fn the_choice_is_shown_and_outlives_a_restart() {
    let mut gateway = Gateway::start();
    let server = server_with(&gateway, "chosen-shown", &TOOLS);
    let some = with_key_for(&gateway, &server, &["translate", "get_*", "translate"]);
    let check = |gateway: &Gateway| {
        let listed = gateway.cli(["key", "list", "--json"]).ok().json();
        let tools = |at: usize| listed["keys"][at]["tools"].clone();
        assert_eq!(
            (tools(0), tools(1)),
            (Value::Null, json!(["get_*", "translate"]))
        );
        let shown = gateway.cli(["key", "list"]).ok().stdout;
        let lines: Vec<_> = shown.lines().collect();
        assert!(lines[1].contains("  all  "), "{shown}");
        assert!(lines[2].contains("  get_*, translate  "), "{shown}");
        assert_listed(gateway, &some, &["get_city", "get_weather", "translate"]);
    };
    check(&gateway);
    gateway.stop();
    gateway.start_again();
    check(&gateway);
}

#[test]
fn a_listener_is_told_only_of_tools_that_its_key_opens() {
    let gateway = &*GATEWAY.get();
    let server = server_with(gateway, "chosen-told", &TOOLS);
    let some = with_key_for(gateway, &server, &["translate"]);
    let wanted = json!({ "notifications": { "toolsListChanged": true } });
    let listen = |server: &Server| {
        let message = gateway
            .modern(server)
            .message("subscriptions/listen", wanted.clone());
        let mut events = message.stream();
        events.expect();
        events
    };
    let (mut of_some, mut of_all) = (listen(&some), listen(&server));
    let mut legacy = Events::new(gateway.legacy(&some).listen().into_reader());
    gateway
        .cli(["tool", "deactivate", "chosen-told/set_alarm"])
        .ok();
    assert_eq!(
        of_all.expect()["method"],
        "notifications/tools/list_changed"
    );
    gateway.cli(["server", "deactivate", &server.id]).ok();
    let next = of_some.expect();
    assert!(
        next.get("result").is_some(),
        "nothing before the end: {next}"
    );
    assert!(legacy.next().is_none());
    gateway.cli(["server", "activate", &server.id]).ok();
    let mut of_some = listen(&some);
    gateway
        .cli(["tool", "deactivate", "chosen-told/translate"])
        .ok();
    assert_eq!(
        of_some.expect()["method"],
        "notifications/tools/list_changed"
    );
}

#[test]
fn more_choices_than_are_kept_are_each_served_right() {
    let gateway = &*GATEWAY.get();
    let names: Vec<_> = (0..40).map(|at| format!("tool_{at:02}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let server = server_with(gateway, "many-choices", &names);
    let keys: Vec<_> = names
        .iter()
        .map(|name| with_key_for(gateway, &server, &[name]))
        .collect();
    for _ in 0..2 {
        for (name, key) in names.iter().zip(&keys) {
            assert_eq!(gateway.modern(key).list().tool_names(), [*name]);
        }
    }
}

#[test]
fn a_key_for_several_servers_opens_the_chosen_tools_of_each() {
    let gateway = &*GATEWAY.get();
    let first = server_with(gateway, "several", &["read", "write"]);
    let second = gateway.server_in(&first.workspace, "several-too");
    push(gateway, &second, "tools", &tools(&["read", "send"]), &[]).ok();
    gateway.push(&second, sample("echo"));
    let made = gateway.cli([
        "key", "create", "both", "-s", &first.id, "-s", &second.id, "--tool", "read", "--tool",
        "echo",
    ]);
    let key = made.ok().stdout.trim().to_owned();
    let opened = |server: &Server| Server {
        key: key.clone(),
        ..server.clone()
    };
    assert_listed(gateway, &opened(&first), &["read"]);
    assert_listed(gateway, &opened(&second), &["echo", "read"]);
}
