//! Everything that the gateway can say in the stateless revision.

use super::{offered, tape::Tape, tasks};
use casemate_tests::{
    Gateway, Server,
    http::Request,
    mcp::{Message, Modern, Reply},
};
use serde_json::{Value, json};

const REVISION: &str = Modern::VERSION;

/// Calls in which nothing is special but what comes back.
pub(super) const CALLS: [&str; 11] = [
    "test_simple_text",
    "test_image_content",
    "test_audio_content",
    "test_embedded_resource",
    "test_resource_link",
    "test_multiple_content_types",
    "test_error_handling",
    "test_tool_with_progress",
    "test_logging_tool",
    "echo",
    "no_such_tool",
];

/// Calls with a structured answer: an object, a list, and a single value.
pub(super) fn structured() -> [Value; 3] {
    ["{\"a\":[1]}", "[1,2]", "7"].map(|json| json!({ "json": json, "query": "@" }))
}

/// Tools that ask, with the answers to their questions.
const ASKING: [&str; 8] = [
    "test_input_required_result_elicitation",
    "test_input_required_result_sampling",
    "test_input_required_result_list_roots",
    "test_input_required_result_capabilities",
    "test_input_required_result_request_state",
    "test_input_required_result_multiple_inputs",
    "test_input_required_result_multi_round",
    "test_page",
];

/// Says everything to a server and keeps what it answers.
pub(super) fn record(gateway: &Gateway, server: &Server, tape: &mut Tape) {
    let client = gateway.modern(server);
    for method in ["server/discover", "tools/list", "no/such"] {
        tape.keep(REVISION, method, &client.message(method, json!({})).send());
    }
    let page = client.message("tools/list", json!({ "cursor": "made up" }));
    tape.keep(REVISION, "tools/list", &page.send());
    for tool in CALLS {
        let call = client
            .calling(tool, json!({}))
            .meta("progressToken", json!("p"));
        let call = call.meta("logLevel", json!("debug"));
        tape.keep(REVISION, "tools/call", &call.send());
    }
    for arguments in structured() {
        let call = client.calling("json_query", arguments);
        tape.keep(REVISION, "tools/call", &call.send());
    }
    for tool in ASKING {
        let params = json!({ "name": tool, "arguments": {} });
        ask(&client, "tools/call", params, tape);
    }
    for (method, params) in offered::requests() {
        tape.keep(REVISION, method, &client.message(method, params).send());
    }
    for (method, params) in offered::asking() {
        ask(&client, method, params, tape);
    }
    tasks::record(gateway, server, tape);
    changes(gateway, server, tape);
    listen(gateway, server, tape);
    refusals(gateway, server, tape);
}

/// Sends a request until nothing more is asked.
fn ask(client: &Modern, method: &str, params: Value, tape: &mut Tape) {
    let can = json!({ "elicitation": { "form": {}, "url": {} }, "sampling": {}, "roots": {} });
    let mut call = client.message(method, params).capabilities(can);
    for _ in 0..4 {
        let reply = call.send();
        tape.keep(REVISION, method, &reply);
        let result = reply.result();
        if result["resultType"] == "complete" {
            return;
        }
        let questions = result["inputRequests"].as_object().cloned();
        let answers = questions.into_iter().flatten();
        let answers = answers.map(|(key, question)| (key, answer(&question)));
        call = call.param("inputResponses", Value::Object(answers.collect()));
        let state = result.get("requestState").cloned();
        call = call.param("requestState", state.unwrap_or_default());
    }
    panic!("{:?} asks for ever", call.body());
}

/// An answer to any question of the guest.
pub(super) fn answer(question: &Value) -> Value {
    let content = json!({ "name": "Ada", "color": "blue", "ok": true, "context": "a test" });
    match question["method"].as_str().unwrap() {
        "elicitation/create" if question["params"]["mode"] == "url" => {
            json!({ "action": "accept" })
        }
        "elicitation/create" => json!({ "action": "accept", "content": content }),
        "sampling/createMessage" => json!({
            "role": "assistant", "model": "m", "content": { "type": "text", "text": "Paris" },
        }),
        "roots/list" => json!({ "roots": [{ "uri": "file:///home" }] }),
        other => panic!("what is {other}?"),
    }
}

/// What a stream tells of resources and prompts.
fn changes(gateway: &Gateway, server: &Server, tape: &mut Tape) {
    let method = "subscriptions/listen";
    offered::push(gateway, server, &[]);
    let wanted = json!({
        "promptsListChanged": true,
        "resourcesListChanged": true,
        "resourceSubscriptions": [offered::WATCHED],
    });
    let client = gateway.modern(server);
    let message = client.message(method, json!({ "notifications": wanted }));
    let mut events = message.stream();
    tape.keep_one(REVISION, method, &events.expect());
    for message in offered::changes(gateway, server, &mut events) {
        tape.keep_one(REVISION, method, &message);
    }
}

/// A stream from its beginning over a change to its end, and one that tells of nothing.
fn listen(gateway: &Gateway, server: &Server, tape: &mut Tape) {
    let method = "subscriptions/listen";
    let listening = |wanted: Value| {
        let client = gateway.modern(server);
        client.message(method, json!({ "notifications": wanted }))
    };
    let nothing = listening(json!({ "promptsListChanged": false })).send();
    assert_eq!(nothing.messages.len(), 2, "{}", nothing.http);
    tape.keep(REVISION, method, &nothing);
    let mut events = listening(json!({ "toolsListChanged": true })).stream();
    tape.keep_one(REVISION, method, &events.expect());
    let tool = format!("{}/echo", server.name);
    gateway.cli(["tool", "deactivate", &tool]).ok();
    tape.keep_one(REVISION, method, &events.expect());
    gateway.cli(["tool", "activate", &tool]).ok();
    tape.keep_one(REVISION, method, &events.expect());
    let all: Vec<_> = (0..16)
        .map(|_| listening(json!({ "toolsListChanged": true })).open())
        .collect();
    let refused = all.into_iter().find(|opened| opened.status == 429);
    let mut text = String::new();
    let refused = refused.expect("a key has sixteen streams");
    refused.into_reader().read_to_string(&mut text).unwrap();
    tape.keep_one(REVISION, method, &serde_json::from_str(&text).unwrap());
    gateway.cli(["server", "deactivate", &server.name]).ok();
    tape.keep_one(REVISION, method, &events.expect());
    assert!(events.next().is_none());
    tape.keep(REVISION, method, &listening(json!({})).send());
    gateway.cli(["server", "activate", &server.name]).ok();
}

/// What is refused, on each rung of the ladder.
fn refusals(gateway: &Gateway, server: &Server, tape: &mut Tape) {
    let call = || {
        let client = gateway.modern(server);
        client.calling("echo", json!({ "text": "x" }))
    };
    let raw = |body: &str| call().request().body(body.to_owned());
    let huge = call().param("arguments", json!({ "text": "x".repeat(5 << 20) }));
    let missing = gateway.modern(server);
    let missing = missing.calling("test_missing_capability", json!({}));
    let change: [(u16, Request); 15] = [
        (403, call().with("Host", "evil.test").request()),
        (403, call().with("Origin", "https://evil.test").request()),
        (401, call().without("Authorization").request()),
        (
            405,
            Request::new("PUT", &gateway.endpoint(server)).bearer(&server.key),
        ),
        (415, call().with("Content-Type", "text/plain").request()),
        (406, call().with("Accept", "text/html").request()),
        (413, huge.request()),
        (400, raw("{")),
        (400, raw("[]")),
        (400, raw(r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#)),
        (400, call().with("Mcp-Name", "other").request()),
        (
            400,
            call().meta("clientCapabilities", Value::Null).request(),
        ),
        (400, unknown_version(call()).request()),
        (400, missing.request()),
        (200, call().param("requestState", json!("forged")).request()),
    ];
    for (status, request) in change {
        let reply = Reply::of(request.send());
        assert_eq!(reply.status(), status, "{}", reply.http);
        tape.keep(REVISION, "tools/call", &reply);
    }
    let nowhere = gateway.mcp_url("/mcp/srv_00000000000000000000000000000000");
    let nowhere = Modern::new(nowhere, &server.key);
    tape.keep(REVISION, "tools/list", &nowhere.list());
}

fn unknown_version(message: Message) -> Message {
    let message = message.meta("protocolVersion", json!("v999.0.0"));
    message.with("MCP-Protocol-Version", "v999.0.0")
}
