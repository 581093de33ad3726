//! A tool that asks is answered by clients of the handshake revisions too: the questions come on
//! the stream of the call, the answers in requests of their own.

use super::{GATEWAY, guest_server};
use casemate_tests::{
    Gateway, Server, guest,
    mcp::{Events, Legacy},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const FORM: &str = "test_input_required_result_elicitation";
const SAMPLE: &str = "test_input_required_result_sampling";
const ROOTS: &str = "test_input_required_result_list_roots";
const ROUNDS: &str = "test_input_required_result_multi_round";

fn able(gateway: &Gateway, server: &Server, version: &str) -> Legacy {
    let capabilities = json!({
        "elicitation": { "form": {}, "url": {} }, "sampling": {}, "roots": {},
    });
    Legacy::connect_with(gateway.endpoint(server), &server.key, version, capabilities)
}

fn ask(client: &Legacy, tool: &str) -> Events {
    client.stream("tools/call", json!({ "name": tool, "arguments": {} }))
}

#[track_caller]
fn text(message: &Value) -> &str {
    let text = message["result"]["content"][0]["text"].as_str();
    text.unwrap_or_else(|| panic!("no text: {message}"))
}

fn name(name: &str) -> Value {
    json!({ "action": "accept", "content": { "name": name } })
}

#[test]
fn a_form_is_filled_in_and_the_tool_goes_on() {
    let (gateway, server) = guest_server("forms");
    for version in ["2025-06-18", "2025-11-25"] {
        let client = able(&gateway, &server, version);
        let mut events = ask(&client, FORM);
        let question = events.expect();
        assert_eq!(question["method"], "elicitation/create");
        assert_eq!(question["params"]["message"], "What is your name?");
        assert_eq!(
            question["params"]["requestedSchema"]["required"],
            json!(["name"])
        );
        let mode = question["params"].get("mode").and_then(Value::as_str);
        assert_eq!(mode, (version == "2025-11-25").then_some("form"));
        let taken = client.answer(&question, name("Ada"));
        assert_eq!((taken.status, taken.body.len()), (202, 0), "{taken}");
        assert_eq!(text(&events.expect()), "Hello, Ada!");
        assert!(events.next().is_none());
    }
}

#[test]
fn models_and_roots_are_asked_in_every_revision() {
    let (gateway, server) = guest_server("models");
    for version in Legacy::VERSIONS {
        let client = able(&gateway, &server, version);
        let mut events = ask(&client, SAMPLE);
        let question = events.expect();
        assert_eq!(question["method"], "sampling/createMessage");
        assert_eq!(question["params"]["maxTokens"], 100);
        let said = json!({ "type": "text", "text": "Paris" });
        client.answer(
            &question,
            json!({ "role": "assistant", "model": "m", "content": said }),
        );
        assert_eq!(text(&events.expect()), "\"Paris\"");
        let mut events = ask(&client, ROOTS);
        let question = events.expect();
        assert_eq!(question["method"], "roots/list");
        client.answer(&question, json!({ "roots": [{ "uri": "file:///home" }] }));
        assert!(text(&events.expect()).contains("file:///home"));
    }
}

#[test]
fn a_person_is_sent_to_a_page_by_the_revision_that_knows_pages() {
    let (gateway, server) = guest_server("pages");
    let client = able(&gateway, &server, "2025-11-25");
    let mut events = ask(&client, "test_page");
    let question = events.expect();
    assert_eq!(
        question["params"],
        json!({
            "mode": "url", "message": "Sign in.",
            "url": "https://example.com/sign-in", "elicitationId": "sign-in-1",
        })
    );
    client.answer(&question, json!({ "action": "accept" }));
    assert_eq!(text(&events.expect()), "went: true");
    let older = able(&gateway, &server, "2025-06-18");
    assert_eq!(older.call("test_page", json!({})).code(), -32602);
}

#[test]
fn a_tool_may_ask_again_and_its_progress_still_rises() {
    let (gateway, server) = guest_server("rounds");
    let client = able(&gateway, &server, Legacy::NEWEST);
    let params = json!({ "name": ROUNDS, "arguments": {}, "_meta": { "progressToken": 1 } });
    let mut events = client.stream("tools/call", params);
    let mut progress = Vec::new();
    let answer = loop {
        let message = events.expect();
        match message["method"].as_str() {
            Some("notifications/progress") => progress.push(message["params"]["progress"].clone()),
            Some(_) => {
                let first = message["params"]["message"]
                    .as_str()
                    .unwrap()
                    .starts_with("Step 1");
                let field = if first { "name" } else { "color" };
                let content = json!({ field: "blue" });
                client.answer(&message, json!({ "action": "accept", "content": content }));
            }
            None => break message,
        }
    };
    assert_eq!(text(&answer), "name=\"blue\" color=\"blue\"");
    assert_eq!(progress, [1, 2]);
    let outcomes = gateway.await_outcomes(&server, ROUNDS, 3);
    assert_eq!(outcomes, ["need_input", "need_input", "ok"]);
}

#[test]
fn an_answer_counts_in_its_own_session_under_its_own_id_only() {
    let (gateway, server) = guest_server("answers");
    let client = able(&gateway, &server, Legacy::NEWEST);
    let other = able(&gateway, &server, Legacy::NEWEST);
    let mut events = ask(&client, FORM);
    let question = events.expect();
    assert_eq!(other.answer(&question, name("Mallory")).status, 202);
    for id in [json!(1), json!("question-x"), Value::Null] {
        client.answer(&json!({ "id": id }), name("Mallory"));
    }
    client.answer(&question, name("Ada"));
    assert_eq!(client.answer(&question, name("Mallory")).status, 202);
    assert_eq!(text(&events.expect()), "Hello, Ada!");
}

#[test]
fn a_client_that_refuses_to_answer_ends_the_call() {
    let (gateway, server) = guest_server("refuses");
    let client = able(&gateway, &server, Legacy::NEWEST);
    let mut events = ask(&client, SAMPLE);
    let id = events.expect()["id"].clone();
    let error = json!({ "code": -1, "message": "User rejected sampling request" });
    let refusal = json!({ "jsonrpc": "2.0", "id": id, "error": error });
    client.http().json(&refusal).send();
    let answer = events.expect();
    assert_eq!(answer["result"]["isError"], true);
    assert!(text(&answer).contains("User rejected"), "{answer}");
}

#[test]
fn who_cannot_answer_is_not_asked() {
    let (gateway, server) = guest_server("cannot");
    let only_roots = json!({ "roots": {} });
    let endpoint = gateway.endpoint(&server);
    let client = Legacy::connect_with(endpoint, &server.key, Legacy::NEWEST, only_roots);
    assert_eq!(client.call(FORM, json!({})).code(), -32602);
    let able = able(&gateway, &server, Legacy::NEWEST);
    let call = || able.request("tools/call", json!({ "name": FORM, "arguments": {} }));
    for silent in [
        call().without("Mcp-Session-Id"),
        call().with("Accept", "application/json"),
    ] {
        let answer = silent.send().json();
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        assert!(text(&answer).contains("What is your name?"), "{answer}");
    }
}

#[test]
fn nothing_is_held_in_the_sandbox_while_a_person_thinks() {
    let gateway = Gateway::builder().config("sandbox.places = 1").start();
    let server = gateway.server("thinks");
    gateway.push(&server, guest("conformance"));
    let client = able(&gateway, &server, Legacy::NEWEST);
    let mut waiting: Vec<_> = (0..3).map(|_| ask(&client, FORM)).collect();
    let questions: Vec<_> = waiting.iter_mut().map(Events::expect).collect();
    assert!(!client.call("test_simple_text", json!({})).is_tool_error());
    for (events, question) in waiting.iter_mut().zip(&questions) {
        client.answer(question, name("Ada"));
        assert_eq!(text(&events.expect()), "Hello, Ada!");
    }
}

#[test]
fn only_so_many_calls_of_a_key_wait_for_answers() {
    let (gateway, server) = guest_server("crowded");
    let client = able(&gateway, &server, Legacy::NEWEST);
    let mut waiting: Vec<_> = (0..32).map(|_| ask(&client, FORM)).collect();
    let questions: Vec<_> = waiting.iter_mut().map(Events::expect).collect();
    let refused = client.call(FORM, json!({}));
    assert!(
        refused.is_tool_error() && refused.text().contains("32"),
        "{}",
        refused.http
    );
    client.answer(&questions[0], name("Ada"));
    assert_eq!(text(&waiting[0].expect()), "Hello, Ada!");
    assert_eq!(ask(&client, FORM).expect()["method"], "elicitation/create");
}

#[test]
fn a_waiting_call_ends_when_it_is_withdrawn_or_its_key_is_revoked() {
    let gateway = GATEWAY.get();
    let mut server = gateway.server("waits");
    gateway.push(&server, guest("conformance"));
    let client = able(&gateway, &server, Legacy::NEWEST);
    let mut events = ask(&client, FORM);
    events.expect();
    client.notify("notifications/cancelled", json!({ "requestId": 1 }));
    assert!(events.next().is_none());
    let made = gateway.cli(["key", "create", "other", "-s", &server.id, "--json"]);
    let made = made.ok().json();
    made["key"].as_str().unwrap().clone_into(&mut server.key);
    let mut events = ask(&able(&gateway, &server, Legacy::NEWEST), FORM);
    events.expect();
    let start = Instant::now();
    let id = made["id"].as_str().unwrap();
    gateway.cli(["key", "revoke", id, "--yes"]).ok();
    let answer = events.expect();
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
}
