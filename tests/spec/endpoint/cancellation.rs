//! A call ends when its client withdraws it, in the way of each era.

use super::guest_server;
use casemate_tests::{
    Gateway,
    mcp::{Events, Legacy},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const BUSY: &str = "test_busy";

fn watched(client: &Legacy, steps: u32) -> Events {
    client.stream(
        "tools/call",
        json!({ "name": BUSY, "arguments": { "steps": steps }, "_meta": { "progressToken": 1 } }),
    )
}

/// The id of the request that `watched` sent as the first after the handshake.
const FIRST: u32 = 1;

fn response(events: impl Iterator<Item = Value>) -> Option<Value> {
    events
        .into_iter()
        .find(|message| message.get("method").is_none())
}

#[test]
fn closing_the_stream_cancels_a_call_of_the_stateless_revision() {
    let (gateway, server) = guest_server("closes");
    let call = gateway
        .modern(&server)
        .calling(BUSY, json!({ "steps": 1000 }));
    let mut events = call.meta("progressToken", json!(1)).stream();
    assert_eq!(events.expect()["method"], "notifications/progress");
    let start = Instant::now();
    drop(events);
    assert_eq!(gateway.await_outcomes(&server, BUSY, 1), ["cancelled"]);
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_call_whose_client_went_away_makes_room_within_a_tenth_of_a_second() {
    use casemate_tests::{guest, http::get};
    let gateway = Gateway::builder().config("sandbox.places = 1").start();
    let server = gateway.server("room");
    gateway.push(&server, guest("conformance"));
    let endless = gateway.scratch().join("endless.wasm");
    let spins = casemate_guest_forge::Guest::named("spins");
    let bytes = spins.call("(loop $again (br $again)) (i32.const 16)");
    std::fs::write(&endless, bytes).unwrap();
    gateway.push(&server, &endless);
    let client = gateway.modern(&server);
    let running = || {
        let status = get(&gateway.admin_url("/v1/status")).bearer(casemate_tests::ADMIN_TOKEN);
        status.send().json()["calls"]["running"].as_u64().unwrap()
    };
    let quick = || client.call("test_simple_text", json!({}));
    assert!(!quick().is_tool_error());
    for (tool, arguments) in [(BUSY, json!({ "steps": 1000 })), ("spins", json!({}))] {
        let mut times: Vec<_> = (0..5)
            .map(|_| {
                let mut stream = std::net::TcpStream::connect(gateway.mcp_addr()).unwrap();
                let call = client.calling(tool, arguments.clone()).request();
                send(&mut stream, &call);
                while running() == 0 {
                    std::thread::sleep(Duration::from_millis(5));
                }
                let start = Instant::now();
                drop(stream);
                // It waits for the one place that there is.
                assert!(!quick().is_tool_error());
                start.elapsed()
            })
            .collect();
        times.sort();
        // The middle one: other tests compute on the same cores.
        assert!(times[2] < Duration::from_millis(100), "{tool}: {times:?}");
    }
    // The control: after a handshake the call goes on, and its place is taken for as long.
    let legacy = gateway.legacy(&server);
    let params = json!({ "name": BUSY, "arguments": { "steps": 40 } });
    let mut stream = std::net::TcpStream::connect(gateway.mcp_addr()).unwrap();
    send(&mut stream, &legacy.request("tools/call", params));
    while running() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let start = Instant::now();
    drop(stream);
    let refused = quick().is_tool_error();
    assert!(refused || start.elapsed() > Duration::from_millis(100));
}

/// Sends a request over a connection of its own, and reads no answer.
fn send(stream: &mut std::net::TcpStream, request: &casemate_tests::http::Request) {
    use std::io::Write as _;
    let request = request.to_http();
    let host = request.uri().authority().unwrap();
    let path = request.uri().path();
    let mut head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\n");
    for (name, value) in request.headers() {
        head += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    head += &format!("Content-Length: {}\r\n\r\n", request.body().len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(request.body()).unwrap();
}

#[test]
fn closing_the_stream_cancels_no_call_of_the_handshake_revisions() {
    let (gateway, server) = guest_server("breaks");
    for (count, version) in Legacy::VERSIONS.iter().enumerate() {
        let client = Legacy::connect(gateway.endpoint(&server), &server.key, version);
        let mut events = watched(&client, 30);
        assert_eq!(events.expect()["method"], "notifications/progress");
        drop(events);
        let outcomes = gateway.await_outcomes(&server, BUSY, count + 1);
        assert_eq!(outcomes[count], "ok", "{version}");
    }
}

#[test]
fn after_a_handshake_a_broken_connection_cancels_no_silent_call_either() {
    use std::{io::Write, net::TcpStream, thread};
    let (gateway, server) = guest_server("breaks-silently");
    let body = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": BUSY, "arguments": { "steps": 40 } },
    });
    let body = body.to_string();
    let mut stream = TcpStream::connect(gateway.mcp_addr()).unwrap();
    let head = format!(
        "POST /mcp/{} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        server.id,
        gateway.mcp_addr(),
        server.key,
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    thread::sleep(Duration::from_millis(100));
    drop(stream);
    assert_eq!(gateway.await_outcomes(&server, BUSY, 1), ["ok"]);
}

#[test]
fn a_notification_withdraws_a_call_and_it_gets_no_answer() {
    let (gateway, server) = guest_server("withdraws");
    for (count, version) in Legacy::VERSIONS.iter().enumerate() {
        let client = Legacy::connect(gateway.endpoint(&server), &server.key, version);
        let mut events = watched(&client, 1000);
        events.expect();
        let start = Instant::now();
        let taken = client.notify("notifications/cancelled", json!({ "requestId": FIRST }));
        assert_eq!(taken.status, 202);
        assert_eq!(response(events), None, "{version}");
        assert!(start.elapsed() < Duration::from_secs(5));
        let outcomes = gateway.await_outcomes(&server, BUSY, count + 1);
        assert_eq!(outcomes[count], "cancelled", "{version}");
    }
}

#[test]
fn a_call_that_says_nothing_can_be_withdrawn_too() {
    let (gateway, server) = guest_server("withdraws-silently");
    let client = gateway.legacy(&server);
    let call = client.request(
        "tools/call",
        json!({ "name": BUSY, "arguments": { "steps": 1000 } }),
    );
    let withdrawn = std::thread::scope(|scope| {
        let calling = scope.spawn(|| call.send());
        std::thread::sleep(Duration::from_millis(200));
        client.notify("notifications/cancelled", json!({ "requestId": FIRST }));
        calling.join().unwrap()
    });
    assert_eq!(
        (withdrawn.status, withdrawn.body.len()),
        (200, 0),
        "{withdrawn}"
    );
    assert_eq!(gateway.await_outcomes(&server, BUSY, 1), ["cancelled"]);
}

#[test]
fn nobody_withdraws_the_call_of_another_session_or_key() {
    let (gateway, server) = guest_server("others");
    let client = gateway.legacy(&server);
    let mut events = watched(&client, 30);
    events.expect();
    let same_key = gateway.legacy(&server);
    let other_key = gateway.key(&server.id);
    let other_key = Legacy::connect(gateway.endpoint(&server), &other_key, Legacy::NEWEST);
    for other in [&same_key, &other_key] {
        other.notify("notifications/cancelled", json!({ "requestId": FIRST }));
    }
    client.notify("notifications/cancelled", json!({ "requestId": 2 }));
    let answer = response(events).expect("an answer");
    assert_eq!(
        answer["result"]["content"][0]["text"],
        "done after 30 steps"
    );
}

#[test]
fn calls_that_outlast_the_end_of_the_gateway_are_recorded_as_cancelled() {
    use casemate_tests::guest;
    let mut gateway = Gateway::builder().config("server.drain_ms = 300").start();
    let server = gateway.server("outlasts");
    gateway.push(&server, guest("conformance"));
    let mut open = watched(&gateway.legacy(&server), 1000);
    open.expect();
    let mut left = watched(&gateway.legacy(&server), 1000);
    left.expect();
    drop(left);
    let start = Instant::now();
    assert!(gateway.stop().success());
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    gateway.start_again();
    assert_eq!(
        gateway.await_outcomes(&server, BUSY, 2),
        ["cancelled", "cancelled"]
    );
}
