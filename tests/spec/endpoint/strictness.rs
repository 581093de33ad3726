//! Nobody between a client and a tool can read another message than the one that is acted on.

use super::{assert_error, guest_server};
use casemate_tests::mcp::{Message, Reply};
use serde_json::json;

fn with_text(message: &Message, from: &str, to: &str) -> Reply {
    let body = message.body().to_string();
    assert!(body.contains(from), "{body}");
    Reply::of(message.request().body(body.replacen(from, to, 1)).send())
}

#[test]
fn a_key_that_comes_twice_in_arguments_is_refused_by_name() {
    let (gateway, server) = guest_server("twice");
    let call = gateway
        .modern(&server)
        .calling("test_busy", json!({ "steps": 1 }));
    let twice = with_text(&call, r#""steps":1"#, r#""steps":1,"\u0073teps":1000"#);
    assert_error(&twice, 200, -32602);
    assert!(
        twice.error()["message"]
            .as_str()
            .unwrap()
            .contains("`steps` twice")
    );
    let legacy = gateway.legacy(&server);
    let params = r#"{"name":"test_busy","arguments":{"steps":1,"steps":1000}}"#;
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
    let refused = Reply::of(
        legacy
            .http()
            .header("Content-Type", "application/json")
            .body(body)
            .send(),
    );
    assert_error(&refused, 200, -32602);
    assert!(
        gateway.records(&server, "test_busy").is_empty(),
        "nothing was called"
    );
    assert_eq!(call.send().text(), "done after 1 steps");
}

#[test]
fn a_key_that_only_looks_known_is_refused() {
    let (gateway, server) = guest_server("lookalikes");
    let call = gateway
        .modern(&server)
        .calling("test_simple_text", json!({}));
    for key in [
        "Name",
        "na\\u0000me",
        "name\\u0000x",
        "\\uff4eame",
        "argument\\u017f",
        " name",
    ] {
        let more = format!(r#""name":"test_simple_text","{key}":"x""#);
        let reply = with_text(&call, r#""name":"test_simple_text""#, &more);
        assert_eq!(reply.code(), -32602, "{key}: {}", reply.http);
    }
    let more = r#""name":"test_simple_text","other":"x""#;
    let reply = with_text(&call, r#""name":"test_simple_text""#, more);
    assert!(!reply.is_tool_error(), "{}", reply.http);
}

#[test]
fn headers_that_a_handshake_client_need_not_send_must_be_right() {
    let (gateway, server) = guest_server("legacy-headers");
    let client = gateway.legacy(&server);
    let call = || client.request("tools/call", json!({ "name": "test_simple_text" }));
    for (name, value) in [("Mcp-Method", "tools/list"), ("Mcp-Name", "test_busy")] {
        assert_error(&Reply::of(call().header(name, value).send()), 400, -32020);
    }
    let right = call().header("Mcp-Method", "tools/call");
    let right = right.header("Mcp-Name", "test_simple_text").send();
    assert_eq!(right.status, 200, "{right}");
}

#[test]
fn integers_that_could_be_rounded_do_not_travel_in_headers() {
    let (gateway, server) = guest_server("integers");
    let call = |shard: i64, header: &str| {
        let call = gateway
            .modern(&server)
            .calling("test_header", json!({ "shard": shard }));
        call.with("Mcp-Param-Shard", header).send()
    };
    let largest = 9_007_199_254_740_991;
    for header in ["9007199254740991", "9007199254740991.0"] {
        assert_eq!(call(largest, header).text(), "they agree");
    }
    assert_error(&call(largest, "9007199254740990"), 400, -32020);
    for beyond in [largest + 1, -largest - 1] {
        assert_error(&call(beyond, &beyond.to_string()), 400, -32020);
    }
}

#[test]
fn a_header_of_an_argument_that_is_not_there_must_be_readable() {
    let (gateway, server) = guest_server("unread");
    let call = |header: &str| {
        let call = gateway.modern(&server).calling("test_header", json!({}));
        call.with("Mcp-Param-Region", header).send()
    };
    assert_eq!(call("eu").text(), "they agree");
    assert_error(&call("=?base64?!?="), 400, -32020);
}
