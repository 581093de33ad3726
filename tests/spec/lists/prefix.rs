//! A server may put a prefix before the names of its tools: clients see and use the names with it,
//! administrators and records keep the tools' own.

use super::{GATEWAY, assert_listed, push, server_with, set, tools, unknown};
use casemate_tests::{ADMIN_TOKEN, Gateway, Server, http::Request, mcp::Events, sample};
use serde_json::{Value, json};

fn listen(gateway: &Gateway, server: &Server) -> Events {
    let wanted = json!({ "notifications": { "toolsListChanged": true } });
    let mut events = gateway
        .modern(server)
        .message("subscriptions/listen", wanted)
        .stream();
    events.expect();
    events
}

#[test]
fn clients_see_and_call_prefixed_names_only() {
    let gateway = &*GATEWAY.get();
    let server = gateway.server("prefixed");
    gateway.push(&server, sample("echo"));
    set(gateway, &server, &["--tool-prefix", "demo_"]).ok();
    assert_listed(gateway, &server, &["demo_echo"]);
    let hello = json!({ "text": "hello" });
    let modern = gateway.modern(&server);
    assert_eq!(modern.call("demo_echo", hello.clone()).text(), "hello");
    let legacy = gateway.legacy(&server);
    assert_eq!(legacy.call("demo_echo", hello.clone()).text(), "hello");
    assert_eq!(
        unknown(gateway, &server, "echo"),
        unknown(gateway, &server, "nothing")
    );
    let contradicting = modern.calling("demo_echo", hello).with("Mcp-Name", "echo");
    assert_eq!(contradicting.send().code(), -32020);
    let records = gateway.await_outcomes(&server, "echo", 2);
    assert_eq!(records, ["ok", "ok"], "under the tool's own name");
}

#[test]
fn a_model_is_told_of_its_mistakes_by_the_name_that_it_knows() {
    let gateway = &*GATEWAY.get();
    let server = gateway.server("prefixed-errors");
    gateway.push(&server, sample("echo"));
    set(gateway, &server, &["--tool-prefix", "demo_"]).ok();
    let reply = gateway.modern(&server).call("demo_echo", json!({}));
    assert!(reply.is_tool_error());
    assert!(reply.text().contains("`demo_echo`"), "{}", reply.text());
}

#[test]
fn administrators_use_own_names() {
    let gateway = &*GATEWAY.get();
    let server = gateway.server("prefixed-admin");
    gateway.push(&server, sample("echo"));
    set(gateway, &server, &["--tool-prefix", "demo_"]).ok();
    let called = gateway.cli(["call", "prefixed-admin/echo", "text=hello"]);
    assert!(called.ok().stdout.contains("hello"));
    let shown = gateway.cli(["server", "show", &server.id]).ok().stdout;
    assert!(shown.contains("tool prefix  demo_"), "{shown}");
}

#[test]
fn a_prefix_outlives_a_restart_and_can_be_taken_away() {
    let mut gateway = Gateway::start();
    let server = server_with(&gateway, "prefix-stays", &["a"]);
    let answer = set(&gateway, &server, &["--tool-prefix", "x.", "--json"]);
    assert_eq!(answer.ok().json()["tool_prefix"], "x.");
    gateway.stop();
    gateway.start_again();
    assert_listed(&gateway, &server, &["x.a"]);
    set(&gateway, &server, &["--tool-prefix", ""]).ok();
    assert_listed(&gateway, &server, &["a"]);
}

#[test]
fn a_prefix_that_makes_a_name_too_long_is_refused_also_by_a_later_push() {
    let gateway = &*GATEWAY.get();
    let long = "n".repeat(124);
    let server = server_with(gateway, "prefix-long", &[&long]);
    let refused = set(gateway, &server, &["--tool-prefix", "demo_"]);
    assert_eq!(refused.code, 4, "{refused}");
    assert!(
        refused.stderr.contains("129 characters") && refused.stderr.contains(&long),
        "{refused}"
    );
    set(gateway, &server, &["--tool-prefix", "abc_"]).ok();
    assert_listed(gateway, &server, &[&format!("abc_{long}")]);
    let longer = "m".repeat(125);
    for flags in [&[][..], &["--dry-run"], &["--no-activate"]] {
        let refused = push(gateway, &server, "later", &tools(&[&longer]), flags);
        assert_eq!(refused.code, 4, "{flags:?} {refused}");
        assert!(refused.stderr.contains("129 characters"), "{refused}");
    }
    let characters = set(gateway, &server, &["--tool-prefix", "a b", "--json"]);
    assert_eq!(characters.code, 4);
    assert!(
        characters.stderr.contains("invalid_value"),
        "{}",
        characters.stderr
    );
}

#[test]
fn the_admin_api_changes_what_it_is_told_and_nothing_else() {
    let gateway = &*GATEWAY.get();
    let server = server_with(gateway, "prefix-api", &["a"]);
    let patch = |body: Value| {
        let url = gateway.admin_url(&format!("/v1/servers/{}", server.id));
        Request::new("PATCH", &url)
            .bearer(ADMIN_TOKEN)
            .json(&body)
            .send()
    };
    let settings = |body: Value| {
        let shown = patch(body).json();
        (shown["tool_prefix"].clone(), shown["tool_search"].clone())
    };
    let both = json!({ "tool_prefix": "x_", "tool_search": true });
    assert_eq!(settings(both), (json!("x_"), json!(true)));
    assert_eq!(settings(json!({})), (json!("x_"), json!(true)));
    let off = json!({ "tool_search": false });
    assert_eq!(settings(off), (json!("x_"), json!(false)));
    let none = json!({ "tool_prefix": null });
    assert_eq!(settings(none), (Value::Null, json!(false)));
    assert_eq!(patch(json!({ "active": false })).status, 400);
    assert_eq!(patch(json!({ "tool_prefix": "a b" })).status, 422);
    assert_listed(gateway, &server, &["a"]);
}

#[test]
fn listeners_are_told_of_another_prefix() {
    let gateway = &*GATEWAY.get();
    let server = server_with(gateway, "prefix-told", &["a"]);
    let mut events = listen(gateway, &server);
    set(gateway, &server, &["--tool-prefix", "x_"]).ok();
    assert_eq!(
        events.expect()["method"],
        "notifications/tools/list_changed"
    );
}

#[test]
fn a_clash_with_another_server_is_told_and_a_prefix_ends_it() {
    let gateway = &*GATEWAY.get();
    let first = server_with(gateway, "clash", &["search"]);
    let second = gateway.server_in(&first.workspace, "clash-too");
    let codes = |flags: &[&str]| {
        let mut all = vec!["--json"];
        all.extend(flags);
        let plan = push(gateway, &second, "tools", &tools(&["search"]), &all);
        plan.ok().json()["warnings"].clone()
    };
    let warnings = codes(&["--dry-run"]);
    assert_eq!(warnings[0]["code"], "name_clash", "{warnings}");
    assert_eq!(warnings[0]["detail"], "the server `clash` shows it too");
    set(gateway, &second, &["--tool-prefix", "other_"]).ok();
    assert_eq!(codes(&[]), json!([]));
}
