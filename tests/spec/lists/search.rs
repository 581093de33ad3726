//! A server with many tools may show a search in their place. What was found is called in the same
//! way as a tool that is listed.

use super::{GATEWAY, assert_listed, push, server_with, set, tools, unknown, with_key_for};
use casemate_guest_forge::Definition;
use casemate_tests::{
    Gateway, Server, guest,
    mcp::{Legacy, Modern, Reply},
    sample,
};
use serde_json::{Value, json};

const FORM: &str = "test_input_required_result_elicitation";

fn searching(gateway: &Gateway, name: &str) -> Server {
    let server = gateway.server(name);
    gateway.push(&server, guest("conformance"));
    gateway.push(&server, sample("echo"));
    set(gateway, &server, &["--tool-search", "on"]).ok();
    server
}

fn search(client: &Modern, arguments: Value) -> Reply {
    client.call("search_tools", arguments)
}

/// The names of what was found.
#[track_caller]
fn found(reply: &Reply) -> Vec<&str> {
    assert!(!reply.is_tool_error(), "{}", reply.http);
    let tools = reply.structured()["tools"].as_array().unwrap();
    tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect()
}

/// A call of a tool by way of another.
fn by_name(tool: &str, arguments: Value) -> Value {
    json!({ "name": tool, "arguments": arguments })
}

#[test]
fn clients_see_a_search_in_place_of_the_tools() {
    let gateway = &*GATEWAY.get();
    let server = searching(gateway, "searched");
    assert_listed(gateway, &server, &["call_tool", "search_tools"]);
    let client = gateway.modern(&server);
    let list = client.list();
    let tools = list.result()["tools"].as_array().unwrap();
    assert_eq!(tools[0]["inputSchema"]["required"], json!(["name"]));
    assert_eq!(tools[1]["inputSchema"]["required"], json!(["query"]));
    assert_eq!(tools[1]["annotations"]["readOnlyHint"], true);
    set(gateway, &server, &["--tool-search", "off"]).ok();
    let all = client.list();
    assert!(all.tool_names().len() > 20 && all.tool_names().contains(&"echo"));
    let nothing = unknown(gateway, &server, "nothing");
    assert_eq!(unknown(gateway, &server, "search_tools"), nothing);
    assert_eq!(unknown(gateway, &server, "call_tool"), nothing);
}

#[test]
fn a_search_answers_with_whole_definitions_the_best_first() {
    let gateway = &*GATEWAY.get();
    let server = searching(gateway, "finds");
    let client = gateway.modern(&server);
    let reply = search(&client, json!({ "query": "echo a text back" }));
    assert_eq!(found(&reply)[0], "echo");
    assert!(found(&reply).len() <= 5);
    let first = &reply.structured()["tools"][0];
    assert!(
        first["description"]
            .as_str()
            .unwrap()
            .starts_with("Answers")
    );
    assert_eq!(first["inputSchema"]["properties"]["text"]["type"], "string");
    let text: Value = serde_json::from_str(&reply.text()).unwrap();
    assert_eq!(text, *reply.structured(), "text and structure say the same");
    assert_eq!(reply.result()["resultType"], "complete");
    let many = json!({ "query": "test", "limit": 20 });
    assert_eq!(found(&search(&client, many)).len(), 20);
    let one = json!({ "query": "test", "limit": 1 });
    assert_eq!(found(&search(&client, one)).len(), 1);
    let nothing = search(&client, json!({ "query": "submarine" }));
    assert_eq!(found(&nothing), [""; 0]);
}

#[test]
fn the_handshake_revisions_get_what_they_know_of_an_answer() {
    let gateway = &*GATEWAY.get();
    let server = searching(gateway, "finds-legacy");
    for version in Legacy::VERSIONS {
        let client = Legacy::connect(gateway.endpoint(&server), &server.key, version);
        let reply = client.call("search_tools", json!({ "query": "echo" }));
        assert!(reply.text().contains("\"name\":\"echo\""), "{}", reply.http);
        let result = reply.result().as_object().unwrap();
        assert!(!result.contains_key("resultType") && !result.contains_key("_meta"));
        let is_structured = result.contains_key("structuredContent");
        assert_eq!(is_structured, version >= "2025-06-18", "{version}");
        let arguments = by_name("echo", json!({ "text": version }));
        assert_eq!(client.call("call_tool", arguments).text(), version);
    }
}

#[test]
fn what_was_found_is_called_and_recorded_as_itself() {
    let gateway = &*GATEWAY.get();
    let server = searching(gateway, "calls-found");
    let client = gateway.modern(&server);
    let hello = json!({ "text": "hello" });
    let called = client.call("call_tool", by_name("echo", hello.clone()));
    assert_eq!(called.text(), "hello");
    assert_eq!(client.call("echo", hello).text(), "hello", "directly too");
    search(&client, json!({ "query": "echo" }));
    assert_eq!(gateway.await_outcomes(&server, "echo", 2).len(), 2);
    for tool in ["search_tools", "call_tool"] {
        assert!(gateway.records(&server, tool).is_empty(), "{tool}");
    }
    let wrong = client.call("call_tool", by_name("echo", json!({ "text": 1 })));
    assert!(wrong.is_tool_error());
    let directly = client.call("echo", json!({ "text": 1 }));
    let without_id = |reply: &Reply| reply.text().split(" (call_").next().unwrap().to_owned();
    assert_eq!(without_id(&wrong), without_id(&directly));
    let refused = client.call("call_tool", by_name("test_missing_capability", json!({})));
    assert_eq!(refused.code(), -32021);
}

#[test]
fn slips_are_answered_so_that_a_model_can_mend_them() {
    let gateway = &*GATEWAY.get();
    let server = searching(gateway, "slips");
    let client = gateway.modern(&server);
    let limit = |limit: Value| json!({ "query": "x", "limit": limit });
    let echo = |arguments: Value| json!({ "name": "echo", "arguments": arguments });
    for (tool, arguments, words) in [
        ("search_tools", json!({}), "`query` must"),
        ("search_tools", json!({ "query": " " }), "`query` must"),
        ("search_tools", json!({ "query": 1 }), "`query` must"),
        (
            "search_tools",
            json!({ "query": "x".repeat(1_001) }),
            "1000 bytes",
        ),
        ("search_tools", limit(json!(0)), "from 1 to 20"),
        ("search_tools", limit(json!(21)), "from 1 to 20"),
        ("search_tools", limit(json!("5")), "from 1 to 20"),
        (
            "search_tools",
            json!({ "words": "x" }),
            "no argument `words`",
        ),
        ("call_tool", json!({}), "`name` must"),
        ("call_tool", json!({ "name": 1 }), "`name` must"),
        (
            "call_tool",
            by_name("nothing", json!({})),
            "Unknown tool: nothing",
        ),
        (
            "call_tool",
            by_name("call_tool", json!({})),
            "Unknown tool: call_tool",
        ),
        ("call_tool", echo(json!([])), "must be an object"),
        (
            "call_tool",
            json!({ "name": "echo", "text": "x" }),
            "no argument `text`",
        ),
    ] {
        let reply = client.call(tool, arguments.clone());
        assert!(reply.is_tool_error(), "{arguments}: {}", reply.http);
        assert!(
            reply.text().contains(words),
            "{arguments}: {}",
            reply.text()
        );
        let legacy = gateway.legacy(&server).call(tool, arguments);
        assert_eq!(legacy.text(), reply.text());
        assert!(legacy.is_tool_error());
    }
    let twice = client.calling("call_tool", json!({}));
    let body = twice.body().to_string().replace(
        "\"arguments\":{}",
        r#""arguments":{"name":"echo","arguments":{"text":"a","text":"b"}}"#,
    );
    let reply = Reply::of(twice.request().body(body).send());
    assert_eq!(reply.code(), -32602, "as in a direct call: {}", reply.http);
}

#[test]
fn a_key_for_some_tools_finds_and_calls_only_these() {
    let gateway = &*GATEWAY.get();
    let server = searching(gateway, "finds-chosen");
    let chosen = ["test_tool_with_logging", "test_tool_with_prog*"];
    let some = with_key_for(gateway, &server, &chosen);
    let client = gateway.modern(&some);
    let all = json!({ "query": "test tool echo", "limit": 20 });
    assert_eq!(
        found(&search(&client, all.clone())),
        ["test_tool_with_logging", "test_tool_with_progress"]
    );
    let hidden = client.call("call_tool", by_name("echo", json!({ "text": "x" })));
    let absent = client.call("call_tool", by_name("nothing", json!({ "text": "x" })));
    assert!(hidden.is_tool_error() && absent.is_tool_error());
    assert_eq!(hidden.text(), absent.text().replace("nothing", "echo"));
    assert!(found(&search(&gateway.modern(&server), all)).contains(&"echo"));
    gateway
        .cli(["tool", "deactivate", "finds-chosen/test_tool_with_logging"])
        .ok();
    let rest = search(&client, json!({ "query": "tool" }));
    assert_eq!(found(&rest), ["test_tool_with_progress"]);
}

#[test]
fn progress_lines_and_questions_pass_through() {
    let gateway = &*GATEWAY.get();
    let server = searching(gateway, "passes");
    let client = gateway.modern(&server);
    let busy = by_name("test_tool_with_progress", json!({}));
    let reply = client
        .calling("call_tool", busy.clone())
        .meta("progressToken", json!("p"))
        .send();
    assert_eq!(reply.notifications("notifications/progress").len(), 3);
    assert_eq!(reply.text(), "progress was reported");
    let lines = client
        .calling("call_tool", by_name("test_logging_tool", json!({})))
        .meta("logLevel", json!("warning"))
        .send();
    let lines = lines.notifications("notifications/message").len();
    assert_eq!(lines, 2);
    let legacy = gateway.legacy(&server);
    let params = json!({ "name": "call_tool", "arguments": busy, "_meta": { "progressToken": 1 } });
    let told = legacy.send("tools/call", params);
    assert_eq!(told.notifications("notifications/progress").len(), 3);

    let asking = client
        .calling("call_tool", by_name(FORM, json!({})))
        .capabilities(json!({ "elicitation": {} }));
    let asked = asking.send();
    assert_eq!(
        asked.result()["resultType"],
        "input_required",
        "{}",
        asked.http
    );
    let answer = json!({ "action": "accept", "content": { "name": "Ada" } });
    let state = asked.result()["requestState"].clone();
    let answered = asking
        .param("inputResponses", json!({ "user_name": answer }))
        .param("requestState", state)
        .send();
    assert_eq!(answered.text(), "Hello, Ada!");
}

#[test]
fn clients_of_the_handshake_revisions_are_asked_too() {
    let gateway = &*GATEWAY.get();
    let server = searching(gateway, "asks-found");
    let capabilities = json!({ "elicitation": {} });
    let client = Legacy::connect_with(
        gateway.endpoint(&server),
        &server.key,
        Legacy::NEWEST,
        capabilities,
    );
    let params = json!({ "name": "call_tool", "arguments": by_name(FORM, json!({})) });
    let mut events = client.stream("tools/call", params);
    let question = events.expect();
    assert_eq!(question["method"], "elicitation/create");
    let answer = json!({ "action": "accept", "content": { "name": "Ada" } });
    client.answer(&question, answer);
    let last = events.expect();
    assert_eq!(last["result"]["content"][0]["text"], "Hello, Ada!");
}

#[test]
fn headers_repeat_the_tool_that_the_body_names() {
    let gateway = &*GATEWAY.get();
    let server = searching(gateway, "search-headers");
    let client = gateway.modern(&server);
    let arguments = by_name("test_header", json!({ "region": "eu" }));
    let call = client.calling("call_tool", arguments);
    assert_eq!(call.send().text(), "they agree");
    let other = call.with("Mcp-Name", "test_header").send();
    assert_eq!(other.code(), -32020);
    let directly = client.calling("test_header", json!({ "region": "eu" }));
    assert_eq!(directly.send().code(), -32020, "it has a header to repeat");
}

#[test]
fn a_prefix_is_before_every_name() {
    let gateway = &*GATEWAY.get();
    let server = searching(gateway, "search-prefix");
    set(gateway, &server, &["--tool-prefix", "demo_"]).ok();
    assert_listed(gateway, &server, &["demo_call_tool", "demo_search_tools"]);
    let client = gateway.modern(&server);
    let reply = client.call("demo_search_tools", json!({ "query": "echo" }));
    assert_eq!(found(&reply)[0], "demo_echo");
    let hello = by_name("demo_echo", json!({ "text": "hello" }));
    assert_eq!(client.call("demo_call_tool", hello).text(), "hello");
    let own = by_name("echo", json!({ "text": "hello" }));
    let own = client.call("demo_call_tool", own);
    assert!(own.text().contains("demo_search_tools"), "{}", own.text());
    assert_eq!(
        unknown(gateway, &server, "search_tools"),
        unknown(gateway, &server, "nothing")
    );
}

#[test]
fn a_tool_with_a_name_of_the_search_is_refused() {
    let gateway = &*GATEWAY.get();
    let server = server_with(gateway, "search-taken", &["call_tool", "other"]);
    let refused = set(gateway, &server, &["--tool-search", "on", "--json"]);
    assert_eq!(refused.code, 4, "{refused}");
    assert!(refused.stderr.contains("name_unfit"), "{refused}");
    assert_listed(gateway, &server, &["call_tool", "other"]);
    push(gateway, &server, "tools", &tools(&["other"]), &[]).ok();
    set(gateway, &server, &["--tool-search", "on"]).ok();
    let clashing = tools(&["search_tools"]);
    let refused = push(gateway, &server, "later", &clashing, &[]);
    assert_eq!(refused.code, 4, "{refused}");
    assert!(refused.stderr.contains("`search_tools`"), "{refused}");
    set(gateway, &server, &["--tool-search", "off"]).ok();
    push(gateway, &server, "later", &clashing, &[]).ok();
}

#[test]
fn listeners_are_told_of_the_switch_and_not_of_tools_that_they_do_not_see() {
    let gateway = &*GATEWAY.get();
    let server = server_with(gateway, "search-told", &["a", "b"]);
    let wanted = json!({ "notifications": { "toolsListChanged": true } });
    let message = gateway
        .modern(&server)
        .message("subscriptions/listen", wanted);
    let mut events = message.stream();
    events.expect();
    set(gateway, &server, &["--tool-search", "on"]).ok();
    assert_eq!(
        events.expect()["method"],
        "notifications/tools/list_changed"
    );
    gateway.cli(["tool", "deactivate", "search-told/a"]).ok();
    gateway.cli(["server", "deactivate", &server.id]).ok();
    assert!(events.expect().get("result").is_some(), "the end is next");
}

#[test]
fn a_server_without_tools_has_nothing_to_search() {
    let gateway = &*GATEWAY.get();
    let server = gateway.server("search-empty");
    set(gateway, &server, &["--tool-search", "on"]).ok();
    assert_listed(gateway, &server, &[]);
    let kept = [Definition::named("kept")];
    push(gateway, &server, "tools", &kept, &["--no-activate"]).ok();
    assert_listed(gateway, &server, &[]);
}
