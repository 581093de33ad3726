//! A page of an origin that was configured can call from a browser, and no other can.

use super::echo;
use casemate_tests::{Gateway, http::Request, sample};
use serde_json::json;

const CONSOLE: &str = "https://console.example.com";

fn preflight(url: &str, origin: &str) -> Request {
    Request::new("OPTIONS", url)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "authorization, mcp-name")
}

#[test]
fn a_page_of_a_configured_origin_asks_calls_and_reads() {
    let gateway = Gateway::builder()
        .config(&format!("server.allowed_origins = ['{CONSOLE}']"))
        .start();
    let server = gateway.server("cors");
    gateway.push(&server, sample("echo"));
    let known = gateway.endpoint(&server);
    let unknown = gateway.mcp_url("/mcp/srv_00000000000000000000000000000000");
    for url in [&known, &unknown] {
        let asked = preflight(url, CONSOLE).send();
        assert_eq!(asked.status, 204, "{asked}");
        assert_eq!(asked.header("access-control-allow-origin"), Some(CONSOLE));
        let headers = asked.header("access-control-allow-headers").unwrap();
        assert!(headers.contains("authorization") && headers.contains("mcp-name"));
    }
    let call = gateway
        .modern(&server)
        .calling("echo", json!({ "text": "from a page" }));
    let reply = call.clone().with("Origin", CONSOLE).send();
    assert_eq!(reply.text(), "from a page");
    assert_eq!(
        reply.http.header("access-control-allow-origin"),
        Some(CONSOLE)
    );
    let read = reply.http.header("access-control-expose-headers").unwrap();
    assert!(read.contains("mcp-session-id") && read.contains("www-authenticate"));
    let refused = call
        .clone()
        .with("Origin", CONSOLE)
        .with("Authorization", "Bearer x");
    let refused = refused.send().http;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("access-control-allow-origin"), Some(CONSOLE));
    for elsewhere in ["https://evil.example.com", "null"] {
        let asked = preflight(&known, elsewhere).send();
        assert_eq!(asked.status, 403, "{asked}");
        assert_eq!(asked.header("access-control-allow-origin"), None);
        assert_eq!(call.clone().with("Origin", elsewhere).send().status(), 403);
    }
    let without = call.send().http;
    assert_eq!(without.header("access-control-allow-origin"), None);
}

#[test]
fn without_a_configured_origin_no_page_is_let_in() {
    let (gateway, server) = echo("no-cors");
    let url = gateway.endpoint(&server);
    assert_eq!(preflight(&url, CONSOLE).send().status, 403);
    // Loopback names are allowed as origins here, but nobody named them.
    let local = preflight(&url, "http://localhost:3000").send();
    assert_eq!(local.header("access-control-allow-origin"), None, "{local}");
}
