//! A call ends soon after nobody wants it any more, and its record says what it had used.

use super::{ending, hostile, records};
use casemate_tests::{ADMIN_TOKEN, Gateway, SOON, Server, http::post, least_delay, mcp::Modern};
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

/// As in the configuration.
const DRAIN: Duration = Duration::from_millis(300);

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
    let made = key(&gateway);
    let lasting = gateway.modern(&other);
    let lasting =
        thread::spawn(move || ending(&lasting.call("nap", json!({ "milliseconds": 1_500 }))));
    let mut revoked = revoked_in_a_call(&gateway, &server, &made);
    let record = await_record(&gateway, &server);
    assert_eq!(record["outcome"], "key_revoked");
    assert_used_much(&record);
    assert_eq!(lasting.join().unwrap(), "ok", "another key is not touched");
    if revoked > SOON {
        revoked = least_delay(|| revoked_in_a_call(&gateway, &server, &key(&gateway)));
    }
    assert!(revoked <= SOON, "{revoked:?} after it was acknowledged");
}

fn key(gateway: &Gateway) -> Value {
    let made = ["key", "create", "short-lived", "-s", "revoked", "--json"];
    gateway.cli(made).ok().json()
}

/// Revokes a key while an endless call runs with it. Gives how long after the answer it ended.
fn revoked_in_a_call(gateway: &Gateway, server: &Server, key: &Value) -> Duration {
    let client = Modern::new(gateway.endpoint(server), key["key"].as_str().unwrap());
    let stopped = thread::spawn(move || {
        let reply = client.call("endless_loop", json!({}));
        (ending(&reply), Instant::now())
    });
    thread::sleep(Duration::from_millis(300));
    let id = key["id"].as_str().unwrap();
    let revoke = post(&gateway.admin_url(&format!("/v1/keys/{id}/revoke"))).bearer(ADMIN_TOKEN);
    let revoked = revoke.send();
    assert!(revoked.status < 300, "{revoked}");
    let acknowledged = Instant::now();
    let (ending, ended) = stopped.join().unwrap();
    assert_eq!(ending, "key_revoked", "{revoked}");
    ended.saturating_duration_since(acknowledged)
}

#[test]
fn a_call_whose_caller_goes_away_ends_and_its_record_says_what_it_used() {
    let gateway = patient();
    let server = hostile(&gateway, "gone");
    gateway.modern(&server).call("remember", json!({}));
    let opened = gateway.modern(&server).calling("endless_loop", json!({}));
    let request = opened.request().patience(Duration::from_millis(400));
    assert!(request.try_send().is_err(), "the client gives up");
    let record = await_record(&gateway, &server);
    assert_eq!(record["outcome"], "cancelled");
    assert_used_much(&record);
}

#[test]
fn stopping_the_gateway_gives_calls_their_time_and_then_stops_them_with_a_record() {
    let mut gateway = patient();
    let server = hostile(&gateway, "stopping");
    let late = least_delay(|| {
        let client = gateway.modern(&server);
        let call = thread::spawn(move || {
            let ending = ending(&client.call("endless_loop", json!({})));
            (ending, Instant::now())
        });
        thread::sleep(Duration::from_millis(300));
        let asked = Instant::now();
        gateway.terminate();
        let (ending, ended) = call.join().unwrap();
        assert_eq!(ending, "cancelled");
        assert!(gateway.wait().success());
        let took = ended - asked;
        assert!(took >= DRAIN, "{took:?}");
        gateway.start_again();
        took - DRAIN
    });
    assert!(late <= SOON, "{late:?} after the time it was given");
    let record = records(&gateway, &server, "endless_loop").pop().unwrap();
    assert_eq!(record["outcome"], "cancelled");
    assert_used_much(&record);
}
