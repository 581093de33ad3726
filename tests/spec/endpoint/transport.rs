//! What HTTP itself gets wrong is refused in the words of HTTP, before anything is looked at.

use super::{GATEWAY, assert_error, echo};
use casemate_tests::{
    http::{self, post},
    mcp::Reply,
};
use serde_json::json;
use std::time::Duration;

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
fn who_asks_before_sending_is_told_to_send_what_fits_and_nothing_else() {
    let (gateway, server) = echo("asks");
    let ask = |length: u32| {
        let head = format!(
            "POST /mcp/{} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nExpect: 100-continue\r\n\
             Content-Length: {length}\r\n\r\n",
            server.id,
            gateway.mcp_addr(),
            server.key
        );
        let answer = http::raw(gateway.mcp_addr(), head.as_bytes(), Duration::from_secs(1));
        let answer = String::from_utf8_lossy(&answer).into_owned();
        answer.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(ask(1 << 20), "HTTP/1.1 100 Continue");
    assert_eq!(ask(100 << 20), "HTTP/1.1 413 Payload Too Large");
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
