//! What was said of a task is true after the worst.

use super::{Client, assert_unknown};
use casemate_tests::{Gateway, guest};
use serde_json::json;
use std::{fs, path::Path, thread, time::Duration};

#[test]
fn a_task_is_known_after_a_kill_and_what_ran_is_failed_while_results_stay() {
    let mut gateway = Gateway::start();
    let server = gateway.server("killed");
    gateway.push(&server, guest("conformance"));
    let client = Client::of(&gateway, &server);
    let done = client.begin(
        "slow_compute",
        json!({ "seconds": 1, "label": "a private thing" }),
    );
    let result = client.wait_for(&done, "completed")["result"].clone();
    let asks = client.begin("confirm_delete", json!({ "filename": "a.txt" }));
    client.wait_for(&asks, "input_required");
    // As soon as its id is out.
    let ran = client.begin("slow_compute", json!({ "seconds": 20 }));
    gateway.kill9();
    assert!(
        !holds(&gateway.data_dir().join("tasks"), "private"),
        "results are sealed"
    );
    gateway.start_again();
    let client = Client::of(&gateway, &server);
    for task in [&ran, &asks] {
        let failed = client.get(task);
        assert_eq!(failed["status"], "failed", "{failed}");
        assert_eq!(failed["error"]["code"], -32603);
        let message = failed["error"]["message"].as_str().unwrap();
        assert!(message.contains("restarted"), "{message}");
    }
    assert_eq!(client.get(&done)["result"], result);
}

#[test]
fn a_gateway_that_is_asked_to_stop_lets_tasks_end_for_a_while_and_fails_the_rest() {
    let settings = "server.drain_ms = 1_500";
    let mut gateway = Gateway::builder().config(settings).start();
    let server = gateway.server("stopped");
    gateway.push(&server, guest("conformance"));
    let client = Client::of(&gateway, &server);
    let asks = client.begin("confirm_delete", json!({ "filename": "a.txt" }));
    client.wait_for(&asks, "input_required");
    let short = client.begin("slow_compute", json!({ "seconds": 1 }));
    let long = client.begin("slow_compute", json!({ "seconds": 20 }));
    assert!(gateway.stop().success());
    gateway.start_again();
    let client = Client::of(&gateway, &server);
    assert_eq!(client.get(&short)["status"], "completed");
    for task in [&long, &asks] {
        let failed = client.get(task);
        assert_eq!(failed["status"], "failed", "{failed}");
        let message = failed["statusMessage"].as_str().unwrap();
        assert!(message.contains("restarted"), "{message}");
    }
    let outcomes = gateway.await_outcomes(&server, "slow_compute", 2);
    assert!(outcomes.contains(&"cancelled".to_owned()), "{outcomes:?}");
}

#[test]
fn a_task_is_gone_when_its_time_is_over_and_so_is_what_came_of_it() {
    let settings = "tasks.keep_s = 6";
    let gateway = Gateway::builder().config(settings).start();
    let server = gateway.server("expires");
    gateway.push(&server, guest("conformance"));
    let client = Client::of(&gateway, &server);
    let done = client.begin("slow_compute", json!({ "seconds": 1 }));
    let running = client.begin("slow_compute", json!({ "seconds": 20 }));
    assert_eq!(client.wait_for(&done, "completed")["ttlMs"], 6_000);
    let folder = gateway.data_dir().join("tasks");
    assert_eq!(files(&folder), 1);
    thread::sleep(Duration::from_secs(6));
    for task in [&done, &running] {
        assert_unknown(&client.ask("tasks/get", task));
    }
    let mut outcomes = gateway.await_outcomes(&server, "slow_compute", 2);
    outcomes.sort();
    assert_eq!(outcomes, ["cancelled", "ok"]);
    thread::sleep(Duration::from_millis(1_500));
    assert_eq!(files(&folder), 0);
}

fn files(folder: &Path) -> usize {
    let inside = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    inside
        .map(|entry| {
            if entry.path().is_dir() {
                files(&entry.path())
            } else {
                1
            }
        })
        .sum()
}

fn holds(folder: &Path, text: &str) -> bool {
    let mut inside = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    inside.any(|path| {
        if path.is_dir() {
            return holds(&path, text);
        }
        String::from_utf8_lossy(&fs::read(path).unwrap()).contains(text)
    })
}
