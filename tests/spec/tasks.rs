//! A call that takes long becomes a task: durable before its client hears of it, its key's and its
//! server's alone, and stopped by whatever stops a call, except that its connection closes.

mod bounds;
mod ending;
mod lasting;
mod listening;
mod operating;
mod questions;

use casemate_tests::{
    Gateway, Server, Shared, guest,
    mcp::{Message, Modern, Reply},
};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

static GATEWAY: Shared<Gateway> = Shared::new(Gateway::start);

/// How long a test waits for what has to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server with tools that allow tasks, or want them.
fn server(name: &str) -> (Arc<Gateway>, Server) {
    let gateway = GATEWAY.get();
    let server = gateway.server(name);
    gateway.push(&server, guest("conformance"));
    (gateway, server)
}

/// A client that knows tasks, and can answer questions.
struct Client(Modern);

impl Client {
    fn of(gateway: &Gateway, server: &Server) -> Self {
        Self(gateway.modern(server))
    }

    fn message(&self, method: &str, params: Value) -> Message {
        let can =
            json!({ "elicitation": {}, "extensions": { "io.modelcontextprotocol/tasks": {} } });
        self.0.message(method, params).capabilities(can)
    }

    fn calling(&self, tool: &str, arguments: Value) -> Message {
        self.message(
            "tools/call",
            json!({ "name": tool, "arguments": arguments }),
        )
    }

    #[track_caller]
    fn call(&self, tool: &str, arguments: Value) -> Reply {
        self.calling(tool, arguments).send()
    }

    /// Calls a tool that takes long. Gives the id of the task.
    #[track_caller]
    fn begin(&self, tool: &str, arguments: Value) -> String {
        let reply = self.call(tool, arguments);
        assert_eq!(reply.result()["resultType"], "task", "{}", reply.http);
        reply.result()["taskId"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn ask(&self, method: &str, task: &str) -> Reply {
        let params = match method {
            "tasks/update" => json!({ "taskId": task, "inputResponses": {} }),
            _ => json!({ "taskId": task }),
        };
        self.message(method, params).send()
    }

    #[track_caller]
    fn get(&self, task: &str) -> Value {
        self.ask("tasks/get", task).result().clone()
    }

    #[track_caller]
    fn answer(&self, task: &str, answers: Value) {
        let params = json!({ "taskId": task, "inputResponses": answers });
        let reply = self.message("tasks/update", params).send();
        assert_heard(&reply);
    }

    /// Waits until a task has a status. Gives it as it is then.
    #[track_caller]
    fn wait_for(&self, task: &str, status: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.get(task);
            if found["status"] == status {
                return found;
            }
            assert!(Instant::now() < deadline, "it is not {status}: {found}");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// An acknowledgement says nothing of the task.
#[track_caller]
fn assert_heard(reply: &Reply) {
    let mut result = reply.result().clone();
    result.as_object_mut().unwrap().remove("_meta");
    assert_eq!(result, json!({ "resultType": "complete" }));
}

#[track_caller]
fn assert_unknown(reply: &Reply) {
    assert_eq!(
        (reply.status(), reply.code()),
        (200, -32602),
        "{}",
        reply.http
    );
    let message = reply.error()["message"].as_str().unwrap();
    assert!(message.starts_with("Task not found"), "{message}");
}

#[test]
fn a_quick_call_is_answered_at_once_and_a_slow_one_becomes_a_task() {
    let (gateway, server) = server("slow-and-quick");
    let client = Client::of(&gateway, &server);
    let quick = client.call("slow_compute", json!({ "seconds": 0 }));
    assert_eq!(quick.result()["resultType"], "complete");
    let asked = Instant::now();
    let slow = client.call("slow_compute", json!({ "seconds": 2 }));
    assert!(asked.elapsed() < Duration::from_millis(1_500));
    let created = slow.result();
    assert_eq!(
        (&created["resultType"], &created["status"]),
        (&json!("task"), &json!("working"))
    );
    assert_eq!(created["ttlMs"], 3_600_000);
    assert!(created["pollIntervalMs"].as_u64() >= Some(1_000));
    let task = created["taskId"].as_str().unwrap();
    assert_eq!(client.get(task)["status"], "working");
    let over = client.wait_for(task, "completed");
    assert_eq!(over["resultType"], "complete");
    assert_eq!(over["result"]["resultType"], "complete");
    assert!(over["result"]["content"][0]["text"].is_string(), "{over}");
    assert_eq!(over["createdAt"], created["createdAt"]);
    assert!(over.get("error").is_none() && over.get("requestState").is_none());
    // One call each.
    assert_eq!(
        gateway.await_outcomes(&server, "slow_compute", 2),
        ["ok", "ok"]
    );
}

#[test]
fn a_client_that_knows_no_tasks_waits_for_its_answer() {
    let (gateway, server) = server("knows-none");
    let call = gateway.modern(&server);
    let reply = call.call("slow_compute", json!({ "seconds": 1 }));
    assert_eq!(reply.result()["resultType"], "complete");
    let handshake = gateway.legacy(&server);
    for tool in ["slow_compute", "failing_job"] {
        let reply = handshake.call(tool, json!({ "seconds": 1 }));
        assert!(reply.result()["content"].is_array(), "{}", reply.http);
    }
}

#[test]
fn a_tool_that_must_be_a_task_always_is_one_and_who_knows_none_is_told_what_is_missing() {
    let (gateway, server) = server("must");
    let refused = gateway.modern(&server).call("failing_job", json!({}));
    assert_eq!((refused.status(), refused.code()), (400, -32021));
    assert_eq!(
        refused.error()["data"]["requiredCapabilities"],
        json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } })
    );
    assert!(
        gateway.records(&server, "failing_job").is_empty(),
        "nothing ran"
    );
    let client = Client::of(&gateway, &server);
    let task = client.begin("failing_job", json!({}));
    // That a tool failed is a result.
    let over = client.wait_for(&task, "completed");
    assert_eq!(over["result"]["isError"], true);
}

#[test]
fn what_is_said_of_tasks_repeats_the_id_in_a_header() {
    let (gateway, server) = server("header");
    let client = Client::of(&gateway, &server);
    let task = client.begin("slow_compute", json!({ "seconds": 20 }));
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let params = json!({ "taskId": task, "inputResponses": {} });
        let message = client.message(method, params);
        for wrong in [
            message.clone().without("Mcp-Name"),
            message.clone().with("Mcp-Name", "task_another"),
            message.with("Mcp-Method", "tools/call"),
        ] {
            let reply = wrong.send();
            assert_eq!((reply.status(), reply.code()), (400, -32020), "{method}");
        }
        assert_ne!(client.get(&task)["status"], "cancelled", "nothing was done");
        let reply = client.ask(method, &task);
        assert_eq!(reply.result()["resultType"], "complete", "{method}");
    }
}

#[test]
fn tasks_are_offered_where_they_are_spoken() {
    let (gateway, server) = server("offers");
    let modern = gateway.modern(&server).discover();
    let capabilities = &modern.result()["capabilities"];
    assert_eq!(
        capabilities["extensions"],
        json!({ "io.modelcontextprotocol/tasks": {} })
    );
    assert!(capabilities.get("tasks").is_none());
    let handshake = gateway.legacy(&server);
    let unknown = handshake.send("tasks/get", json!({ "taskId": "task_0" }));
    assert_eq!(unknown.code(), -32601);
}
