//! A call ends when its client withdraws it, in the way of each era.

use super::guest_server;
use casemate_tests::{
    ADMIN_TOKEN, Gateway, Server, guest,
    http::{Request, get},
    mcp::{Events, Legacy, Modern, Reply},
};
use serde_json::{Value, json};
use std::{
    io::Write as _,
    net::TcpStream,
    time::{Duration, Instant},
};

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
    let mut events = watched_without_a_handshake(&gateway.modern(&server));
    assert_eq!(events.expect()["method"], "notifications/progress");
    drop(events);
    assert_eq!(gateway.await_outcomes(&server, BUSY, 1), ["cancelled"]);
}

fn watched_without_a_handshake(client: &Modern) -> Events {
    let call = client.calling(BUSY, json!({ "steps": 1000 }));
    call.meta("progressToken", json!(1)).stream()
}

/// A gateway with room for one call at once.
struct Room {
    gateway: Gateway,
    server: Server,
}

impl Room {
    fn for_one(name: &str) -> Self {
        let gateway = Gateway::builder().config("sandbox.places = 1").start();
        let server = gateway.server(name);
        gateway.push(&server, guest("conformance"));
        Self { gateway, server }
    }

    /// A call that waits for the one place that there is.
    fn quick(&self) -> Reply {
        let client = self.gateway.modern(&self.server);
        client.call("test_simple_text", json!({}))
    }

    fn await_running(&self) {
        let status = get(&self.gateway.admin_url("/v1/status")).bearer(ADMIN_TOKEN);
        while status.send().json()["calls"]["running"] == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Begins a call over a connection of its own.
    fn begin(&self, call: &Request) -> TcpStream {
        let mut stream = TcpStream::connect(self.gateway.mcp_addr()).unwrap();
        send(&mut stream, call);
        self.await_running();
        stream
    }

    /// Asserts that a call makes room within a tenth of a second after its client has left it: the
    /// middle of five times, because other tests compute on the same cores.
    #[track_caller]
    fn assert_made<T>(&self, what: &str, begin: impl Fn() -> T, leave: impl Fn(T)) {
        assert!(!self.quick().is_tool_error());
        let time = |_| {
            let begun = begin();
            let start = Instant::now();
            leave(begun);
            assert!(!self.quick().is_tool_error());
            start.elapsed()
        };
        let mut times = [0; 5].map(time);
        times.sort();
        assert!(times[2] < Duration::from_millis(100), "{what}: {times:?}");
    }
}

#[test]
fn a_call_whose_client_went_away_makes_room_within_a_tenth_of_a_second() {
    let room = Room::for_one("room");
    let endless = room.gateway.scratch().join("endless.wasm");
    let spins = casemate_guest_forge::Guest::named("spins");
    let bytes = spins.call("(loop $again (br $again)) (i32.const 16)");
    std::fs::write(&endless, bytes).unwrap();
    room.gateway.push(&room.server, &endless);
    let client = room.gateway.modern(&room.server);
    for (tool, arguments) in [(BUSY, json!({ "steps": 1000 })), ("spins", json!({}))] {
        let call = client.calling(tool, arguments).request();
        room.assert_made(tool, || room.begin(&call), drop);
    }
    // The control: after a handshake the call goes on, and its place is taken for as long.
    let legacy = room.gateway.legacy(&room.server);
    let params = json!({ "name": BUSY, "arguments": { "steps": 40 } });
    let begun = room.begin(&legacy.request("tools/call", params));
    let start = Instant::now();
    drop(begun);
    let refused = room.quick().is_tool_error();
    assert!(refused || start.elapsed() > Duration::from_millis(100));
}

#[test]
fn a_call_whose_stream_was_closed_makes_room_within_a_tenth_of_a_second() {
    let room = Room::for_one("room-of-a-stream");
    let client = room.gateway.modern(&room.server);
    let begin = || {
        let mut events = watched_without_a_handshake(&client);
        events.expect();
        events
    };
    room.assert_made("closed", begin, drop);
}

#[test]
fn a_call_that_was_withdrawn_makes_room_within_a_tenth_of_a_second() {
    let room = Room::for_one("room-of-a-session");
    let begin = || {
        let client = room.gateway.legacy(&room.server);
        let mut events = watched(&client, 1000);
        events.expect();
        (client, events)
    };
    room.assert_made("withdrawn", begin, |(client, _events)| {
        client.notify("notifications/cancelled", json!({ "requestId": FIRST }));
    });
}

/// Sends a request over a connection of its own, and reads no answer.
fn send(stream: &mut TcpStream, request: &Request) {
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
    use std::thread;
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
        let taken = client.notify("notifications/cancelled", json!({ "requestId": FIRST }));
        assert_eq!(taken.status, 202);
        assert_eq!(response(events), None, "{version}");
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
