//! Each call runs in a fresh sandbox within limits, and harms nobody.
//!
//! Every limit is shown twice: with it, the guest is stopped for exactly that reason; with the
//! limit out of the way, the same guest goes on to the next thing that stops it, or to its end.

use casemate_tests::{Gateway, Server, Shared, guest, mcp::Reply};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Tight limits, so that tests are quick.
static TIGHT: Shared<Gateway> = Shared::new(|| {
    Gateway::builder()
        .config(
            "limits.fuel = 300_000_000\nlimits.wall_ms = 2_000\nlimits.memory_bytes = 16_777_216",
        )
        .start()
});

fn hostile(gateway: &Gateway, name: &str) -> Server {
    let server = gateway.server(name);
    gateway.push(&server, guest("hostile"));
    server
}

/// The word for how a call ended, as a client's program reads it.
#[track_caller]
fn code(reply: &Reply) -> String {
    assert!(reply.is_tool_error(), "{}", reply.http);
    let meta = &reply.result()["_meta"];
    let code = meta
        .as_object()
        .and_then(|meta| meta.iter().find(|(name, _)| name.ends_with("/error")));
    code.unwrap_or_else(|| panic!("no error in {meta}")).1["code"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The newest record of a server's calls.
#[track_caller]
fn last_record(gateway: &Gateway, server: &Server) -> Value {
    let logged = gateway.cli(["logs", "-s", &server.id, "--json"]).ok();
    let last = logged
        .stdout
        .lines()
        .last()
        .unwrap_or_else(|| panic!("no records: {logged}"));
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {logged}"))
}

#[track_caller]
fn assert_stopped(gateway: &Gateway, server: &Server, tool: &str, reason: &str) {
    assert_stopped_with(gateway, server, tool, json!({}), reason);
}

#[track_caller]
fn assert_stopped_with(
    gateway: &Gateway,
    server: &Server,
    tool: &str,
    arguments: Value,
    reason: &str,
) {
    let client = gateway.modern(server);
    let start = Instant::now();
    let reply = client.call(tool, arguments);
    assert_eq!(code(&reply), reason, "{}", reply.http);
    assert!(!reply.text().is_empty());
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "it took {:?}",
        start.elapsed()
    );
    let record = last_record(gateway, server);
    assert_eq!(
        (&record["tool"], &record["outcome"]),
        (&json!(tool), &json!(reason))
    );
    let next = client.call("remember", json!({}));
    assert!(!next.is_tool_error(), "the next call works: {}", next.http);
}

#[test]
fn an_endless_loop_is_stopped_when_its_fuel_is_used_up() {
    let gateway = TIGHT.get();
    let server = hostile(&gateway, "loops");
    assert_stopped(&gateway, &server, "endless_loop", "fuel_exhausted");
}

#[test]
fn with_fuel_enough_an_endless_loop_runs_into_the_deadline() {
    let gateway = Gateway::builder()
        .config("limits.fuel = 1_000_000_000_000\nlimits.wall_ms = 300")
        .start();
    let server = hostile(&gateway, "loops-on");
    let start = Instant::now();
    assert_stopped(&gateway, &server, "endless_loop", "deadline_exceeded");
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[test]
fn a_memory_bomb_is_stopped_at_its_limit() {
    let gateway = TIGHT.get();
    let server = hostile(&gateway, "bombs");
    assert_stopped(&gateway, &server, "memory_bomb", "memory_limit");
    let peak = last_bomb(&gateway, &server)["receipt"]["peak_memory_bytes"]
        .as_u64()
        .unwrap();
    assert!(peak <= 16 << 20, "it held {peak} bytes");
}

#[test]
fn with_a_higher_limit_the_same_bomb_gets_further() {
    let gateway = Gateway::builder()
        .config("limits.memory_bytes = 134_217_728")
        .start();
    let server = hostile(&gateway, "bombs-on");
    assert_stopped(&gateway, &server, "memory_bomb", "memory_limit");
    let peak = last_bomb(&gateway, &server)["receipt"]["peak_memory_bytes"]
        .as_u64()
        .unwrap();
    assert!(peak > 64 << 20, "it held only {peak} bytes");
}

fn last_bomb(gateway: &Gateway, server: &Server) -> Value {
    let logged = gateway
        .cli(["logs", "-s", &server.id, "--tool", "memory_bomb", "--json"])
        .ok();
    serde_json::from_str(logged.stdout.lines().last().unwrap()).unwrap()
}

#[test]
fn a_crash_is_told_apart_and_its_last_words_are_in_the_log() {
    let gateway = TIGHT.get();
    let server = hostile(&gateway, "crashes");
    let reply = gateway.modern(&server).call("crash", json!({}));
    assert_eq!(code(&reply), "trap");
    let record = last_record(&gateway, &server);
    assert!(record["log"].to_string().contains("panicked"), "{record}");
    assert!(
        !reply.http.text().contains("panicked"),
        "what a crash says stays in the log"
    );
}

#[test]
fn a_missing_secret_is_named_before_the_tool_runs() {
    let gateway = TIGHT.get();
    let server = hostile(&gateway, "secrets");
    assert_stopped(&gateway, &server, "wants_secret", "secret_denied");
    let ungranted = gateway.modern(&server).call("wants_secret", json!({}));
    assert!(
        ungranted.text().contains("MISSING_SECRET"),
        "{}",
        ungranted.text()
    );
    assert!(
        ungranted.text().contains("--grant-secret"),
        "{}",
        ungranted.text()
    );
    gateway.push_with(
        &server,
        guest("hostile"),
        &["--grant-secret", "MISSING_SECRET"],
    );
    let unset = gateway.modern(&server).call("wants_secret", json!({}));
    assert_eq!(code(&unset), "secret_denied");
    assert!(
        unset.text().contains("casemate secret set MISSING_SECRET"),
        "{}",
        unset.text()
    );
    gateway.secret(&server, "MISSING_SECRET", "now it is there");
    let reply = gateway.modern(&server).call("wants_secret", json!({}));
    assert!(!reply.is_tool_error(), "{}", reply.http);
}

#[test]
fn nothing_is_remembered_from_one_call_to_the_next() {
    let gateway = TIGHT.get();
    let server = hostile(&gateway, "forgets");
    let client = gateway.modern(&server);
    let answers: Vec<_> = (0..3)
        .map(|_| client.call("remember", json!({})).text())
        .collect();
    assert!(
        answers.iter().all(|answer| answer == &answers[0]),
        "{answers:?}"
    );
    assert!(answers[0].contains('1'), "{answers:?}");
}

#[test]
fn an_answer_that_is_too_large_is_withheld() {
    let gateway = TIGHT.get();
    let server = hostile(&gateway, "shouts");
    let ask = |characters: u32| json!({ "characters": characters });
    assert_stopped_with(
        &gateway,
        &server,
        "big_output",
        ask(4_000_000),
        "output_too_large",
    );
    let small = gateway.modern(&server).call("big_output", ask(500_000));
    assert_eq!(small.text().len(), 500_000, "below the limit it arrives");
}

#[test]
fn a_flood_of_log_lines_is_cut_and_counted() {
    let gateway = TIGHT.get();
    let server = hostile(&gateway, "floods");
    gateway
        .modern(&server)
        .call("log_flood", json!({ "lines": 5_000 }));
    let record = last_record(&gateway, &server);
    assert!(record["log_dropped"].as_u64().unwrap() > 0, "{record}");
    assert!(record["log"].to_string().len() < 256 << 10);
}

#[test]
fn quick_calls_beside_endless_ones_stay_quick() {
    let gateway = Gateway::builder()
        .config("limits.fuel = 1_000_000_000_000\nlimits.wall_ms = 3_000")
        .start();
    let server = hostile(&gateway, "neighbors");
    gateway.modern(&server).call("remember", json!({}));
    std::thread::scope(|scope| {
        let hogs: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| gateway.modern(&server).call("endless_loop", json!({}))))
            .collect();
        std::thread::sleep(Duration::from_millis(300));
        for _ in 0..20 {
            let start = Instant::now();
            let reply = gateway.modern(&server).call("remember", json!({}));
            assert!(!reply.is_tool_error(), "{}", reply.http);
            assert!(
                start.elapsed() < Duration::from_secs(1),
                "it took {:?}",
                start.elapsed()
            );
        }
        assert!(
            hogs.iter().all(|hog| !hog.is_finished()),
            "the endless ones were still running"
        );
        for hog in hogs {
            assert_eq!(code(&hog.join().unwrap()), "deadline_exceeded");
        }
    });
}
