//! What needs an event stream, as a client of somebody else sees it: progress, questions, changed
//! lists, and a call that it withdraws.

use super::{client::Client, conformance::change_tools_when_asked};
use casemate_tests::{Gateway, guest};
use serde_json::json;
use std::path::Path;

#[test]
fn typescript_client_2_is_told_and_asked_without_a_handshake() {
    check("auto", "2026-07-28");
}

#[test]
fn typescript_client_2_is_told_and_asked_with_a_handshake() {
    check("legacy", "2025-11-25");
}

#[track_caller]
fn check(mode: &'static str, protocol: &str) {
    let client = Client::node("@modelcontextprotocol/client 2.4.0", "streams_2.mjs").mode(mode);
    if !client.is_installed() {
        return;
    }
    let gateway = Gateway::start();
    let server = gateway.server("streams");
    gateway.push(&server, guest("conformance"));
    let changing = change_tools_when_asked(&gateway, &server);
    let url = gateway.endpoint(&server);
    let seen = client.see(&url, &server.key, Path::new(""), &gateway.scratch());
    assert_eq!(
        seen,
        json!({
            "protocol": protocol,
            "progress": [0, 50, 100],
            "watched": "progress was reported",
            "steps": ["Step 1: What is your name?", "Step 2: What is your favorite color?"],
            "asked": "name=\"blue\" color=\"blue\"",
            "withdrawn": "withdrawn",
            "fewer": 1,
        })
    );
    assert_eq!(
        gateway.await_outcomes(&server, "test_busy", 1),
        ["cancelled"]
    );
    drop(gateway);
    changing.join().unwrap();
}
