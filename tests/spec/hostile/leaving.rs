//! Clients that leave in the middle of a call: G11.

use super::{
    family::Bench,
    upload::{deploy, records, upload},
};
use casemate_guest_forge::Guest;
use casemate_tests::{SOON, least_delay};
use serde_json::{Value, json};
use std::{
    io::Write,
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

/// A gateway with a tool that computes for ever, one that waits for ever, and one that asks the
/// host for ever.
fn bench() -> Bench {
    let bench = Bench::start(
        "leaving",
        &[
            ("limits.fuel", 10_000_000_000_000),
            ("limits.wall_ms", 20_000),
            ("limits.host_calls", 1_000_000_000),
        ],
    );
    let computes = Guest::named("computes").call("(loop $l (br $l)) (i32.const 16)");
    let waits = Guest::named("waits")
        .wasi(
            "wasi:clocks/monotonic-clock",
            "subscribe-duration",
            "(param i64) (result i32)",
        )
        .wasi("wasi:io/poll", "[method]pollable.block", "(param i32)")
        .call("(call $pollable-block (call $subscribe-duration (i64.const -1))) (i32.const 16)");
    let asks = Guest::named("asks")
        .import("cancellation", "remaining-ms", "(result i64)")
        .call("(loop $l (drop (call $remaining-ms)) (br $l)) (i32.const 16)");
    for (tool, wasm) in [("computes", computes), ("waits", waits), ("asks", asks)] {
        let digest = upload(&bench.gateway, &wasm).unwrap();
        deploy(&bench.gateway, &bench.server, tool, &digest, &json!({}));
    }
    bench
}

/// Sends a call and closes the connection while it runs. Gives its record, once it is there.
pub(super) fn leave(bench: &Bench, tool: &str) -> (Value, Duration) {
    let known = records(&bench.gateway, &bench.server).len();
    let message = bench.gateway.modern(&bench.server).calling(tool, json!({}));
    let body = message.body().to_string();
    let mut stream = TcpStream::connect(bench.gateway.mcp_addr()).unwrap();
    let head = [
        format!("POST /mcp/{} HTTP/1.1", bench.server.id),
        format!("Host: {}", bench.gateway.mcp_addr()),
        format!("Authorization: Bearer {}", bench.server.key),
        "Accept: application/json, text/event-stream".to_owned(),
        "Content-Type: application/json".to_owned(),
        "MCP-Protocol-Version: 2026-07-28".to_owned(),
        "Mcp-Method: tools/call".to_owned(),
        format!("Mcp-Name: {tool}"),
        format!("Content-Length: {}", body.len()),
    ];
    write!(stream, "{}\r\n\r\n{body}", head.join("\r\n")).unwrap();
    // Long enough for the call to run.
    thread::sleep(Duration::from_millis(300));
    drop(stream);
    let left = Instant::now();
    loop {
        if let Some(record) = records(&bench.gateway, &bench.server).get(known) {
            return (record.clone(), left.elapsed());
        }
        assert!(
            left.elapsed() < Duration::from_secs(15),
            "no record of {tool}"
        );
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_call_whose_client_leaves_ends_soon_and_is_recorded_as_cancelled() {
    let bench = bench();
    for tool in ["computes", "waits", "asks"] {
        let mut left = 0;
        let after = least_delay(|| {
            left += 1;
            let (record, after) = leave(&bench, tool);
            println!("G11 {tool}: {} after {after:?}", record["outcome"]);
            assert_eq!(record["outcome"], "cancelled", "{record}");
            assert_eq!(record["tool"], tool);
            after
        });
        assert!(after <= SOON, "{tool} went on for {after:?}");
        let records = records(&bench.gateway, &bench.server);
        let of_tool = records.iter().filter(|record| record["tool"] == tool);
        assert_eq!(of_tool.count(), left, "one record for each call");
    }
    bench.assert_unharmed();
}

#[test]
fn control_a_call_whose_client_stays_runs_to_its_limit() {
    let bench = Bench::start(
        "staying",
        &[("limits.fuel", 10_000_000_000_000), ("limits.wall_ms", 500)],
    );
    let seen = bench.send(
        "stays",
        &Guest::named("stays").call("(loop $l (br $l)) (i32.const 16)"),
    );
    assert!(
        matches!(&seen, super::row::Seen::Stopped(kind) if kind == "deadline_exceeded"),
        "{seen}"
    );
}
