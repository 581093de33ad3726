//! A client that only starts processes gets a server all the same, in both eras.

use super::{
    echo, guest_server,
    process::{Bridge, command, modern, request},
    proxy::Proxy,
};
use casemate_tests::{Fixture, Gateway, Reply, mcp::Legacy, sample};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

const BUSY: &str = "test_busy";

fn call(tool: &str, arguments: Value) -> Value {
    json!({ "name": tool, "arguments": arguments })
}

#[track_caller]
fn text(answer: &Value) -> &str {
    let text = answer["result"]["content"][0]["text"].as_str();
    text.unwrap_or_else(|| panic!("no text: {answer}"))
}

#[test]
fn every_handshake_revision_passes() {
    let (gateway, server) = echo("bridge-legacy");
    for version in Legacy::VERSIONS {
        let mut bridge = Bridge::start(&gateway, &server);
        let answer = bridge.shake_hands(version, json!({}));
        assert_eq!(answer["result"]["protocolVersion"], version);
        let list = bridge.ask(&request(json!("list"), "tools/list", json!({})));
        assert_eq!(list["result"]["tools"][0]["name"], "echo");
        let arguments = json!({ "text": "Grüße\n🏰 \u{2028}" });
        let answer = bridge.ask(&request(json!(7), "tools/call", call("echo", arguments)));
        assert_eq!(text(&answer), "Grüße\n🏰 \u{2028}");
        let (code, rest, _) = bridge.end();
        assert_eq!((code, rest.len()), (0, 0), "{rest:?}");
    }
    let records = gateway.records(&server, "echo");
    let client = &records[0]["caller"]["client"];
    assert_eq!(
        (&client["name"], &client["version"]),
        (&json!("stdio-client"), &json!("3.2.1"))
    );
}

#[test]
fn the_stateless_revision_passes_with_the_headers_that_it_wants() {
    let (gateway, server) = guest_server("bridge-modern");
    let mut bridge = Bridge::start(&gateway, &server);
    let discovered = bridge.ask(&modern(json!(1), "server/discover", json!({})));
    assert_eq!(discovered["result"]["resultType"], "complete");
    // Without a list before it: the bridge finds out itself which arguments to repeat.
    let arguments = json!({ "region": "Süd ", "shard": 42 });
    let answer = bridge.ask(&modern(
        json!(2),
        "tools/call",
        call("test_header", arguments.clone()),
    ));
    assert_eq!(text(&answer), "they agree");
    bridge.ask(&modern(json!(3), "tools/list", json!({})));
    let answer = bridge.ask(&modern(
        json!(4),
        "tools/call",
        call("test_header", arguments),
    ));
    assert_eq!(text(&answer), "they agree");
}

#[test]
fn ids_and_numbers_come_back_as_they_were_written() {
    let (gateway, server) = echo("bridge-bytes");
    let mut bridge = Bridge::start(&gateway, &server);
    let ids = [
        json!(9_007_199_254_740_993_u64),
        json!("9"),
        json!("ä\"\n"),
        json!(-1),
    ];
    for id in ids {
        let answer = bridge.ask(&modern(
            id.clone(),
            "tools/call",
            call("echo", json!({ "text": "x" })),
        ));
        assert_eq!(answer["id"], id);
    }
}

#[test]
fn progress_becomes_lines_before_the_answer() {
    let (gateway, server) = guest_server("bridge-progress");
    let mut bridge = Bridge::start(&gateway, &server);
    let mut params = call("test_tool_with_progress", json!({}));
    params["_meta"] = json!({ "progressToken": "p" });
    bridge.write(&modern(json!(1), "tools/call", params));
    for _ in 0..3 {
        let message = bridge.read();
        assert_eq!(message["method"], "notifications/progress", "{message}");
        assert_eq!(message["params"]["progressToken"], "p");
    }
    assert_eq!(text(&bridge.read()), "progress was reported");
}

#[test]
fn a_tool_that_asks_is_answered_through_the_bridge() {
    let (gateway, server) = guest_server("bridge-asks");
    let mut bridge = Bridge::start(&gateway, &server);
    bridge.shake_hands("2025-11-25", json!({ "elicitation": { "form": {} } }));
    let form = call("test_input_required_result_elicitation", json!({}));
    bridge.write(&request(json!(1), "tools/call", form));
    let question = bridge.read();
    assert_eq!(question["method"], "elicitation/create", "{question}");
    let filled = json!({ "action": "accept", "content": { "name": "Ada" } });
    bridge.write(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": filled }));
    assert_eq!(text(&bridge.answer(&json!(1))), "Hello, Ada!");
}

#[test]
fn calls_run_side_by_side_and_a_slow_one_holds_up_nobody() {
    let (gateway, server) = guest_server("bridge-parallel");
    let mut bridge = Bridge::start(&gateway, &server);
    bridge.write(&modern(
        json!("slow"),
        "tools/call",
        call(BUSY, json!({ "steps": 60 })),
    ));
    let mut wanted = BTreeSet::new();
    for id in 0..20 {
        bridge.write(&modern(
            json!(id),
            "tools/call",
            call("test_simple_text", json!({})),
        ));
        wanted.insert(id);
    }
    while !wanted.is_empty() {
        let answer = bridge.read();
        let id = answer["id"].as_i64();
        assert!(
            id.is_some_and(|id| wanted.remove(&id)),
            "before the quick ones: {answer}"
        );
    }
    assert!(bridge.answer(&json!("slow"))["result"].is_object());
}

#[test]
fn a_withdrawn_call_ends_in_the_way_of_its_era() {
    let (gateway, server) = guest_server("bridge-withdraws");
    for (count, is_modern) in [true, false].into_iter().enumerate() {
        let mut bridge = Bridge::start(&gateway, &server);
        let mut params = call(BUSY, json!({ "steps": 1000 }));
        params["_meta"] = json!({ "progressToken": 1 });
        if is_modern {
            bridge.write(&modern(json!(5), "tools/call", params));
        } else {
            bridge.shake_hands("2025-06-18", json!({}));
            bridge.write(&request(json!(5), "tools/call", params));
        }
        assert_eq!(bridge.read()["method"], "notifications/progress");
        let withdrawal = json!({ "requestId": 5, "reason": "enough" });
        bridge.write(
            &json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": withdrawal }),
        );
        let outcomes = gateway.await_outcomes(&server, BUSY, count + 1);
        assert_eq!(outcomes[count], "cancelled", "modern: {is_modern}");
        let (code, rest, _) = bridge.end();
        let answered = rest.iter().any(|line| line.contains("\"id\":5"));
        assert!(code == 0 && !answered, "{rest:?}");
    }
}

#[test]
fn a_changed_list_is_told_in_both_eras() {
    let (gateway, server) = echo("bridge-listens");
    let mut stateless = Bridge::start(&gateway, &server);
    let wanted = json!({ "notifications": { "toolsListChanged": true } });
    stateless.write(&modern(json!("s"), "subscriptions/listen", wanted));
    assert_eq!(
        stateless.read()["method"],
        "notifications/subscriptions/acknowledged"
    );
    let mut session = Bridge::start(&gateway, &server);
    session.shake_hands("2025-11-25", json!({}));
    let deadline = Instant::now() + Duration::from_secs(20);
    // The stream of a session says nothing when it opens, so it is asked until it is there.
    loop {
        for state in ["deactivate", "activate"] {
            gateway
                .cli(["tool", state, &format!("{}/echo", server.name)])
                .ok();
        }
        if !session.is_silent(Duration::from_millis(200)) {
            break;
        }
        assert!(Instant::now() < deadline, "the session is told nothing");
    }
    let told = stateless.read();
    assert_eq!(told["method"], "notifications/tools/list_changed", "{told}");
    // Streams have no end of their own, and do not keep the bridge from ending.
    assert_eq!(stateless.end().0, 0);
    assert_eq!(session.end().0, 0);
}

#[test]
fn a_restart_of_the_gateway_is_bridged() {
    let mut proxy = Proxy::start();
    let mut gateway = Gateway::start();
    let server = gateway.server("bridge-restarts");
    gateway.push(&server, sample("echo"));
    gateway.push(&server, sample("glossary"));
    proxy.lead_to(&gateway);
    let url = proxy.url(&server.id);
    let mut stateless = Bridge::of(command(&gateway, &url, &server.key));
    let mut session = Bridge::of(command(&gateway, &url, &server.key));
    session.shake_hands("2025-11-25", json!({}));
    let listening = json!({ "notifications": { "toolsListChanged": true } });
    stateless.write(&modern(json!("s"), "subscriptions/listen", listening));
    assert_eq!(
        stateless.read()["method"],
        "notifications/subscriptions/acknowledged"
    );
    gateway.kill9();
    proxy.lead_nowhere();
    let hello = call("echo", json!({ "text": "back" }));
    stateless.write(&modern(json!(1), "tools/call", hello.clone()));
    session.write(&request(json!(1), "tools/call", hello));
    assert!(stateless.is_silent(Duration::from_millis(300)));
    gateway.start_again();
    proxy.lead_to(&gateway);
    // The streams are there again, and what changed meanwhile is worth another look.
    let (told, answer) = in_any_order(&stateless, 1);
    assert_eq!(text(&answer), "back");
    assert_eq!(told[0]["method"], "notifications/tools/list_changed");
    let id = &told[0]["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"];
    assert_eq!(id, "s");
    let (told, answer) = in_any_order(&session, 3);
    assert_eq!(text(&answer), "back");
    let told: BTreeSet<_> = told.iter().map(|told| told["method"].to_string()).collect();
    assert_eq!(told.len(), 3, "tools, resources and prompts: {told:?}");
    let (code, rest, complaints) = stateless.end();
    assert_eq!(code, 0);
    assert!(rest.is_empty(), "nothing is acknowledged twice: {rest:?}");
    assert!(complaints.contains("trying again"), "{complaints}");
}

/// So many notifications, and the answer to request 1 between them.
fn in_any_order(bridge: &Bridge, notifications: usize) -> (Vec<Value>, Value) {
    let messages = (0..=notifications).map(|_| bridge.read());
    let (answers, told): (Vec<_>, Vec<_>) = messages.partition(|message| message["id"] == 1);
    assert_eq!(answers.len(), 1, "{told:?}");
    (told, answers.into_iter().next().unwrap())
}

#[test]
fn a_lost_session_is_opened_again() {
    let (gateway, server) = echo("bridge-session");
    let mut proxy = Proxy::start();
    proxy.lead_to(&gateway);
    let mut forgetful = Bridge::of(command(&gateway, &proxy.url(&server.id), &server.key));
    forgetful.shake_hands("2025-06-18", json!({}));
    proxy.end_sessions(&server);
    let answer = forgetful.ask(&request(
        json!(1),
        "tools/call",
        call("echo", json!({ "text": "again" })),
    ));
    assert_eq!(text(&answer), "again");
}

#[test]
fn input_that_ends_is_answered_to_the_end() {
    let (gateway, server) = guest_server("bridge-ends");
    let mut bridge = Bridge::start(&gateway, &server);
    bridge.write(&modern(
        json!(1),
        "tools/call",
        call(BUSY, json!({ "steps": 20 })),
    ));
    bridge.write(&modern(json!(2), "tools/list", json!({})));
    let (code, rest, complaints) = bridge.end();
    let answered: BTreeSet<_> = rest
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].to_string())
        .collect();
    assert_eq!((code, answered.len()), (0, 2), "{rest:?}\n{complaints}");
}

#[test]
fn what_is_wrong_is_said_to_the_client_in_the_words_of_the_gateway() {
    let (gateway, server) = echo("bridge-refused");
    let url = gateway.endpoint(&server);
    let other = gateway.server("bridge-other");
    let cases = [
        (url.clone(), other.key.clone(), "Authentication failed"),
        (
            gateway.mcp_url("/mcp/srv_00000000000000000000000000000000"),
            server.key.clone(),
            "Server not found",
        ),
    ];
    for (url, key, words) in cases {
        let mut bridge = Bridge::of(command(&gateway, &url, &key));
        let answer = bridge.ask(&request(
            json!("a"),
            "initialize",
            json!({ "protocolVersion": "2025-06-18" }),
        ));
        assert_eq!(answer["error"]["message"], words);
        let (_, _, complaints) = bridge.end();
        assert!(
            complaints.contains(words) && !complaints.contains(&key),
            "{complaints}"
        );
    }
}

#[test]
fn a_line_that_is_no_message_is_answered_and_a_notification_is_not() {
    let (gateway, server) = echo("bridge-lines");
    let mut bridge = Bridge::start(&gateway, &server);
    let lines: [(&[u8], i64); 6] = [
        (
            br#"{"jsonrpc":"2.0","id":7,"id":8,"method":"ping"}"#,
            -32600,
        ),
        (b"[]", -32600),
        (b"5", -32600),
        (b"{}", -32600),
        (b"garbage", -32700),
        (b"{\"jsonrpc\":\"2.0\",\"method\":\"\xff\"}", -32700),
    ];
    for (line, code) in lines {
        bridge.write_bytes(line);
        assert_eq!(
            bridge.read()["error"]["code"],
            code,
            "{}",
            line.escape_ascii()
        );
    }
    bridge.write(&json!({ "jsonrpc": "1.0", "method": "notifications/initialized" }));
    assert!(bridge.is_silent(Duration::from_millis(500)));
}

#[test]
fn nobody_at_the_address_is_an_answer_too() {
    let (gateway, server) = echo("bridge-nobody");
    let mut nobody = command(&gateway, "http://127.0.0.1:1/mcp/srv_1", &server.key);
    nobody.args(["--patience", "1"]);
    let mut bridge = Bridge::of(nobody);
    let answer = bridge.ask(&modern(json!(1), "tools/list", json!({})));
    assert_eq!(answer["error"]["code"], -32603);
    assert_eq!(answer["error"]["data"]["code"], "unreachable");
    let fixture = Fixture::start(|_| Reply::text("hello from a web site"));
    let mut bridge = Bridge::of(command(&gateway, &fixture.url("/mcp/srv_1"), &server.key));
    let answer = bridge.ask(&modern(json!(1), "tools/list", json!({})));
    assert_eq!(answer["error"]["data"]["code"], "not_casemate");
}

#[test]
fn a_bridge_without_a_key_or_over_plain_http_does_not_start() {
    let (gateway, server) = echo("bridge-keyless");
    let url = gateway.endpoint(&server);
    let mut keyless = command(&gateway, &url, "");
    keyless.env_remove("CASEMATE_KEY");
    let output = casemate_tests::Output::of(keyless, "");
    assert!(
        output.code == 3 && output.stderr.contains("[no_key]"),
        "{output}"
    );
    let plain = command(&gateway, "http://tools.test/mcp/srv_1", &server.key);
    let output = casemate_tests::Output::of(plain, "");
    assert!(
        output.code == 3 && output.stderr.contains("[plain_http_refused]"),
        "{output}"
    );
    let mut by_name = gateway.cli_command();
    let file = gateway.scratch().join("bridge-key");
    std::fs::write(&file, format!("  {}\n", server.key)).unwrap();
    by_name
        .args(["bridge", "-s", &server.name, "--key-file"])
        .arg(&file);
    let mut bridge = Bridge::of(by_name);
    assert!(bridge.ask(&modern(json!(1), "tools/list", json!({})))["result"].is_object());
}
