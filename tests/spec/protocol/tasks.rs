//! Everything that the gateway can say of tasks, the extension of the stateless revision.

use super::{modern::answer, tape::Tape};
use casemate_tests::{
    Gateway, Server,
    mcp::{Message, Modern, Reply},
};
use serde_json::{Map, Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(20);

/// A client that knows tasks, and what it is told.
struct Client<'a> {
    client: Modern,
    tape: &'a mut Tape,
}

impl Client<'_> {
    fn message(&self, method: &str, params: Value) -> Message {
        let extensions = json!({ "io.modelcontextprotocol/tasks": {} });
        let can = json!({ "elicitation": {}, "extensions": extensions });
        self.client.message(method, params).capabilities(can)
    }

    /// Sends a request and keeps what is answered.
    fn ask(&mut self, method: &str, params: Value) -> Reply {
        let reply = self.message(method, params).send();
        self.tape.keep(Modern::VERSION, method, &reply);
        reply
    }

    /// Calls a tool that takes long. Gives the id of the task.
    fn begin(&mut self, tool: &str, arguments: Value) -> Value {
        let params = json!({ "name": tool, "arguments": arguments });
        let reply = self.ask("tools/call", params);
        assert_eq!(reply.result()["resultType"], "task", "{}", reply.http);
        reply.result()["taskId"].clone()
    }

    fn wait_for(&mut self, task: &Value, status: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.ask("tasks/get", json!({ "taskId": task })).result()["status"] != status {
            assert!(Instant::now() < deadline, "{task} is not {status}");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Says everything of tasks to a server and keeps what it answers.
pub(super) fn record(gateway: &Gateway, server: &Server, tape: &mut Tape) {
    let client = gateway.modern(server);
    let mut client = Client { client, tape };
    ask(&mut client);
    let task = client.begin("slow_compute", json!({ "seconds": 20 }));
    client.wait_for(&task, "working");
    client.ask("tasks/cancel", json!({ "taskId": task }));
    client.wait_for(&task, "cancelled");
    let task = client.begin("protocol_error_job", json!({}));
    client.wait_for(&task, "failed");
    client.ask("tasks/get", json!({ "taskId": "task_none" }));
}

/// A task that asks, and whoever listens is told how it goes.
fn ask(client: &mut Client<'_>) {
    const LISTEN: &str = "subscriptions/listen";
    let task = client.begin("confirm_delete", json!({ "filename": "a" }));
    let wanted = json!({ "notifications": { "taskIds": [task] } });
    for told in client.message(LISTEN, wanted).stream() {
        client.tape.keep_one(Modern::VERSION, LISTEN, &told);
        if told["params"]["status"] == "input_required" {
            client.wait_for(&task, "input_required");
            let questions = told["params"]["inputRequests"].as_object().unwrap().iter();
            let answers = questions.map(|(key, question)| (key.clone(), answer(question)));
            let answers: Map<_, _> = answers.collect();
            let params = json!({ "taskId": task, "inputResponses": answers });
            client.ask("tasks/update", params);
        }
    }
    client.wait_for(&task, "completed");
}
