//! An operator sees tasks and ends them, and reads nothing of what they answer.

use super::{Client, server};
use serde_json::json;

#[test]
fn an_operator_lists_shows_and_cancels_tasks() {
    let (gateway, server) = server("operated");
    let client = Client::of(&gateway, &server);
    let done = client.begin(
        "slow_compute",
        json!({ "seconds": 1, "label": "a private thing" }),
    );
    client.wait_for(&done, "completed");
    let runs = client.begin("slow_compute", json!({ "seconds": 20 }));
    let listed = gateway
        .cli(["task", "list", "-s", "operated", "--json"])
        .ok();
    assert!(!listed.stdout.contains("private"), "{listed}");
    let listed = listed.json();
    let ids: Vec<_> = listed["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| task["id"].clone())
        .collect();
    assert_eq!(ids, [json!(runs), json!(done)], "the newest first");
    let working = [
        "task", "list", "-s", "operated", "--status", "working", "--json",
    ];
    let working = gateway.cli(working).ok().json();
    assert_eq!(working["tasks"][0]["id"], json!(runs));
    assert_eq!(working["tasks"].as_array().unwrap().len(), 1);
    let status = gateway.cli(["status", "--json"]).ok().json();
    assert!(status["open_tasks"].as_u64() >= Some(1));

    let shown = gateway.cli(["task", "show", &done, "--json"]).ok().json();
    assert_eq!(
        (&shown["tool"], &shown["status"]),
        (&json!("slow_compute"), &json!("completed"))
    );
    let call = gateway.records(&server, "slow_compute").pop().unwrap();
    assert_eq!(shown["call_id"], call["id"]);

    gateway.cli(["task", "cancel", &runs]).ok();
    let over = client.get(&runs);
    assert_eq!(
        over["status"], "cancelled",
        "it has ended when the command returns"
    );
    let message = over["statusMessage"].as_str().unwrap();
    assert!(message.contains("administrator"), "{message}");
    for command in ["show", "cancel"] {
        let missing = gateway.cli(["task", command, "task_0"]);
        assert_ne!(missing.code, 0);
        assert!(missing.stderr.contains("There is no task"), "{missing}");
    }
}
