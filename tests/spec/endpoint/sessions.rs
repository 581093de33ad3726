//! A handshake makes a session: a token that the client carries and that works where it was made.

use super::guest_server;
use casemate_tests::{
    http::{Request, Response},
    mcp::{Legacy, Reply},
};
use serde_json::{Value, json};

fn ping(client: &Legacy) -> Request {
    client.request("ping", json!({}))
}

fn logs(reply: &Reply) -> Vec<Value> {
    let lines = reply.notifications("notifications/message");
    lines
        .iter()
        .map(|line| line["params"]["level"].clone())
        .collect()
}

#[test]
fn every_handshake_revision_gives_a_session_and_works_without_it() {
    let (gateway, server) = guest_server("sessions");
    for version in Legacy::VERSIONS {
        let client = Legacy::connect(gateway.endpoint(&server), &server.key, version);
        let session = client.session().expect("a session");
        assert!(session.bytes().all(|byte| byte.is_ascii_graphic()));
        assert_eq!(ping(&client).send().status, 200);
        assert_eq!(ping(&client).without("Mcp-Session-Id").send().status, 200);
    }
}

#[test]
fn a_session_outlives_a_restart() {
    let mut gateway = casemate_tests::Gateway::start();
    let server = gateway.server("restarts");
    let client = gateway.legacy(&server);
    let session = client.session().unwrap().to_owned();
    gateway.stop();
    gateway.start_again();
    let again = gateway.legacy(&server);
    assert_eq!(
        ping(&again).with("Mcp-Session-Id", &session).send().status,
        200
    );
}

#[test]
fn a_session_opens_nothing_for_another_key_or_server() {
    let (gateway, server) = guest_server("mine");
    let (_, other_server) = guest_server("theirs");
    let other_key = gateway.key(&server.id);
    let client = gateway.legacy(&server);
    let elsewhere = gateway.legacy(&other_server);
    let session = client.session().unwrap();
    let with = |request: Request, session: &str| request.with("Mcp-Session-Id", session).send();
    assert_eq!(with(ping(&client), session).status, 200);
    let foreign = ping(&client).with("Authorization", &format!("Bearer {other_key}"));
    for refused in [
        with(foreign, session),
        with(ping(&elsewhere), session),
        with(ping(&client), "made-up"),
        with(ping(&client), &format!("{session}A")),
    ] {
        assert_eq!(refused.status, 404, "{refused}");
        assert!(
            refused.json()["error"]["message"]
                .as_str()
                .unwrap()
                .contains("initialize")
        );
    }
}

#[test]
fn a_session_that_its_client_ended_is_gone() {
    let (gateway, server) = guest_server("ends");
    let (client, other) = (gateway.legacy(&server), gateway.legacy(&server));
    let modern = client.without_body("DELETE");
    let modern = modern.with("MCP-Protocol-Version", "2026-07-28").send();
    assert_eq!(modern.status, 405, "{modern}");
    assert_eq!(client.end().status, 204);
    assert_eq!(ping(&client).send().status, 404);
    assert_eq!(client.end().status, 404);
    assert_eq!(ping(&other).send().status, 200);
    let nameless = other
        .without_body("DELETE")
        .without("Mcp-Session-Id")
        .send();
    assert_eq!(nameless.status, 405, "{nameless}");
}

#[test]
fn a_revision_without_sessions_does_not_look_at_one() {
    let (gateway, server) = guest_server("sessionless");
    let ended = gateway.legacy(&server);
    ended.end();
    for method in ["GET", "DELETE"] {
        let modern = ended
            .without_body(method)
            .with("MCP-Protocol-Version", "2026-07-28");
        for stale in [ended.session().unwrap(), "made-up"] {
            let reply = modern.clone().with("Mcp-Session-Id", stale).send();
            assert_eq!(reply.status, 405, "{method}: {reply}");
        }
    }
}

#[test]
fn the_level_of_the_log_is_kept_for_a_session() {
    let (gateway, server) = guest_server("levels");
    let (client, other) = (gateway.legacy(&server), gateway.legacy(&server));
    let call = |client: &Legacy| client.call("test_logging_tool", json!({}));
    assert!(logs(&call(&client)).is_empty());
    let set = client.send("logging/setLevel", json!({ "level": "warning" }));
    assert_eq!(set.result(), &json!({}));
    assert_eq!(logs(&call(&client)), ["warning", "error"]);
    assert!(
        logs(&call(&other)).is_empty(),
        "the level is that of another session"
    );
    client.send("logging/setLevel", json!({ "level": "error" }));
    assert_eq!(logs(&call(&client)), ["error"]);
    for wrong in [json!({}), json!({ "level": "loud" })] {
        assert_eq!(client.send("logging/setLevel", wrong).code(), -32602);
    }
}

#[test]
fn a_session_remembers_what_its_client_calls_itself() {
    let (gateway, server) = guest_server("names");
    gateway.legacy(&server).call("test_simple_text", json!({}));
    gateway.await_outcomes(&server, "test_simple_text", 1);
    let record = &gateway.records(&server, "test_simple_text")[0];
    assert_eq!(record["caller"]["client"]["name"], "casemate-tests");
}

#[test]
fn a_call_in_a_batch_says_nothing_before_its_end() {
    let (gateway, server) = guest_server("batched-calls");
    let client = Legacy::connect(gateway.endpoint(&server), &server.key, "2025-03-26");
    client.send("logging/setLevel", json!({ "level": "debug" }));
    let call = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "test_logging_tool", "_meta": { "progressToken": 1 } },
    });
    let replies: Response = client.http().json(&json!([call])).send();
    assert_eq!(replies.header("content-type"), Some("application/json"));
    assert_eq!(
        replies.json()[0]["result"]["content"][0]["text"],
        "lines were logged"
    );
}

#[test]
fn a_batch_without_a_version_is_of_the_revision_that_its_session_agreed_on() {
    let (gateway, server) = guest_server("versions-of-batches");
    for (version, status) in [
        ("2025-03-26", 200),
        ("2025-06-18", 400),
        ("2025-11-25", 400),
    ] {
        let client = Legacy::connect(gateway.endpoint(&server), &server.key, version);
        let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
        let unversioned = client.http().without("MCP-Protocol-Version");
        assert_eq!(
            unversioned.json(&json!([ping])).send().status,
            status,
            "{version}"
        );
    }
}
