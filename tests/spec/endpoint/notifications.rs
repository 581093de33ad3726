//! A call tells how far it is and what it logs, to whom wants to know, in every revision.

use super::guest_server;
use casemate_tests::mcp::{Legacy, Message, Reply};
use serde_json::{Value, json};

const BUSY: &str = "test_tool_with_progress";
const FALLS: &str = "test_falling_progress";

fn token(message: Message, token: Value) -> Message {
    message.meta("progressToken", token)
}

#[track_caller]
fn is_stream(reply: &Reply) -> bool {
    let media_type = reply.http.header("content-type").unwrap();
    assert!(["application/json", "text/event-stream"].contains(&media_type));
    media_type == "text/event-stream"
}

#[track_caller]
fn assert_rises(reply: &Reply, token: &Value, count: usize) {
    let all = reply.notifications("notifications/progress");
    assert_eq!(all.len(), count, "{}", reply.http);
    assert!(
        all.iter()
            .all(|one| one["params"]["progressToken"] == *token)
    );
    let done: Vec<_> = all
        .iter()
        .map(|one| one["params"]["progress"].as_f64().unwrap())
        .collect();
    assert!(done.is_sorted_by(|one, next| one < next), "{done:?}");
}

#[test]
fn progress_makes_the_answer_a_stream_that_ends_with_the_result() {
    let (gateway, server) = guest_server("progress");
    for id in [json!("a token"), json!(7)] {
        let reply = token(gateway.modern(&server).calling(BUSY, json!({})), id.clone()).send();
        assert!(is_stream(&reply), "{}", reply.http);
        assert_eq!(reply.http.header("x-accel-buffering"), Some("no"));
        assert_rises(&reply, &id, 3);
        assert_eq!(reply.text(), "progress was reported");
    }
}

#[test]
fn progress_is_told_in_every_handshake_revision() {
    let (gateway, server) = guest_server("progress-legacy");
    for version in Legacy::VERSIONS {
        let client = Legacy::connect(gateway.endpoint(&server), &server.key, version);
        let params = json!({ "name": BUSY, "arguments": {}, "_meta": { "progressToken": 1 } });
        let reply = client.send("tools/call", params);
        assert!(is_stream(&reply), "{version}: {}", reply.http);
        assert_rises(&reply, &json!(1), 3);
        assert_eq!(reply.text(), "progress was reported");
    }
}

#[test]
fn what_does_not_rise_is_told_in_no_revision() {
    let (gateway, server) = guest_server("progress-falls");
    let told = |reply: &Reply| -> Vec<f64> {
        assert_eq!(reply.text(), "progress fell");
        let all = reply.notifications("notifications/progress");
        let done = all.iter().map(|one| one["params"]["progress"].as_f64());
        done.map(Option::unwrap).collect()
    };
    let rises = [10.0, 20.0, 20.5];
    let call = gateway.modern(&server).calling(FALLS, json!({}));
    assert_eq!(told(&token(call, json!(1)).send()), rises);
    for version in Legacy::VERSIONS {
        let client = Legacy::connect(gateway.endpoint(&server), &server.key, version);
        let params = json!({ "name": FALLS, "arguments": {}, "_meta": { "progressToken": 1 } });
        assert_eq!(told(&client.send("tools/call", params)), rises, "{version}");
    }
}

#[test]
fn a_call_that_says_nothing_is_answered_in_plain_json() {
    let (gateway, server) = guest_server("silent");
    let client = gateway.modern(&server);
    let unasked = client.call(BUSY, json!({}));
    assert!(!is_stream(&unasked) && unasked.text() == "progress was reported");
    let silent = token(client.calling("test_simple_text", json!({})), json!(1)).send();
    assert!(!is_stream(&silent), "{}", silent.http);
}

#[test]
fn who_takes_no_streams_gets_the_result_alone() {
    let (gateway, server) = guest_server("plain");
    let call = || token(gateway.modern(&server).calling(BUSY, json!({})), json!(1));
    for accept in ["application/json", "application/*, text/event-stream;q=0"] {
        let reply = call().with("Accept", accept).send();
        assert!(
            !is_stream(&reply) && reply.text() == "progress was reported",
            "{accept}"
        );
    }
    for accept in [
        "*/*",
        "text/event-stream, application/json",
        "text/*;q=0.5, application/json",
    ] {
        assert!(is_stream(&call().with("Accept", accept).send()), "{accept}");
    }
    assert!(is_stream(&call().without("Accept").send()));
}

#[test]
fn a_token_of_another_kind_is_refused() {
    let (gateway, server) = guest_server("tokens");
    for wrong in [json!(1.5), json!({}), json!(true)] {
        let reply = token(gateway.modern(&server).calling(BUSY, json!({})), wrong).send();
        assert_eq!((reply.status(), reply.code()), (200, -32602));
    }
}

#[test]
fn lines_of_the_log_are_told_from_the_level_that_a_request_names() {
    let (gateway, server) = guest_server("logs");
    let call = |level: Value| {
        let call = gateway
            .modern(&server)
            .calling("test_logging_tool", json!({}));
        call.meta("logLevel", level).send()
    };
    let told = call(json!("warning"));
    let lines: Vec<_> = told
        .notifications("notifications/message")
        .iter()
        .map(|line| {
            (
                line["params"]["level"].clone(),
                line["params"]["data"].clone(),
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            (json!("warning"), json!("a worry")),
            (json!("error"), json!("a fault"))
        ]
    );
    let debug = call(json!("debug"));
    let first = debug.notifications("notifications/message")[0];
    assert_eq!(
        first["params"]["data"],
        json!({ "message": "a detail", "fields": { "step": 1 } })
    );
    let unasked = call(Value::Null);
    assert!(!is_stream(&unasked), "{}", unasked.http);
    let unknown = call(json!("loud"));
    assert_eq!((unknown.status(), unknown.code()), (200, -32602));
}

#[test]
fn what_a_client_cannot_read_fast_enough_is_left_out_and_counted_but_never_the_result() {
    let (gateway, server) = guest_server("floods");
    let arguments = json!({ "steps": 2, "reports": 3000 });
    let call = gateway.modern(&server).calling("test_busy", arguments);
    let reply = token(call, json!(1)).send();
    assert_eq!(reply.text(), "done after 2 steps");
    let told = reply.notifications("notifications/progress").len();
    let dropped = reply.result()["_meta"]["dev.casemate/dropped-notifications"].as_u64();
    assert!(dropped.is_some_and(|dropped| dropped > 0), "{dropped:?}");
    assert_eq!(told as u64 + dropped.unwrap(), 6000);
    assert_rises(&reply, &json!(1), told);
}

#[test]
fn a_client_that_reads_nothing_does_not_hold_its_call() {
    let (gateway, server) = guest_server("unread");
    let arguments = json!({ "steps": 20, "reports": 3000 });
    let call = gateway.modern(&server).calling("test_busy", arguments);
    let unread = token(call, json!(1)).open();
    assert_eq!(gateway.await_outcomes(&server, "test_busy", 1), ["ok"]);
    drop(unread);
}
