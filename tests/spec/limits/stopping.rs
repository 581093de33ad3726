//! A call ends soon after nobody wants it any more, and its record says what it had used.

use super::{ending, hostile, records};
use casemate_tests::{Gateway, Server, mcp::Modern};
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Nothing but the test itself ends an endless call here.
fn patient() -> Gateway {
    Gateway::builder()
        .config("limits.fuel = 10_000_000_000_000\nlimits.wall_ms = 60_000\nserver.drain_ms = 300")
        .start()
}

/// The one record of the tool that was stopped, when it is there.
fn await_record(gateway: &Gateway, server: &Server) -> Value {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let mut found = records(gateway, server, "endless_loop");
        if let Some(record) = found.pop() {
            assert!(found.is_empty(), "one call, one record");
            return record;
        }
        assert!(Instant::now() < deadline, "no record");
        thread::sleep(Duration::from_millis(20));
    }
}

fn assert_used_much(record: &Value) {
    let receipt = &record["receipt"];
    for what in ["fuel", "cpu_us", "wall_us", "peak_memory_bytes"] {
        assert!(receipt[what].as_u64() > Some(10_000), "{what}: {record}");
    }
}

#[test]
fn revoking_a_key_stops_the_calls_that_run_with_it_and_no_others() {
    let gateway = patient();
    let server = hostile(&gateway, "revoked");
    let other = gateway.server("kept");
    gateway.push(&other, casemate_tests::guest("hostile"));
    let made = gateway
        .cli(["key", "create", "short-lived", "-s", "revoked", "--json"])
        .ok()
        .json();
    let client = Modern::new(gateway.endpoint(&server), made["key"].as_str().unwrap());
    thread::scope(|scope| {
        let stopped = scope.spawn(move || {
            let reply = client.call("endless_loop", json!({}));
            (ending(&reply), Instant::now())
        });
        let lasting = gateway.modern(&other);
        let lasting =
            scope.spawn(move || ending(&lasting.call("nap", json!({ "milliseconds": 1_500 }))));
        thread::sleep(Duration::from_millis(300));
        let revoked = gateway
            .cli(["key", "revoke", made["id"].as_str().unwrap()])
            .ok();
        let acknowledged = Instant::now();
        let (ending, ended) = stopped.join().unwrap();
        assert_eq!(ending, "key_revoked", "{revoked}");
        let late = ended.saturating_duration_since(acknowledged);
        assert!(
            late < Duration::from_millis(100),
            "{late:?} after it was acknowledged"
        );
        assert_eq!(lasting.join().unwrap(), "ok", "another key is not touched");
    });
    let record = await_record(&gateway, &server);
    assert_eq!(record["outcome"], "key_revoked");
    assert_used_much(&record);
}

#[test]
fn a_call_whose_caller_goes_away_ends_and_its_record_says_what_it_used() {
    let gateway = patient();
    let server = hostile(&gateway, "gone");
    let opened = gateway.modern(&server).calling("endless_loop", json!({}));
    let client = gateway.modern(&server);
    client.call("remember", json!({}));
    let abandoned = thread::spawn(move || {
        let request = opened.request();
        request
            .patience(Duration::from_millis(400))
            .try_send()
            .map(|_| ())
    });
    assert!(abandoned.join().unwrap().is_err(), "the client gave up");
    let gave_up = Instant::now();
    let record = await_record(&gateway, &server);
    assert_eq!(record["outcome"], "cancelled");
    assert_used_much(&record);
    let wall = Duration::from_micros(record["receipt"]["wall_us"].as_u64().unwrap());
    assert!(
        wall < Duration::from_millis(600),
        "{wall:?}, seen {:?} later",
        gave_up.elapsed()
    );
}

#[test]
fn stopping_the_gateway_gives_calls_their_time_and_then_stops_them_with_a_record() {
    let mut gateway = patient();
    let server = hostile(&gateway, "stopping");
    let client = gateway.modern(&server);
    let call = thread::spawn(move || ending(&client.call("endless_loop", json!({}))));
    thread::sleep(Duration::from_millis(300));
    let asked = Instant::now();
    gateway.terminate();
    assert_eq!(call.join().unwrap(), "cancelled");
    assert!(gateway.wait().success());
    let took = asked.elapsed();
    assert!(
        took >= Duration::from_millis(300) && took < Duration::from_millis(1_300),
        "{took:?}"
    );
    gateway.start_again();
    let record = await_record(&gateway, &server);
    assert_eq!(record["outcome"], "cancelled");
    assert_used_much(&record);
}
