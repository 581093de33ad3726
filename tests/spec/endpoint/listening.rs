//! Clients that listen are told that the list of tools changed, and nothing else, for as long as
//! their key opens the server.

use super::{echo, guest_server};
use casemate_tests::{
    Gateway, Server,
    http::Request,
    mcp::{Events, Message},
    sample,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(1);
const ID: &str = "io.modelcontextprotocol/subscriptionId";

fn listening(gateway: &Gateway, server: &Server, wanted: Value) -> Message {
    let message = gateway
        .modern(server)
        .message("subscriptions/listen", json!({ "notifications": wanted }));
    message.id(json!("my stream"))
}

/// A stream that has said that it listens.
#[track_caller]
fn listen(gateway: &Gateway, server: &Server) -> Events {
    let mut events = listening(gateway, server, json!({ "toolsListChanged": true })).stream();
    let first = events.expect();
    assert_eq!(first["method"], "notifications/subscriptions/acknowledged");
    events
}

fn set(gateway: &Gateway, server: &Server, state: &str) {
    let tool = format!("{}/echo", server.name);
    gateway.cli(["tool", state, &tool]).ok();
}

#[track_caller]
fn assert_told(events: &mut Events) {
    let told = events.expect();
    assert_eq!(told["method"], "notifications/tools/list_changed", "{told}");
}

#[test]
fn a_listener_is_told_when_tools_come_and_go() {
    let (gateway, server) = echo("listens");
    let mut events = listen(&gateway, &server);
    for state in ["deactivate", "activate"] {
        set(&gateway, &server, state);
        let told = events.expect();
        assert_eq!(told["method"], "notifications/tools/list_changed");
        assert_eq!(told["params"], json!({ "_meta": { ID: "my stream" } }));
    }
    gateway.push(&server, sample("text-stats"));
    assert_told(&mut events);
}

#[test]
fn the_first_message_says_what_will_be_told() {
    let (gateway, server) = echo("acknowledges");
    let all = json!({ "toolsListChanged": true, "promptsListChanged": true });
    let first = listening(&gateway, &server, all).stream().expect();
    assert_eq!(
        first["params"],
        json!({ "notifications": { "toolsListChanged": true }, "_meta": { ID: "my stream" } })
    );
    let nothing = json!({ "promptsListChanged": true, "toolsListChanged": false });
    let all: Vec<_> = listening(&gateway, &server, nothing).stream().collect();
    assert_eq!(all[0]["params"]["notifications"], json!({}));
    assert_eq!(all[1]["result"]["resultType"], "complete");
    assert_eq!(all[1]["result"]["_meta"][ID], "my stream");
    let wrong = gateway
        .modern(&server)
        .message("subscriptions/listen", json!({}));
    assert_eq!(wrong.send().code(), -32602);
    let json_only = listening(&gateway, &server, json!({ "toolsListChanged": true }));
    assert_eq!(
        json_only.with("Accept", "application/json").send().status(),
        406
    );
}

#[test]
fn what_clients_do_not_see_is_not_told() {
    let (gateway, server) = echo("mine-only");
    let (_, other) = echo("not-mine");
    let mut events = listen(&gateway, &server);
    set(&gateway, &other, "deactivate");
    gateway.secret(&server, "A_SECRET", "a long value");
    gateway.key(&server.id);
    // The same component once more: a new version with the same list.
    gateway.push(&server, sample("echo"));
    gateway.cli(["server", "deactivate", &other.name]).ok();
    set(&gateway, &server, "deactivate");
    assert_told(&mut events);
    gateway.cli(["server", "deactivate", &server.name]).ok();
    let next = events.expect();
    assert!(
        next.get("result").is_some(),
        "one change was told once: {next}"
    );
}

#[test]
fn a_stream_ends_within_a_second_of_its_key() {
    let (gateway, mut server) = echo("revoked");
    let mut stays = listen(&gateway, &server);
    let made = gateway.cli(["key", "create", "other", "-s", &server.id, "--json"]);
    let made = made.ok().json();
    let key = std::mem::replace(&mut server.key, made["key"].as_str().unwrap().to_owned());
    let mut ends = listen(&gateway, &server);
    let start = Instant::now();
    gateway
        .cli(["key", "revoke", made["id"].as_str().unwrap(), "--yes"])
        .ok();
    let last = ends.expect();
    assert_eq!(last["result"]["_meta"][ID], "my stream", "{last}");
    assert!(ends.next().is_none());
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    server.key = key;
    set(&gateway, &server, "deactivate");
    assert_told(&mut stays);
}

#[test]
fn streams_end_when_the_gateway_stops() {
    let mut gateway = Gateway::start();
    let server = gateway.server("stops");
    gateway.push(&server, sample("echo"));
    let mut events = listen(&gateway, &server);
    let client = gateway.legacy(&server);
    let mut legacy = Events::new(client.listen().into_reader());
    let start = Instant::now();
    assert!(gateway.stop().success());
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    assert!(events.expect().get("result").is_some());
    assert!(legacy.next().is_none());
}

#[test]
fn a_key_has_a_few_streams_and_gets_the_place_of_a_closed_one_back() {
    let (gateway, server) = echo("many-streams");
    let mut open: Vec<_> = (0..16).map(|_| listen(&gateway, &server)).collect();
    let one_more = || listening(&gateway, &server, json!({ "toolsListChanged": true }));
    let refused = one_more().send();
    assert_eq!(
        (refused.status(), refused.code()),
        (429, 429),
        "{}",
        refused.http
    );
    open.pop();
    let deadline = Instant::now() + Duration::from_secs(5);
    while one_more().open().status != 200 {
        assert!(
            Instant::now() < deadline,
            "the place of a closed stream is free"
        );
    }
}

#[test]
fn a_session_has_a_stream_of_its_own() {
    let (gateway, server) = echo("legacy-listens");
    let client = gateway.legacy(&server);
    let opened = client.listen();
    assert_eq!(opened.status, 200);
    assert_eq!(opened.headers["content-type"], "text/event-stream");
    let mut events = Events::new(opened.into_reader());
    set(&gateway, &server, "deactivate");
    let told = events.expect();
    let expected = json!({ "jsonrpc": "2.0", "method": "notifications/tools/list_changed" });
    assert_eq!(told, expected);
    let mut second = Events::new(client.listen().into_reader());
    assert!(
        events.next().is_none(),
        "the second stream takes the place of the first"
    );
    set(&gateway, &server, "activate");
    assert_told(&mut second);
    assert_eq!(client.end().status, 204);
    assert!(
        second.next().is_none(),
        "a session that ended is told nothing"
    );
}

#[test]
fn who_has_no_session_has_no_stream() {
    let (gateway, server) = guest_server("no-stream");
    let client = gateway.legacy(&server);
    let get = || client.without_body("GET");
    let status = |request: Request| request.open().status;
    assert_eq!(status(get().without("Mcp-Session-Id")), 405);
    assert_eq!(status(get().with("Mcp-Session-Id", "made-up")), 404);
    assert_eq!(
        status(get().with("MCP-Protocol-Version", "2026-07-28")),
        405
    );
    assert_eq!(status(get().with("Accept", "application/json")), 406);
    assert_eq!(status(get()), 200);
}
