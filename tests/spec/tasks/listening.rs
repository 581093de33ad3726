//! A client that listens is told of each change of its tasks.

use super::{Client, server};
use casemate_tests::mcp::{Events, Modern};
use serde_json::{Value, json};

const ID: &str = "io.modelcontextprotocol/subscriptionId";

fn listening(client: &Client, wanted: Value) -> Events {
    let params = json!({ "notifications": wanted });
    let message = client.message("subscriptions/listen", params);
    message.id(json!("stream")).stream()
}

#[test]
fn a_listener_is_told_how_its_task_goes_and_the_stream_ends_with_it() {
    let (gateway, server) = server("tells");
    let client = Client::of(&gateway, &server);
    let task = client.begin("confirm_delete", json!({ "filename": "a" }));
    let mut events = listening(&client, json!({ "taskIds": [task] }));
    let first = events.expect();
    assert_eq!(first["method"], "notifications/subscriptions/acknowledged");
    assert_eq!(
        first["params"]["notifications"],
        json!({ "taskIds": [task] })
    );
    let mut seen = Vec::new();
    let last = loop {
        let told = events.expect();
        if told.get("method").is_none() {
            break told;
        }
        assert_eq!(told["method"], "notifications/tasks", "{told}");
        let params = &told["params"];
        assert_eq!(
            (&params["_meta"][ID], &params["taskId"]),
            (&json!("stream"), &json!(task))
        );
        assert!(params.get("resultType").is_none());
        let status = params["status"].as_str().unwrap().to_owned();
        if status == "input_required" {
            let answer = json!({ "action": "accept", "content": { "confirm": true } });
            let keys = params["inputRequests"].as_object().unwrap().keys();
            let answers: Value = keys.map(|key| (key.clone(), answer.clone())).collect();
            client.answer(&task, answers);
        }
        if status == "completed" {
            assert_eq!(params["result"], client.get(&task)["result"]);
        }
        seen.push(status);
    };
    seen.dedup();
    assert_eq!(seen, ["working", "input_required", "working", "completed"]);
    assert_eq!(last["id"], "stream");
    assert_eq!(last["result"]["resultType"], "complete");
    assert!(events.next().is_none());
}

#[test]
fn nobody_is_told_of_the_tasks_of_others_or_without_knowing_tasks() {
    let (gateway, server) = server("tells-nobody");
    let client = Client::of(&gateway, &server);
    let task = client.begin("slow_compute", json!({ "seconds": 20 }));
    let other = gateway.key("tells-nobody");
    let other = Client(Modern::new(gateway.endpoint(&server), &other));
    let all: Vec<_> = listening(&other, json!({ "taskIds": [task] })).collect();
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(all[0]["params"]["notifications"], json!({}));
    let wanted = json!({ "notifications": { "taskIds": [task] } });
    let unknowing = gateway
        .modern(&server)
        .message("subscriptions/listen", wanted);
    let reply = unknowing.send();
    assert_eq!((reply.status(), reply.code()), (400, -32021));
    let many: Vec<_> = (0..65).map(|n| format!("task_{n}")).collect();
    let wanted = json!({ "notifications": { "taskIds": many } });
    let reply = client.message("subscriptions/listen", wanted).send();
    assert_eq!(reply.code(), -32602);
}

#[test]
fn a_listener_for_tools_too_goes_on_when_its_tasks_are_over() {
    let (gateway, server) = server("tells-both");
    let client = Client::of(&gateway, &server);
    let task = client.begin("slow_compute", json!({ "seconds": 1 }));
    let wanted = json!({ "taskIds": [task], "toolsListChanged": true });
    let mut events = listening(&client, wanted);
    while events.expect()["params"]["status"] != "completed" {}
    gateway.cli(["tool", "deactivate", "tells-both/greet"]).ok();
    assert_eq!(
        events.expect()["method"],
        "notifications/tools/list_changed"
    );
}
