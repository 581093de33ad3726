//! What needs an event stream, as a client of somebody else sees it: progress, questions, changed
//! lists, and a call that it withdraws.

use super::{client::Client, conformance::change_lists_when_asked, rust};
use casemate_tests::{Gateway, guest};
use serde_json::{Value, json};
use std::{path::Path, sync::Arc};

#[test]
fn typescript_client_2_is_told_and_asked_without_a_handshake() {
    check(&typescript("auto"), "2026-07-28", Withdraws::Too);
}

#[test]
fn typescript_client_2_is_told_and_asked_with_a_handshake() {
    check(&typescript("legacy"), "2025-11-25", Withdraws::Too);
}

#[test]
fn typescript_sdk_1_is_told_and_asked() {
    let client = Client::node("@modelcontextprotocol/sdk 1.32.2", "streams_1.mjs");
    check(&client, "2025-11-25", Withdraws::Too);
}

#[test]
fn python_sdk_2_is_told_and_asked_without_a_handshake() {
    let client = Client::python("mcp 2.3.0", "mcp-2", "streams_2.py").mode("auto");
    check(&client, "2026-07-28", Withdraws::Nothing);
}

#[test]
fn python_sdk_2_is_told_and_asked_with_a_handshake() {
    let client = Client::python("mcp 2.3.0", "mcp-2", "streams_2.py").mode("legacy");
    check(&client, "2025-11-25", Withdraws::Nothing);
}

#[test]
fn python_sdk_1_is_told_and_asked() {
    let client = Client::python("mcp 1.30.0", "mcp-1", "streams_1.py");
    check(&client, "2025-11-25", Withdraws::Nothing);
}

#[test]
fn rmcp_is_told_and_asked_in_each_of_its_ways_to_begin() {
    for (protocol, lifecycle) in rust::lifecycles() {
        check_what(protocol, Withdraws::Nothing, |url, key, _| {
            rust::see_streams(url, key, lifecycle)
        });
    }
}

#[test]
fn the_client_of_the_ai_sdk_2_is_asked() {
    check_questions("@ai-sdk/mcp 2.0.99", "2", "2026-07-28");
}

#[test]
fn the_client_of_the_ai_sdk_1_is_asked() {
    check_questions("@ai-sdk/mcp 1.0.101", "1", "2025-11-25");
}

fn typescript(mode: &'static str) -> Client {
    Client::node("@modelcontextprotocol/client 2.4.0", "streams_2.mjs").mode(mode)
}

/// Whether the client withdraws a call as well.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Withdraws {
    Too,
    Nothing,
}

#[track_caller]
fn check(client: &Client, protocol: &str, withdraws: Withdraws) {
    if !client.is_installed() {
        return;
    }
    check_what(protocol, withdraws, |url, key, scratch| {
        client.see(url, key, Path::new(""), scratch)
    });
}

/// Checks what somebody was told and asked.
#[track_caller]
fn check_what(protocol: &str, withdraws: Withdraws, see: impl FnOnce(&str, &str, &Path) -> Value) {
    let gateway = Arc::new(Gateway::start());
    let server = gateway.server("streams");
    gateway.push(&server, guest("conformance"));
    let changing = change_lists_when_asked(&gateway, &server);
    let url = gateway.endpoint(&server);
    let seen = see(&url, &server.key, &gateway.scratch());
    assert_eq!(seen["fewer"], 1, "{seen}");
    assert_eq!(seen["watched"], "progress was reported");
    let progress = seen["progress"].as_array().unwrap().iter();
    let progress: Vec<_> = progress.map(|done| done.as_f64().unwrap()).collect();
    assert_eq!(progress, [0.0, 50.0, 100.0]);
    assert_asked(&seen, protocol);
    if withdraws == Withdraws::Too {
        assert_eq!(seen["withdrawn"], "withdrawn");
        let outcomes = gateway.await_outcomes(&server, "test_busy", 1);
        assert_eq!(outcomes, ["cancelled"]);
    }
    drop(gateway);
    changing.join().unwrap();
}

/// For a client that is asked, and knows nothing else of this.
#[track_caller]
fn check_questions(name: &str, mode: &'static str, protocol: &str) {
    let client = Client::node(name, "ai_sdk_asked.mjs").mode(mode);
    if !client.is_installed() {
        return;
    }
    let gateway = Gateway::start();
    let server = gateway.server("questions");
    gateway.push(&server, guest("conformance"));
    let url = gateway.endpoint(&server);
    let seen = client.see(&url, &server.key, Path::new(""), &gateway.scratch());
    assert_asked(&seen, protocol);
}

#[track_caller]
fn assert_asked(seen: &Value, protocol: &str) {
    assert_eq!(seen["protocol"], protocol, "{seen}");
    let steps = [
        "Step 1: What is your name?",
        "Step 2: What is your favorite color?",
    ];
    assert_eq!(seen["steps"], json!(steps), "{seen}");
    assert_eq!(seen["asked"], "name=\"blue\" color=\"blue\"");
}
