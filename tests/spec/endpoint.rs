//! The MCP endpoint answers each mistake in its own way, in the order that clients rely on.

mod cancellation;
mod listening;
mod notifications;
mod questions;
mod sessions;
mod strictness;

use casemate_tests::{
    Gateway, Server, Shared, guest,
    http::{self, post},
    mcp::{Legacy, Modern, Reply},
    sample,
};
use serde_json::{Value, json};
use std::time::Duration;

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
    let twice = call().request().header("Mcp-Method", "tools/call").send();
    assert_eq!(twice.status, 400, "{twice}");
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
fn broken_json_and_what_is_no_message_are_told_apart() {
    let (gateway, server) = echo("broken");
    let send = |body: &str| {
        let request = gateway
            .modern(&server)
            .message("tools/list", json!({}))
            .request();
        Reply::of(request.body(body.to_owned()).send())
    };
    for body in ["{", "", "nonsense", "{\"a\":1,}", "\u{0}"] {
        let reply = send(body);
        assert_error(&reply, 400, -32700);
        assert!(reply.message().get("id").is_none(), "{body}");
    }
    for body in [
        "[]",
        "1",
        "{}",
        "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}",
        "\"x\"",
        "null",
    ] {
        assert_error(&send(body), 400, -32600);
    }
}

#[test]
fn a_key_that_is_there_twice_is_refused() {
    let (gateway, server) = echo("duplicates");
    let message = gateway
        .modern(&server)
        .calling("echo", json!({ "text": "x" }));
    let body =
        message
            .body()
            .to_string()
            .replacen("\"method\"", "\"method\":\"ping\",\"method\"", 1);
    let reply = Reply::of(message.request().body(body).send());
    assert_eq!(reply.status(), 400, "{}", reply.http);
}

#[test]
fn a_body_of_ten_megabytes_is_refused_without_reading_it_all() {
    let (gateway, server) = echo("huge");
    let huge = gateway
        .modern(&server)
        .calling("echo", json!({ "text": "x".repeat(10 << 20) }));
    assert_eq!(huge.request().send().status, 413);
    let head = format!(
        "POST /mcp/{} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 10485760\r\n\r\n",
        server.id,
        gateway.mcp_addr(),
        server.key
    );
    let answer = http::raw(gateway.mcp_addr(), head.as_bytes(), Duration::from_secs(3));
    assert!(
        answer.starts_with(b"HTTP/1.1 413"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
}

#[test]
fn other_methods_other_types_and_other_hosts_are_refused() {
    let (gateway, server) = echo("transport");
    let message = gateway.modern(&server).message("tools/list", json!({}));
    for method in ["GET", "DELETE", "PUT"] {
        let response = http::Request::new(method, &gateway.endpoint(&server))
            .bearer(&server.key)
            .send();
        assert_eq!(response.status, 405, "{method}: {response}");
        assert!(response.header("allow").unwrap().contains("POST"));
    }
    assert_eq!(
        message
            .clone()
            .with("Content-Type", "text/plain")
            .send()
            .status(),
        415
    );
    assert_eq!(
        message.clone().with("Accept", "text/html").send().status(),
        406
    );
    assert_eq!(message.clone().with("Accept", "*/*").send().status(), 200);
    assert_eq!(message.clone().without("Accept").send().status(), 200);
    assert_eq!(
        message
            .clone()
            .with("Origin", "https://evil.test")
            .send()
            .status(),
        403
    );
    assert_eq!(
        message
            .clone()
            .with("Origin", "http://localhost:5173")
            .send()
            .status(),
        200
    );
    assert_eq!(message.with("Host", "evil.test").send().status(), 403);
}

#[test]
fn discovery_documents_are_plainly_not_there() {
    let (gateway, server) = echo("wellknown");
    for path in [
        "/.well-known/oauth-protected-resource",
        &format!("/.well-known/oauth-protected-resource/mcp/{}", server.id),
        "/.well-known/oauth-authorization-server",
        &format!("/mcp/{}/.well-known/openid-configuration", server.id),
        "/",
        "/register",
    ] {
        assert_eq!(
            http::get(&gateway.mcp_url(path)).send().status,
            404,
            "{path}"
        );
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

#[test]
fn who_says_nothing_or_speaks_slowly_does_not_hold_a_connection() {
    use std::time::Instant;
    let gateway = GATEWAY.get();
    let address = gateway.mcp_addr();
    // The listener hangs up by itself; without a timer each would wait for the whole silence.
    let patience = Duration::from_secs(40);
    std::thread::scope(|scope| {
        for said in [
            &b""[..],
            b"P",
            b"PRI * HTTP/2.0\r\n",
            b"POST /mcp/x HTTP/1.1\r\nHost: a\r\n",
        ] {
            scope.spawn(move || {
                let start = Instant::now();
                http::raw(address, said, patience);
                assert!(start.elapsed() < Duration::from_secs(25), "{said:?}");
            });
        }
    });
    assert_eq!(post(&gateway.mcp_url("/mcp/x")).send().status, 404);
}
