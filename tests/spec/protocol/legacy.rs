//! Everything that the gateway can say in the handshake revisions.

use super::{
    modern::{CALLS, answer, structured},
    offered,
    tape::Tape,
};
use casemate_tests::{
    Gateway, Server,
    http::Request,
    mcp::{Events, Legacy, Reply},
};
use serde_json::{Value, json};

/// Tools that ask, if the revision knows what they ask.
const ASKING: [&str; 4] = [
    "test_input_required_result_sampling",
    "test_input_required_result_list_roots",
    "test_input_required_result_multi_round",
    "test_page",
];

/// Says everything to a server in one revision and keeps what it answers.
pub(super) fn record(gateway: &Gateway, server: &Server, revision: &'static str, tape: &mut Tape) {
    let can = json!({ "elicitation": { "form": {}, "url": {} }, "sampling": {}, "roots": {} });
    let client = Legacy::connect_with(gateway.endpoint(server), &server.key, revision, can);
    tape.keep(revision, "initialize", client.greeting());
    let level = json!({ "level": "debug" });
    tape.keep(
        revision,
        "logging/setLevel",
        &client.send("logging/setLevel", level),
    );
    for method in ["ping", "tools/list", "no/such"] {
        tape.keep(revision, method, &client.send(method, json!({})));
    }
    let page = client.send("tools/list", json!({ "cursor": "made up" }));
    tape.keep(revision, "tools/list", &page);
    for tool in CALLS {
        let params = json!({ "name": tool, "arguments": {}, "_meta": { "progressToken": 7 } });
        tape.keep(revision, "tools/call", &client.send("tools/call", params));
    }
    for arguments in structured() {
        tape.keep(
            revision,
            "tools/call",
            &client.call("json_query", arguments),
        );
    }
    for (method, params) in offered::requests() {
        tape.keep(revision, method, &client.send(method, params));
    }
    let tools = ASKING.map(|tool| ("tools/call", json!({ "name": tool, "arguments": {} })));
    for (method, params) in tools.into_iter().chain(offered::asking()) {
        ask(&client, method, params, revision, tape);
    }
    if revision == "2025-03-26" {
        batch(&client, tape);
    }
    listen(gateway, server, &client, tape, revision);
    refusals(gateway, server, &client, tape, revision);
    assert_eq!(client.end().status, 204);
    let ended = Reply::of(client.request("ping", json!({})).send());
    tape.keep(revision, "ping", &ended);
}

/// A request whose questions are answered on its stream.
fn ask(client: &Legacy, method: &str, params: Value, revision: &'static str, tape: &mut Tape) {
    let opened = client.request(method, params).open();
    // What this revision cannot be asked is refused in plain JSON.
    let is_stream = opened.headers["content-type"] == "text/event-stream";
    if !is_stream {
        let message = serde_json::from_reader(opened.into_reader()).unwrap();
        return tape.keep_one(revision, method, &message);
    }
    let mut events = Events::new(opened.into_reader());
    loop {
        let message = events.expect();
        tape.keep_one(revision, method, &message);
        if message.get("method").is_none() {
            return;
        }
        if message.get("id").is_some() {
            client.answer(&message, answer(&message));
        }
    }
}

/// Several messages in one body, one answer to each that wants one.
fn batch(client: &Legacy, tape: &mut Tape) {
    let call = json!({ "name": "test_multiple_content_types" });
    let batch = json!([
        { "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call },
        { "jsonrpc": "2.0", "method": "notifications/initialized" },
        { "jsonrpc": "2.0", "id": "two", "method": "tools/call", "params": { "name": "none" } },
    ]);
    let reply = Reply::of(client.http().json(&batch).send());
    assert_eq!(reply.message().as_array().map(Vec::len), Some(2));
    tape.keep("2025-03-26", "tools/call", &reply);
}

fn listen(
    gateway: &Gateway,
    server: &Server,
    client: &Legacy,
    tape: &mut Tape,
    revision: &'static str,
) {
    offered::push(gateway, server, &[]);
    let watch = |method: &str| client.send(method, json!({ "uri": offered::WATCHED }));
    let method = "resources/subscribe";
    tape.keep(revision, method, &watch(method));
    let mut events = Events::new(client.listen().into_reader());
    for message in offered::changes(gateway, server, &mut events) {
        tape.keep_one(revision, "GET", &message);
    }
    let method = "resources/unsubscribe";
    tape.keep(revision, method, &watch(method));
    let tool = format!("{}/echo", server.name);
    for state in ["deactivate", "activate"] {
        gateway.cli(["tool", state, &tool]).ok();
        tape.keep_one(revision, "GET", &events.expect());
    }
}

fn refusals(
    gateway: &Gateway,
    server: &Server,
    client: &Legacy,
    tape: &mut Tape,
    revision: &'static str,
) {
    let ping = || client.request("ping", json!({}));
    let set = |level: Value| client.request("logging/setLevel", json!({ "level": level }));
    let can_nothing = Legacy::connect(gateway.endpoint(server), &server.key, revision);
    let form = json!({ "name": "test_input_required_result_elicitation" });
    let refused: [(u16, Request); 7] = [
        (401, ping().without("Authorization")),
        (404, ping().with("Mcp-Session-Id", "made-up")),
        (400, ping().with("MCP-Protocol-Version", "1999-01-01")),
        (415, ping().with("Content-Type", "text/plain")),
        (400, ping().body("{")),
        (400, ping().body("{}")),
        (200, set(json!("loud"))),
    ];
    for (status, request) in refused {
        let reply = Reply::of(request.send());
        assert_eq!(reply.status(), status, "{revision}: {}", reply.http);
        tape.keep(revision, "ping", &reply);
    }
    let refused = can_nothing.send("tools/call", form);
    tape.keep(revision, "tools/call", &refused);
}
