//! What comes over the wire and is not what it should be, on both listeners.

use casemate_tests::{
    ADMIN_TOKEN, Gateway, Output, Shared,
    http::{Request, get, post, raw},
    sample,
};
use serde_json::json;
use std::time::Duration;

static GATEWAY: Shared<Gateway> = Shared::new(Gateway::start);

const PATIENCE: Duration = Duration::from_secs(5);

#[test]
fn a_path_that_is_no_text_names_no_server() {
    let gateway = &*GATEWAY.get();
    for path in ["/mcp/%ff", "/mcp/%C3%28"] {
        let reply = post(&gateway.mcp_url(path)).json(&json!({})).send();
        assert_eq!(reply.status, 404, "{reply}");
        assert_eq!(
            reply.json()["error"]["message"],
            "Server not found",
            "{reply}"
        );
    }
}

#[test]
fn what_follows_an_address_in_brackets_is_part_of_the_name() {
    let gateway = &*GATEWAY.get();
    let answers = |address, path: &str, host: &str| {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = raw(address, head.as_bytes(), PATIENCE);
        String::from_utf8_lossy(&answer[9..12]).into_owned()
    };
    for address in [gateway.admin_addr(), gateway.mcp_addr()] {
        assert_eq!(answers(address, "/livez", "[::1]:80"), "200");
        assert_eq!(answers(address, "/livez", "localhost"), "200");
        for host in [
            "[::1]evil.test",
            "[::1].evil.test:80",
            "localhost:80.evil.test",
            "evil.test",
        ] {
            assert_eq!(answers(address, "/livez", host), "403", "{host}");
        }
    }
    let endpoint = "/mcp/srv_00000000000000000000000000000000";
    assert_eq!(
        answers(gateway.mcp_addr(), endpoint, "[::1]evil.test"),
        "403"
    );
    assert_eq!(answers(gateway.mcp_addr(), endpoint, "[::1]"), "404");
}

#[test]
fn a_request_with_two_lengths_cannot_hide_another_one() {
    let gateway = &*GATEWAY.get();
    let sent = |bytes: String, address| {
        let answer = raw(address, bytes.as_bytes(), Duration::from_secs(1));
        let answer = String::from_utf8_lossy(&answer).into_owned();
        answer.matches("HTTP/1.1 ").count()
    };
    let pair = |headers: &str| {
        format!(
            "POST /livez HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n\
             0\r\n\r\nGET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
        )
    };
    // By one length the second request is the body of the first, by the other it is a request.
    for headers in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
    ] {
        for address in [gateway.mcp_addr(), gateway.admin_addr()] {
            assert_eq!(sent(pair(headers), address), 1, "{headers}");
        }
    }
    let one_length = pair("Transfer-Encoding: chunked");
    assert_eq!(
        sent(one_length, gateway.mcp_addr()),
        2,
        "these are two requests"
    );
    let both = "Content-Length: 5\r\nContent-Length: 6";
    let bytes = format!("POST /livez HTTP/1.1\r\nHost: localhost\r\n{both}\r\n\r\nhello");
    let answer = raw(gateway.mcp_addr(), bytes.as_bytes(), PATIENCE);
    assert!(answer.starts_with(b"HTTP/1.1 400"), "{answer:?}");
}

#[test]
fn a_key_that_comes_twice_is_not_left_to_whoever_reads_last() {
    let gateway = &*GATEWAY.get();
    let server = gateway.server("twice");
    let url = gateway.admin_url(&format!("/v1/servers/{}/limits", server.id));
    let set = |limits: &str| {
        let body = format!(r#"{{"limits":{limits}}}"#);
        let request = Request::new("PATCH", &url).bearer(ADMIN_TOKEN);
        request.body(body.into_bytes()).send()
    };
    let refused = set(r#"{"fuel":1000000,"fuel":2000000}"#);
    assert_eq!(refused.status, 400, "{refused}");
    let detail = refused.json()["detail"].to_string();
    assert!(detail.contains("has the key `fuel` twice"), "{detail}");
    assert_eq!(set(r#"{"fuel":1000000}"#).status, 200);
}

#[test]
fn an_administrator_may_send_as_large_arguments_as_a_client() {
    let gateway = &*GATEWAY.get();
    let server = gateway.server("large");
    gateway.push(&server, sample("text-stats"));
    let url = gateway.admin_url(&format!("/v1/servers/{}/tools/text_stats/call", server.id));
    let call = |bytes: usize| {
        let arguments = json!({ "arguments": { "text": "a ".repeat(bytes / 2) } });
        post(&url).bearer(ADMIN_TOKEN).json(&arguments).send()
    };
    assert_eq!(call(3 << 20).status, 200);
    assert_eq!(call(5 << 20).status, 413);
}

#[test]
fn a_stream_of_calls_refuses_what_it_would_not_honor() {
    let gateway = &*GATEWAY.get();
    for parameter in ["since=2026-11-22T10:00:00Z", "limit=3", "cursor=x"] {
        let url = gateway.admin_url(&format!("/v1/calls/stream?{parameter}"));
        let refused = get(&url).bearer(ADMIN_TOKEN).send();
        assert_eq!(refused.status, 400, "{parameter}: {refused}");
    }
}

#[test]
fn a_label_holds_nothing_that_nobody_sees() {
    let gateway = &*GATEWAY.get();
    let server = gateway.server("labels");
    for label in ["gpj\u{202E}exe", "Ada\u{200B}"] {
        let refused = gateway.cli(["key", "create", label, "-s", &server.id]);
        assert_eq!(refused.code, 4, "{refused}");
        assert!(!refused.stderr.contains(label), "{refused}");
    }
}

#[test]
fn a_key_file_that_is_a_pipe_is_not_waited_for() {
    let gateway = Gateway::builder().build();
    let keys = gateway.data_dir().join("keys");
    std::fs::create_dir_all(&keys).unwrap();
    let mut mkfifo = std::process::Command::new("mkfifo");
    mkfifo.args(["-m", "600"]).arg(keys.join("root.key"));
    Output::of(mkfifo, "").ok();
    let told = gateway.refuses_to_start();
    assert!(told.contains("is not a file"), "{told}");
}

#[test]
fn the_ready_file_goes_when_the_gateway_goes() {
    let mut gateway = Gateway::start();
    let file = gateway.data_dir().with_file_name("ready");
    assert!(file.exists());
    assert!(gateway.stop().success());
    assert!(!file.exists());
}
