//! A URL and a key are enough for clients that others wrote (P01, P06): each lists the sample
//! tools and calls every one of them, in its own way, in both eras of the protocol.
//!
//! `cargo xtask clients` installs them, in the versions that `tests/clients` pins. One that is not
//! installed is skipped, loudly, unless `CASEMATE_REQUIRE_CLIENTS` is set.

pub(crate) mod assistants;
mod client;
mod conformance;
mod rust;
mod samples;
mod streams;

use client::Client;
use samples::{check_everything, check_everything_on_the_way};

#[test]
fn python_sdk_2_works_without_a_handshake() {
    check_everything(
        &Client::python("mcp 2.3.0", "mcp-2", "mcp_2.py").mode("auto"),
        "2026-07-28",
    );
}

#[test]
fn python_sdk_2_works_with_a_handshake() {
    check_everything(
        &Client::python("mcp 2.3.0", "mcp-2", "mcp_2.py").mode("legacy"),
        "2025-11-25",
    );
}

#[test]
fn python_sdk_1_works() {
    check_everything(
        &Client::python("mcp 1.30.0", "mcp-1", "mcp_1.py"),
        "2025-11-25",
    );
}

#[test]
fn fastmcp_on_the_command_line_works() {
    let client = Client::python("fastmcp 4.1.2", "fastmcp", "fastmcp_cli.py");
    check_everything_on_the_way(&client, "2026-07-28");
}

#[test]
fn typescript_client_2_works_without_a_handshake() {
    let client = Client::node("@modelcontextprotocol/client 2.4.0", "client_2.mjs");
    check_everything(&client.mode("auto"), "2026-07-28");
}

#[test]
fn typescript_client_2_works_with_a_handshake() {
    let client = Client::node("@modelcontextprotocol/client 2.4.0", "client_2.mjs");
    check_everything(&client.mode("legacy"), "2025-11-25");
}

#[test]
fn typescript_client_2_works_with_a_pinned_revision() {
    let client = Client::node("@modelcontextprotocol/client 2.4.0", "client_2.mjs");
    check_everything(&client.mode("2026-07-28"), "2026-07-28");
}

#[test]
fn the_client_of_the_ai_sdk_2_works() {
    let client = Client::node("@ai-sdk/mcp 2.0.99", "ai_sdk.mjs");
    check_everything(&client.mode("2"), "2026-07-28");
}

#[test]
fn the_client_of_the_ai_sdk_1_works() {
    let client = Client::node("@ai-sdk/mcp 1.0.101", "ai_sdk.mjs");
    check_everything(&client.mode("1"), "2025-11-25");
}

#[test]
fn typescript_sdk_1_works() {
    check_everything(
        &Client::node("@modelcontextprotocol/sdk 1.32.2", "sdk_1.mjs"),
        "2025-11-25",
    );
}

#[test]
fn the_inspector_works_without_a_handshake() {
    let client = Client::node("@modelcontextprotocol/inspector 2.12.0", "inspector.mjs");
    check_everything_on_the_way(&client.mode("modern"), "2026-07-28");
}

#[test]
fn the_inspector_works_with_a_handshake() {
    let client = Client::node("@modelcontextprotocol/inspector 2.12.0", "inspector.mjs");
    check_everything_on_the_way(&client.mode("legacy"), "2025-11-25");
}
