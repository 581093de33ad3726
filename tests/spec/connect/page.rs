//! A person who opens the URL of a server in a browser is told what it is; nobody is told what is
//! behind it, and MCP clients notice nothing of the page.

use super::echo;
use casemate_tests::http::{Request, Response};

/// What browsers send when a link is opened.
const CHROMIUM: &str =
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

fn open(url: &str) -> Response {
    Request::new("GET", url).header("Accept", CHROMIUM).send()
}

#[test]
fn a_browser_is_told_what_the_address_is_for() {
    let (gateway, server) = echo("page");
    let page = open(&gateway.endpoint(&server));
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    let text = String::from_utf8(page.body.clone()).unwrap();
    for words in [
        "How to connect",
        "Authorization: Bearer KEY",
        "casemate connect",
    ] {
        assert!(text.contains(words), "{words}");
    }
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    for elsewhere in ["<script", "<link", "<img", "http://", "https://"] {
        assert!(!text.contains(elsewhere), "{elsewhere}");
    }
}

#[test]
fn every_address_has_the_same_page() {
    let (gateway, server) = echo("page-secret-name");
    let known = open(&gateway.endpoint(&server));
    let text = String::from_utf8_lossy(&known.body);
    for secret in [&*server.name, &server.id, "echo", &server.workspace] {
        assert!(!text.contains(secret), "the page tells {secret}");
    }
    let unknown = open(&gateway.mcp_url("/mcp/srv_00000000000000000000000000000000"));
    gateway.cli(["server", "deactivate", &server.name]).ok();
    let inactive = open(&gateway.endpoint(&server));
    let odd = open(&gateway.mcp_url("/mcp/%3Cscript%3E"));
    for other in [unknown, inactive, odd] {
        assert_eq!((other.status, &other.body), (known.status, &known.body));
        let without_date = |page: &Response| {
            let mut headers = page.headers.clone();
            headers.remove("date");
            headers
        };
        assert_eq!(without_date(&other), without_date(&known));
    }
}

#[test]
fn clients_get_what_they_got_before() {
    let (gateway, server) = echo("page-clients");
    let url = gateway.endpoint(&server);
    let get = |accept: &str| Request::new("GET", &url).header("Accept", accept);
    for accept in [
        "*/*",
        "application/json",
        "text/event-stream",
        "application/json, text/event-stream",
    ] {
        let answer = get(accept).send();
        assert_eq!(answer.status, 401, "{accept}: {answer}");
        let answer = get(accept).bearer(&server.key).send();
        assert_eq!(answer.status, 405, "{accept}: {answer}");
    }
    // Whoever sends a key is a client, whatever it accepts.
    let answer = get(CHROMIUM).bearer(&server.key).send();
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    let post = Request::new("POST", &url)
        .header("Accept", CHROMIUM)
        .body("{}");
    assert_eq!(post.send().status, 401);
    for path in ["/", "/mcp", "/.well-known/oauth-protected-resource"] {
        assert_eq!(open(&gateway.mcp_url(path)).status, 404, "{path}");
    }
}

#[test]
fn the_page_is_not_served_under_foreign_names() {
    let (gateway, server) = echo("page-names");
    let foreign = Request::new("GET", &gateway.endpoint(&server))
        .header("Accept", CHROMIUM)
        .header("Host", "evil.test");
    let answer = foreign.send();
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (403, Some("application/json"))
    );
}
