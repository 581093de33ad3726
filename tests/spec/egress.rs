//! Where tools reach over HTTP is what an administrator granted and an operator opened, and secrets
//! go to their hosts and nowhere else.

use casemate_tests::{Fixture, Gateway, Reply, Server, Shared, guest, sample};
use serde_json::{Value, json};
use std::{
    net::{TcpListener, UdpSocket},
    thread,
    time::{Duration, Instant},
};

const KEY: &str = "k-5d41402abc4b2a76b9719d911017c592";

static LOCAL: Shared<Gateway> = Shared::new(|| {
    Gateway::builder()
        .config("egress.allow_ranges = ['127.0.0.1/32']")
        .start()
});

fn http_get(gateway: &Gateway, name: &str, flags: &[&str]) -> Server {
    let server = gateway.server(name);
    gateway.push_with(&server, sample("http-get"), flags);
    server
}

#[test]
fn a_secret_with_a_header_is_sent_by_the_host_to_its_host_only() {
    let gateway = LOCAL.get();
    let site = Fixture::start(|request| Reply::text(request.header("authorization").unwrap_or("")));
    let other = Fixture::start(|_| Reply::text("hello"));
    let secret = format!("TOKEN@{};Authorization: Bearer {{}}", site.host());
    let flags = [
        "--grant-host",
        &site.host(),
        "--grant-host",
        &other.host(),
        "--grant-secret",
        &secret,
    ];
    let server = http_get(&gateway, "bound", &flags);
    gateway.secret(&server, "TOKEN", KEY);
    let get = |url: String| {
        gateway
            .modern(&server)
            .call("http_get", json!({ "url": url }))
    };
    let reply = get(site.url("/"));
    assert!(!reply.is_tool_error(), "{}", reply.http);
    let sent = format!("Bearer {KEY}");
    assert_eq!(
        site.requests()[0].header("authorization"),
        Some(sent.as_str())
    );
    assert_eq!(reply.structured()["text"], "Bearer [secret TOKEN]");
    assert!(!get(other.url("/")).is_tool_error());
    assert_eq!(other.requests()[0].header("authorization"), None);
    let listed = gateway
        .cli(["tool", "list", "-s", &server.id, "--json"])
        .ok();
    let granted = &listed.json()["tools"][0]["grant"]["secrets"][0];
    assert_eq!(granted["header"], "Authorization: Bearer {}");
    let logged = gateway
        .cli(["logs", "-s", &server.id, "--json"])
        .ok()
        .stdout;
    assert!(
        logged.contains("TOKEN") && !logged.contains(KEY),
        "{logged}"
    );
}

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const OTHER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

/// The trace of the record of the newest call.
fn recorded(gateway: &Gateway, server: &Server, calls: usize) -> Value {
    gateway.await_outcomes(server, "http_get", calls);
    gateway.records(server, "http_get")[calls - 1]["trace_id"].clone()
}

#[test]
fn a_trace_goes_on_from_the_client_to_the_record_and_to_the_hosts_of_the_tool() {
    let gateway = LOCAL.get();
    let site = Fixture::start(|_| Reply::text("hello"));
    let server = http_get(&gateway, "traced", &["--grant-host", &site.host()]);
    let call = || {
        let call = gateway.modern(&server);
        call.calling("http_get", json!({ "url": site.url("/") }))
    };
    let in_headers = |parent: &str| {
        let call = call().with("traceparent", parent);
        call.with("tracestate", "a=1").with("baggage", "user=ada")
    };
    let in_meta =
        |parent: &str, around: &str| in_headers(around).meta("traceparent", json!(parent));
    let sent = [
        (in_headers(OTHER), Some(OTHER), Some("a=1")),
        (in_meta(PARENT, OTHER), Some(PARENT), None),
        (in_meta("garbage", OTHER), Some(OTHER), Some("a=1")),
        (in_meta("00-x", "garbage"), None, None),
        (call(), None, None),
    ];
    for (at, (message, parent, state)) in sent.into_iter().enumerate() {
        let reply = message.send();
        assert!(!reply.is_tool_error(), "{}", reply.http);
        let request = &site.requests()[at];
        let carried = (request.header("traceparent"), request.header("tracestate"));
        assert_eq!(carried, (parent, state), "{at}");
        assert_eq!(request.header("baggage"), None);
        let id = parent.map(|parent| &parent[3..35]);
        assert_eq!(recorded(&gateway, &server, at + 1), json!(id), "{at}");
    }
}

#[test]
fn a_header_that_cannot_be_sent_is_refused_before_the_upload() {
    let gateway = LOCAL.get();
    let server = gateway.server("refused-headers");
    let component = sample("http-get").to_str().unwrap();
    for (secret, part) in [
        ("TOKEN;Authorization: Bearer {}", "TOKEN@HOST"),
        ("TOKEN@a.test;Authorization: Bearer", "{} once"),
        ("TOKEN@a.test;Host: {}", "the host sets it itself"),
        ("TOKEN=a.test", "TOKEN@a.test"),
    ] {
        let arguments = [
            "push",
            component,
            "-s",
            &server.id,
            "--yes",
            "--grant-secret",
            secret,
        ];
        let output = gateway.cli(arguments);
        assert_ne!(output.code, 0, "{output}");
        assert!(output.stderr.contains(part), "{output}");
    }
}

#[test]
fn only_the_private_ranges_that_are_named_are_reached() {
    let site = Fixture::start(|_| Reply::text("internal"));
    for (ranges, is_open) in [
        ("'10.0.0.0/8', '127.0.0.2/32'", false),
        ("'127.0.0.0/8'", true),
    ] {
        let config = format!("egress.allow_ranges = [{ranges}]");
        let gateway = Gateway::builder().config(&config).start();
        let server = http_get(&gateway, "ranges", &["--grant-host", &site.host()]);
        let reply = gateway
            .modern(&server)
            .call("http_get", json!({ "url": site.url("/") }));
        assert_eq!(!reply.is_tool_error(), is_open, "{}", reply.http);
        assert!(
            is_open || reply.text().contains("`egress.allow_ranges`"),
            "{}",
            reply.http
        );
        assert_eq!(site.requests().len(), usize::from(is_open));
    }
}

/// Calls a tool that asks a server which takes every connection and never answers. Gives how the
/// call ended, and how long the connection was left open.
fn ask_a_silent_server(config: &str) -> (casemate_tests::mcp::Reply, Duration) {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("http://{}", silent.local_addr().unwrap());
    let asked = thread::spawn(move || {
        let (mut connection, _) = silent.accept().unwrap();
        let started = Instant::now();
        // Ends when the other side closes the connection.
        drop(std::io::copy(&mut connection, &mut std::io::sink()));
        started.elapsed()
    });
    let config = format!("egress.allow_ranges = ['127.0.0.1/32']\n{config}");
    let gateway = Gateway::builder().config(&config).start();
    let server = http_get(&gateway, "silence", &["--grant-host", &host]);
    let reply = gateway
        .modern(&server)
        .call("http_get", json!({ "url": host }));
    (reply, asked.join().unwrap())
}

/// The code of what went wrong in a call.
fn code_of(reply: &casemate_tests::mcp::Reply) -> &Value {
    &reply.result()["_meta"]["dev.casemate/error"]["code"]
}

#[test]
fn a_server_that_never_answers_costs_a_call_its_time_and_leaves_nothing_open() {
    let (reply, open) = ask_a_silent_server("limits.wall_ms = 1_000");
    assert_eq!(code_of(&reply), "deadline_exceeded", "{}", reply.http);
    assert!(open < Duration::from_secs(5), "{open:?}");
}

#[test]
fn a_request_that_takes_too_long_is_an_answer_that_a_tool_can_use() {
    let (reply, open) = ask_a_silent_server("limits.http_ms = 500");
    assert!(reply.is_tool_error(), "{}", reply.http);
    assert_eq!(code_of(&reply), "http-timed-out", "{}", reply.http);
    assert!(reply.text().contains("time"), "{}", reply.http);
    assert!(open < Duration::from_secs(5), "{open:?}");
}

#[test]
fn a_range_that_stays_closed_cannot_be_named() {
    let gateway = Gateway::builder()
        .config("egress.allow_ranges = ['169.254.169.254/32']")
        .build();
    let said = gateway.refuses_to_start();
    assert!(said.contains("egress.allow_ranges"), "{said}");
}

/// A name server that answers each question for IPv4 with this machine.
fn name_server() -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((len, from)) = socket.recv_from(&mut buffer) {
            let name = buffer[12..len].iter().position(|byte| *byte == 0).unwrap();
            let question = &buffer[12..12 + name + 5];
            let is_ipv4 = question[name + 1..name + 3] == [0, 1];
            let counts = [0, 1, 0, u8::from(is_ipv4), 0, 0, 0, 0];
            let mut reply = [&buffer[..2], &[0x81, 0x80], &counts, question].concat();
            if is_ipv4 {
                // The name of the question, address record, no time to live, four bytes.
                reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);
            }
            socket.send_to(&reply, from).unwrap();
        }
    });
    address
}

#[test]
fn names_are_asked_of_the_servers_that_an_operator_names() {
    let site = Fixture::start(|_| Reply::text("found"));
    let host = format!("http://tool.internal.test:{}", site.address().port());
    let ranges = "egress.allow_ranges = ['127.0.0.1/32']";
    let named = format!("{ranges}\negress.dns_servers = ['{}']", name_server());
    for (config, is_found) in [(named.as_str(), true), (ranges, false)] {
        let gateway = Gateway::builder().config(config).start();
        let server = http_get(&gateway, "names", &["--grant-host", &host]);
        let reply = gateway
            .modern(&server)
            .call("http_get", json!({ "url": format!("{host}/") }));
        assert_eq!(!reply.is_tool_error(), is_found, "{}", reply.http);
    }
    assert_eq!(site.requests().len(), 1);
}

#[test]
fn a_tool_that_wants_to_read_a_secret_names_the_flag_that_lets_it() {
    let gateway = LOCAL.get();
    let server = gateway.server("reveals");
    gateway.push(&server, guest("hostile"));
    let call = || gateway.modern(&server).call("wants_value", json!({}));
    let refused = call();
    assert!(refused.is_tool_error(), "{}", refused.http);
    assert!(
        refused.text().contains("--reveal-secret UNREVEALED_SECRET"),
        "{}",
        refused.text()
    );
    gateway.push_with(
        &server,
        guest("hostile"),
        &["--reveal-secret", "UNREVEALED_SECRET"],
    );
    gateway.secret(&server, "UNREVEALED_SECRET", KEY);
    assert_eq!(call().text(), format!("got {} bytes", KEY.len()));
}
