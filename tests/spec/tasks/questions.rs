//! What a tool asks is asked before the task if it is asked at once, and else by the task.

use super::{Client, server};
use serde_json::{Value, json};

fn accepted(name: &str, value: Value) -> Value {
    json!({ "action": "accept", "content": { name: value } })
}

fn open(task: &Value) -> Vec<&str> {
    let questions = task["inputRequests"].as_object().unwrap();
    questions.keys().map(String::as_str).collect()
}

#[test]
fn a_task_asks_and_goes_on_when_everything_is_answered() {
    let (gateway, server) = server("asks");
    let client = Client::of(&gateway, &server);
    let task = client.begin("multi_input", json!({}));
    let asks = client.wait_for(&task, "input_required");
    let keys = open(&asks);
    assert_eq!(keys.len(), 2, "{asks}");
    for key in &keys {
        assert_eq!(asks["inputRequests"][key]["method"], "elicitation/create");
    }
    assert!(asks.get("requestState").is_none());
    let answer = json!({ "name": "Ada", "confirm": true });
    let answer = json!({ "action": "accept", "content": answer });
    // What nobody asked is heard and left out.
    client.answer(&task, json!({ "never asked": answer, keys[0]: answer }));
    let asks = client.get(&task);
    assert_eq!(asks["status"], "input_required");
    assert_eq!(open(&asks), [keys[1]]);
    client.answer(&task, json!({ keys[1]: answer }));
    let over = client.wait_for(&task, "completed");
    assert!(over["result"].get("isError").is_none(), "{over}");
    // One record for each round, as for any call that asks; one of them is the end.
    let outcomes = gateway.await_outcomes(&server, "multi_input", 2);
    assert_eq!(
        outcomes.iter().filter(|outcome| *outcome == "ok").count(),
        1
    );
}

#[test]
fn answers_of_another_shape_are_refused() {
    let (gateway, server) = server("asks-wrongly");
    let client = Client::of(&gateway, &server);
    let task = client.begin("confirm_delete", json!({ "filename": "a" }));
    client.wait_for(&task, "input_required");
    for answers in [json!(null), json!([]), json!({ "confirm": 7 })] {
        let params = json!({ "taskId": task, "inputResponses": answers });
        assert_eq!(client.message("tasks/update", params).send().code(), -32602);
    }
    assert_eq!(client.get(&task)["status"], "input_required");
    client.ask("tasks/cancel", &task);
    let over = client.wait_for(&task, "cancelled");
    assert!(over.get("inputRequests").is_none(), "{over}");
    client.answer(
        &task,
        json!({ "confirm": accepted("confirm", json!(true)) }),
    );
    assert_eq!(client.get(&task), over, "it is too late");
}

#[test]
fn what_is_asked_at_once_is_asked_before_there_is_a_task() {
    let (gateway, server) = server("asks-first");
    let client = Client::of(&gateway, &server);
    let first = client.call("test_tool_with_task", json!({}));
    let first = first.result();
    assert_eq!(first["resultType"], "input_required");
    assert!(first.get("taskId").is_none());
    let key = open(first)[0];
    let second = client
        .calling("test_tool_with_task", json!({}))
        .param(
            "inputResponses",
            json!({ key: accepted("name", json!("Alice")) }),
        )
        .param("requestState", first["requestState"].clone())
        .send();
    let task = second.result();
    assert_eq!(task["resultType"], "task", "{}", second.http);
    assert!(task.get("requestState").is_none());
    let over = client.wait_for(task["taskId"].as_str().unwrap(), "completed");
    assert!(over["result"].to_string().contains("Alice"), "{over}");
}
