//! The MCP endpoint answers each mistake in its own way, in the order that clients rely on.

mod cancellation;
mod idle;
mod interleaved;
mod listening;
mod notifications;
mod origins;
mod pages;
mod questions;
mod sessions;
mod silence;
mod strictness;
mod transport;

use casemate_tests::{
    Gateway, Server, Shared, guest,
    mcp::{Legacy, Modern, Reply},
    sample,
};
use serde_json::{Value, json};

static GATEWAY: Shared<Gateway> = Shared::new(Gateway::start);

fn echo(name: &str) -> (std::sync::Arc<Gateway>, Server) {
    let gateway = GATEWAY.get();
    let server = gateway.server(name);
    gateway.push(&server, sample("echo"));
    (gateway, server)
}

/// A server with the tools of the conformance suite.
fn guest_server(name: &str) -> (std::sync::Arc<Gateway>, Server) {
    let gateway = GATEWAY.get();
    let server = gateway.server(name);
    gateway.push(&server, guest("conformance"));
    (gateway, server)
}

#[track_caller]
fn assert_error(reply: &Reply, status: u16, code: i64) {
    assert_eq!(
        (reply.status(), reply.code()),
        (status, code),
        "{}",
        reply.http
    );
}

#[test]
fn discovery_says_who_answers_and_in_which_revisions() {
    let (gateway, server) = echo("discovers");
    let reply = gateway.modern(&server).discover();
    let result = reply.result();
    assert_eq!(result["resultType"], "complete");
    let versions = result["supportedVersions"].as_array().unwrap();
    for version in Legacy::VERSIONS.iter().chain([&Modern::VERSION]) {
        assert!(
            versions.contains(&json!(version)),
            "{version} is missing in {versions:?}"
        );
    }
    assert!(result["capabilities"]["tools"].is_object());
    assert_eq!(result["cacheScope"], "private");
    assert_eq!(
        result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"],
        "discovers"
    );
}

#[test]
fn every_handshake_revision_is_spoken_and_echoed() {
    let (gateway, server) = echo("shakes-hands");
    for version in Legacy::VERSIONS {
        let client = Legacy::connect(gateway.endpoint(&server), &server.key, version);
        assert_eq!(client.version(), version);
        assert_eq!(client.list().tool_names(), ["echo"]);
        let reply = client.call("echo", json!({ "text": version }));
        assert_eq!(reply.text(), version);
        assert!(reply.result().get("resultType").is_none(), "{}", reply.http);
    }
}

#[test]
fn an_unknown_handshake_revision_is_answered_with_the_newest() {
    let (gateway, server) = echo("newest");
    for asked in ["1999-01-01", Modern::VERSION] {
        let client = Legacy::connect(gateway.endpoint(&server), &server.key, asked);
        assert_eq!(client.version(), Legacy::NEWEST);
    }
}

#[test]
fn ping_is_answered_in_the_old_era_and_unknown_in_the_new() {
    let (gateway, server) = echo("pings");
    assert_eq!(
        gateway.legacy(&server).send("ping", json!({})).result(),
        &json!({})
    );
    let modern = gateway.modern(&server).message("ping", json!({})).send();
    assert_error(&modern, 404, -32601);
}

#[test]
fn an_unknown_method_is_said_to_be_unknown_in_each_eras_way() {
    let (gateway, server) = echo("methods");
    assert_error(
        &gateway
            .modern(&server)
            .message("tools/fly", json!({}))
            .send(),
        404,
        -32601,
    );
    assert_error(
        &gateway.legacy(&server).send("tools/fly", json!({})),
        200,
        -32601,
    );
}

#[test]
fn headers_must_say_what_the_body_says() {
    let (gateway, server) = echo("headers");
    let call = || {
        gateway
            .modern(&server)
            .calling("echo", json!({ "text": "x" }))
    };
    assert_eq!(call().send().status(), 200);
    assert_error(&call().without("MCP-Protocol-Version").send(), 400, -32020);
    assert_error(
        &call().with("MCP-Protocol-Version", "2025-11-25").send(),
        400,
        -32020,
    );
    assert_error(&call().without("Mcp-Method").send(), 400, -32020);
    assert_error(&call().with("Mcp-Method", "TOOLS/CALL").send(), 400, -32020);
    assert_error(&call().without("Mcp-Name").send(), 400, -32020);
    assert_error(&call().with("Mcp-Name", "other").send(), 400, -32020);
    // The other copy is what somebody in front may have read, even if both say the same.
    for (name, value) in [
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", "echo"),
        ("MCP-Protocol-Version", "2026-07-28"),
    ] {
        let twice = Reply::of(call().request().header(name, value).send());
        assert_error(&twice, 400, -32020);
    }
}

#[test]
fn an_unknown_version_is_answered_with_those_that_are_known() {
    let (gateway, server) = echo("versions");
    let reply = gateway
        .modern(&server)
        .message("tools/list", json!({}))
        .meta("protocolVersion", json!("v999.0.0"))
        .with("MCP-Protocol-Version", "v999.0.0")
        .send();
    assert_error(&reply, 400, -32022);
    assert_eq!(reply.error()["data"]["requested"], "v999.0.0");
    assert!(
        reply.error()["data"]["supported"]
            .as_array()
            .unwrap()
            .contains(&json!(Modern::VERSION))
    );
}

#[test]
fn a_modern_header_without_a_modern_body_names_what_is_missing() {
    let (gateway, server) = echo("half-modern");
    let bare = gateway
        .modern(&server)
        .message("tools/list", json!({}))
        .meta("protocolVersion", Value::Null);
    let reply = bare.send();
    assert_error(&reply, 400, -32602);
    assert!(
        reply.error()["message"]
            .as_str()
            .unwrap()
            .contains("protocolVersion"),
        "{}",
        reply.http
    );
    let capabilities = gateway
        .modern(&server)
        .message("tools/list", json!({}))
        .meta("clientCapabilities", Value::Null);
    assert_error(&capabilities.send(), 400, -32602);
}

#[test]
fn ids_come_back_as_they_were_sent() {
    let (gateway, server) = echo("ids");
    for id in [
        json!(7),
        json!("seven"),
        json!("7"),
        json!(0),
        json!(-3),
        json!(9_007_199_254_740_993_u64),
    ] {
        let reply = gateway
            .modern(&server)
            .message("tools/list", json!({}))
            .id(id.clone())
            .send();
        assert_eq!(reply.message()["id"], id);
    }
}

#[test]
fn notifications_are_taken_without_an_answer() {
    let (gateway, server) = echo("notifies");
    let taken = gateway
        .legacy(&server)
        .notify("notifications/cancelled", json!({ "requestId": 1 }));
    assert_eq!((taken.status, taken.body.len()), (202, 0));
}

#[test]
fn a_batch_is_answered_in_the_one_revision_that_has_them() {
    let (gateway, server) = echo("batches");
    let batch = json!([
        { "jsonrpc": "2.0", "id": 1, "method": "ping" },
        { "jsonrpc": "2.0", "method": "notifications/initialized" },
        { "jsonrpc": "2.0", "id": "b", "method": "tools/list" },
    ]);
    let send = |version: &str| {
        let client = Legacy::connect(gateway.endpoint(&server), &server.key, version);
        client.http().json(&batch).send()
    };
    let replies = send("2025-03-26").json();
    let ids: Vec<_> = replies
        .as_array()
        .unwrap()
        .iter()
        .map(|reply| reply["id"].clone())
        .collect();
    assert_eq!(ids, [json!(1), json!("b")]);
    assert_eq!(send("2025-11-25").status, 400);
    let modern = gateway
        .modern(&server)
        .message("tools/list", json!({}))
        .request();
    let refused = Reply::of(modern.body(batch.to_string()).send());
    assert_error(&refused, 400, -32600);
}

#[test]
fn bad_arguments_are_a_result_that_names_the_failing_path() {
    let (gateway, server) = echo("arguments");
    let client = gateway.modern(&server);
    for (arguments, named) in [
        (json!({}), "text"),
        (json!({ "text": 7 }), "/text"),
        (json!({ "text": "x", "more": 1 }), "more"),
    ] {
        let reply = client.call("echo", arguments);
        assert_eq!(reply.status(), 200);
        assert!(
            reply.is_tool_error() && reply.text().contains(named),
            "{}",
            reply.http
        );
    }
    let legacy = gateway.legacy(&server).call("echo", json!({ "text": 7 }));
    assert!(
        legacy.is_tool_error() && legacy.text().contains("/text"),
        "{}",
        legacy.http
    );
}

#[test]
fn the_list_of_tools_is_the_same_bytes_each_time() {
    let (gateway, server) = echo("stable");
    let list = || {
        gateway
            .modern(&server)
            .message("tools/list", json!({}))
            .request()
            .send()
            .body
    };
    let first = list();
    assert!((0..3).all(|_| list() == first));
}

#[test]
fn an_unknown_cursor_is_refused() {
    let (gateway, server) = echo("cursors");
    let reply = gateway
        .modern(&server)
        .message("tools/list", json!({ "cursor": "made up" }))
        .send();
    assert_error(&reply, 200, -32602);
}
