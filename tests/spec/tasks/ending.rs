//! Who ends a task, and who cannot.

use super::{Client, assert_heard, assert_unknown, server};
use casemate_tests::{ADMIN_TOKEN, Gateway, Server, guest, http, mcp::Modern};
use serde_json::json;
use std::{
    io::{BufRead, BufReader, Lines, Read},
    time::{Duration, Instant},
};

/// The calls of a server as they end: a sandbox that runs on has no record yet.
fn ends(gateway: &Gateway, server: &Server) -> Lines<BufReader<Box<dyn Read + Send>>> {
    let calls = gateway.admin_url(&format!("/v1/calls/stream?server={}", server.id));
    let calls = http::get(&calls).bearer(ADMIN_TOKEN).open();
    BufReader::new(calls.into_reader()).lines()
}

#[test]
fn cancelling_a_task_stops_its_sandbox_within_a_tenth_of_a_second() {
    let (gateway, server) = server("cancels");
    let client = Client::of(&gateway, &server);
    let mut ended = ends(&gateway, &server);
    let task = client.begin("slow_compute", json!({ "seconds": 20 }));
    let asked = Instant::now();
    let heard = client.ask("tasks/cancel", &task);
    let record = ended.next().unwrap().unwrap();
    let late = asked.elapsed();
    assert!(late < Duration::from_millis(100), "{late:?}: {record}");
    assert_heard(&heard);
    let over = client.wait_for(&task, "cancelled");
    assert!(over.get("result").is_none() && over.get("error").is_none());
    let records = gateway.await_outcomes(&server, "slow_compute", 1);
    assert_eq!(records, ["cancelled"], "one call, one record");
    // Again, and again in vain.
    assert_heard(&client.ask("tasks/cancel", &task));
    assert_eq!(client.get(&task)["status"], "cancelled");
}

#[test]
fn cancelling_what_is_over_changes_nothing() {
    let (gateway, server) = server("cancels-late");
    let client = Client::of(&gateway, &server);
    let task = client.begin("slow_compute", json!({ "seconds": 1 }));
    let over = client.wait_for(&task, "completed");
    assert_heard(&client.ask("tasks/cancel", &task));
    assert_eq!(client.get(&task), over);
}

#[test]
fn a_task_is_unknown_to_other_keys_and_on_other_servers_like_one_that_never_was() {
    let (gateway, here) = server("mine");
    let there = gateway.server_in(&here.workspace, "not-mine");
    gateway.push(&there, guest("conformance"));
    let client = Client::of(&gateway, &here);
    let task = client.begin("slow_compute", json!({ "seconds": 20 }));
    let both = [
        "key", "create", "both", "-s", "mine", "-s", "not-mine", "--json",
    ];
    let both = gateway.cli(both).ok().json();
    let both = both["key"].as_str().unwrap();
    let other_key = Client(Modern::new(gateway.endpoint(&here), both));
    let elsewhere = Client(Modern::new(gateway.endpoint(&there), both));
    let never = "task_00000000000000000000000000000000";
    let words = |client: &Client, method, task| {
        let reply = client.ask(method, task);
        assert_unknown(&reply);
        reply.error().to_string()
    };
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let said = words(&client, method, never);
        for client in [&other_key, &elsewhere] {
            assert_eq!(words(client, method, &task), said);
        }
        assert_eq!(words(&client, method, "no id at all"), said);
    }
    assert_eq!(client.get(&task)["status"], "working", "nobody stopped it");
    // The same key on another server.
    let mine = other_key.begin("slow_compute", json!({ "seconds": 20 }));
    assert_unknown(&elsewhere.ask("tasks/get", &mine));
    assert_eq!(other_key.get(&mine)["status"], "working");
}

#[test]
fn revoking_the_key_stops_its_tasks() {
    let (gateway, server) = server("revoked-tasks");
    let made = ["key", "create", "short", "-s", "revoked-tasks", "--json"];
    let made = gateway.cli(made).ok().json();
    let key = made["key"].as_str().unwrap();
    let client = Client(Modern::new(gateway.endpoint(&server), key));
    let runs = client.begin("slow_compute", json!({ "seconds": 20 }));
    let asks = client.begin("confirm_delete", json!({ "filename": "a" }));
    client.wait_for(&asks, "input_required");
    let kept = Client::of(&gateway, &server);
    let other = kept.begin("slow_compute", json!({ "seconds": 20 }));
    gateway
        .cli(["key", "revoke", made["id"].as_str().unwrap()])
        .ok();
    assert_eq!(
        gateway.await_outcomes(&server, "slow_compute", 1),
        ["key_revoked"]
    );
    for task in [&runs, &asks] {
        let shown = gateway.cli(["task", "show", task, "--json"]).ok().json();
        assert_eq!(shown["status"], "cancelled", "{shown}");
    }
    assert_eq!(
        kept.get(&other)["status"],
        "working",
        "another key is not touched"
    );
}

#[test]
fn switching_the_server_off_stops_its_tasks() {
    let (gateway, server) = server("switched-off");
    let client = Client::of(&gateway, &server);
    let task = client.begin("slow_compute", json!({ "seconds": 20 }));
    gateway.cli(["server", "deactivate", "switched-off"]).ok();
    assert_eq!(
        gateway.await_outcomes(&server, "slow_compute", 1),
        ["cancelled"]
    );
    gateway.cli(["server", "activate", "switched-off"]).ok();
    let over = client.wait_for(&task, "cancelled");
    let message = over["statusMessage"].as_str().unwrap();
    assert!(message.contains("switched off"), "{message}");
}

#[test]
fn until_it_is_a_task_a_call_is_cancelled_by_closing_its_connection_and_then_no_more() {
    let (gateway, server) = server("closes-tasks");
    let client = Client::of(&gateway, &server);
    let call = || {
        client
            .calling("slow_compute", json!({ "seconds": 2 }))
            .request()
    };
    let hasty = call().patience(Duration::from_millis(200)).try_send();
    assert!(hasty.is_err(), "the client gave up");
    assert_eq!(
        gateway.await_outcomes(&server, "slow_compute", 1),
        ["cancelled"]
    );
    let reply = call().send().json();
    let task = reply["result"]["taskId"].as_str().unwrap();
    client.wait_for(task, "completed");
}
