//! Nobody fills memory or disk with tasks, and what can do without one goes on.

use super::Client;
use casemate_tests::{Gateway, Server, guest};
use serde_json::json;

fn bounded(settings: &str) -> (Gateway, Server) {
    let gateway = Gateway::builder().config(settings).start();
    let server = gateway.server("bounded");
    gateway.push(&server, guest("conformance"));
    (gateway, server)
}

/// What no room for another task means: to a tool that must be one, and to one that may.
#[track_caller]
fn assert_full(client: &Client, setting: &str) {
    let refused = client.call("failing_job", json!({}));
    assert_eq!(
        (refused.status(), refused.code()),
        (429, 429),
        "{}",
        refused.http
    );
    let message = refused.error()["message"].as_str().unwrap();
    assert!(message.contains(setting), "{message}");
    let waited = client.call("slow_compute", json!({ "seconds": 1 }));
    assert_eq!(waited.result()["resultType"], "complete");
}

#[test]
fn a_key_has_so_many_tasks_and_another_key_its_own() {
    let (gateway, server) = bounded("tasks.per_key = 2");
    let client = Client::of(&gateway, &server);
    for _ in 0..2 {
        client.begin("slow_compute", json!({ "seconds": 20 }));
    }
    assert_full(&client, "tasks.per_key");
    let other = gateway.key("bounded");
    let other = Client(casemate_tests::mcp::Modern::new(
        gateway.endpoint(&server),
        &other,
    ));
    other.begin("failing_job", json!({}));
}

#[test]
fn a_workspace_has_so_many_tasks_also_after_a_restart() {
    let (mut gateway, server) = bounded("tasks.per_workspace = 1");
    Client::of(&gateway, &server).begin("failing_job", json!({}));
    assert_full(&Client::of(&gateway, &server), "tasks.per_workspace");
    gateway.kill9();
    gateway.start_again();
    assert_full(&Client::of(&gateway, &server), "tasks.per_workspace");
}

#[test]
fn the_tasks_of_a_workspace_hold_so_much() {
    let (gateway, server) = bounded("tasks.bytes_per_workspace = 2_000");
    let client = Client::of(&gateway, &server);
    let large = json!({ "seconds": 20, "label": "x".repeat(1_500) });
    client.begin("slow_compute", large.clone());
    let waited = client.call(
        "slow_compute",
        json!({ "seconds": 1, "label": "x".repeat(1_500) }),
    );
    assert_eq!(waited.result()["resultType"], "complete");
    client.begin("failing_job", json!({}));
}

#[test]
fn how_long_a_call_may_take_before_it_is_a_task_is_a_setting() {
    let (gateway, server) = bounded("tasks.after_ms = 0");
    let client = Client::of(&gateway, &server);
    let task = client.begin("slow_compute", json!({ "seconds": 1 }));
    client.wait_for(&task, "completed");
    // Then all that is asked is asked by the task.
    let task = client.begin("test_tool_with_task", json!({}));
    client.wait_for(&task, "input_required");
    let (gateway, server) = bounded("tasks.after_ms = 20_000");
    let client = Client::of(&gateway, &server);
    let waited = client.call("slow_compute", json!({ "seconds": 1 }));
    assert_eq!(waited.result()["resultType"], "complete");
}
