//! A guest that tells its secret wherever the protocol lets a component say something: G24. What
//! arrives there is a mask, and nothing else.

use super::{
    scanner::Scanner,
    told::Told,
    upload::{deploy, upload},
};
use casemate_guest_forge::{Definition, Offers};
use casemate_tests::{
    Gateway, Server, Shared, guest,
    mcp::{Events, Legacy, Message, Modern, Reply},
};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

static GATEWAY: Shared<Gateway> = Shared::new(Gateway::start);

const VALUE: &str = "c4n4ry?>~told+in/many~?>places";
const MASK: &str = "[secret CANARY]";
const PATIENCE: Duration = Duration::from_secs(20);

/// A client that hears everything that is said.
struct Listener {
    gateway: Arc<Gateway>,
    server: Server,
    client: Modern,
    told: Told,
}

impl Listener {
    fn to(name: &str) -> Self {
        let listener = Self::to_nobody(name);
        let granted = ["--reveal-secret", "CANARY"];
        listener
            .gateway
            .push_with(&listener.server, guest("telling"), &granted);
        listener
    }

    /// To a server without tools, which has the secret.
    fn to_nobody(name: &str) -> Self {
        let gateway = GATEWAY.get();
        let server = gateway.server(name);
        gateway.secret(&server, "CANARY", VALUE);
        let client = gateway.modern(&server);
        Self {
            gateway,
            server,
            client,
            told: Told::default(),
        }
    }

    fn message(&self, method: &str, params: Value) -> Message {
        let can = json!({
            "elicitation": { "form": {}, "url": {} },
            "sampling": {},
            "extensions": { "io.modelcontextprotocol/tasks": {} },
        });
        self.client.message(method, params).capabilities(can)
    }

    fn hear(&mut self, message: &Message) -> Reply {
        let reply = message.send();
        self.told.reply(&reply);
        reply
    }

    fn ask(&mut self, method: &str, params: Value) -> Reply {
        let message = self.message(method, params);
        self.hear(&message)
    }

    fn call(&mut self, tool: &str, arguments: Value) -> Reply {
        self.ask(
            "tools/call",
            json!({ "name": tool, "arguments": arguments }),
        )
    }

    /// Calls a tool that takes its time, and waits until its task has a status.
    fn wait_for(&mut self, tool: &str, arguments: Value, status: &str) -> Value {
        let reply = self.call(tool, arguments);
        let task = reply.result()["taskId"].as_str();
        let task = task.unwrap_or_else(|| panic!("{}", reply.http)).to_owned();
        self.follow(&task, status)
    }

    fn follow(&mut self, task: &str, status: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.ask("tasks/get", json!({ "taskId": task }));
            if found.result()["status"] == status {
                return found.result().clone();
            }
            assert!(Instant::now() < deadline, "{}", found.http);
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Nobody was told the secret: no client, no administrator, no log.
    #[track_caller]
    fn assert_heard_only_masks(mut self) {
        for arguments in [["logs", "--json", "--log"], ["task", "list", "--json"]] {
            let all = arguments.into_iter().chain(["-s", &self.server.id]);
            self.told.text(&self.gateway.cli(all).ok().stdout);
        }
        self.told.text(&self.gateway.log());
        let scanner = Scanner::new(&[("CANARY".to_owned(), VALUE.to_owned())]);
        assert_eq!(scanner.found(self.told.bytes()), [""; 0]);
    }
}

/// The number of masks in what was said.
fn masks(said: &Value) -> usize {
    said.to_string().matches(MASK).count()
}

#[track_caller]
fn assert_notified(reply: &Reply) {
    let progress = reply.notifications("notifications/progress");
    assert_eq!(progress[0]["params"]["message"], MASK);
    let apart = progress[1]["params"]["message"].as_str().unwrap();
    assert!(apart.starts_with("c\u{fffd}4\u{fffd}n"), "{apart}");
    let lines = reply.notifications("notifications/message");
    let masked: Vec<_> = lines.iter().map(|line| masks(line)).collect();
    assert_eq!(masked, [2, 1, 1], "a line with a field, and two printed");
}

#[test]
fn notifications_and_answers_hold_masks() {
    let mut listener = Listener::to("notifications");
    let call = listener.message("tools/call", json!({ "name": "tells", "arguments": {} }));
    let call = call.meta("progressToken", json!(1));
    let reply = listener.hear(&call.meta("logLevel", json!("debug")));
    assert_notified(&reply);
    assert_eq!(masks(reply.structured()), 2, "a value and a key");
    assert!(reply.text().contains(MASK));
    let legacy = listener.gateway.legacy(&listener.server);
    legacy.send("logging/setLevel", json!({ "level": "debug" }));
    let meta = json!({ "progressToken": 1 });
    let params = json!({ "name": "tells", "arguments": {}, "_meta": meta });
    let reply = legacy.send("tools/call", params);
    listener.told.reply(&reply);
    assert_notified(&reply);
    listener.assert_heard_only_masks();
}

#[test]
fn failures_hold_masks() {
    let mut listener = Listener::to("failures");
    let failed = listener.call("fails", json!({}));
    assert!(failed.text().contains(MASK), "{}", failed.http);
    assert!(masks(failed.result()) >= 3, "{}", failed.http);
    let broken = listener.call("breaks", json!({}));
    assert_eq!(broken.error()["message"], MASK);
    let legacy = listener.gateway.legacy(&listener.server);
    for tool in ["fails", "breaks"] {
        let reply = legacy.call(tool, json!({}));
        assert!(masks(reply.message()) > 0, "{}", reply.http);
        listener.told.reply(&reply);
    }
    listener.assert_heard_only_masks();
}

#[test]
fn questions_hold_masks_and_so_does_what_is_said_after_them() {
    let mut listener = Listener::to("questions");
    let asked = listener.call("asks", json!({}));
    assert_eq!(asked.result()["resultType"], "input_required");
    let questions = asked.result()["inputRequests"].clone();
    for (kind, expected) in [("form", 3), ("page", 2), ("model", 1)] {
        assert_eq!(masks(&questions[kind]), expected, "{kind}: {questions}");
    }
    let again = json!({ "name": "asks", "arguments": {} });
    let again = listener
        .message("tools/call", again)
        .param("requestState", asked.result()["requestState"].clone())
        .param("inputResponses", json!({ "form": { "action": "decline" } }));
    let reply = listener.hear(&again);
    assert_eq!(reply.text(), MASK, "left by the round before");
    listener.assert_heard_only_masks();
}

#[test]
fn questions_on_a_stream_hold_masks() {
    let mut listener = Listener::to("stream");
    let endpoint = listener.gateway.endpoint(&listener.server);
    let can = json!({ "elicitation": {}, "sampling": {} });
    let client = Legacy::connect_with(endpoint, &listener.server.key, Legacy::NEWEST, can);
    let mut events = client.stream("tools/call", json!({ "name": "asks", "arguments": {} }));
    let answer = loop {
        let message = events.expect();
        listener.told.value(&message);
        if message.get("method").is_none() {
            break message;
        }
        assert!(masks(&message) > 0, "{message}");
        client.answer(&message, json!({ "action": "decline" }));
    };
    assert_eq!(masks(&answer), 1, "{answer}");
    listener.assert_heard_only_masks();
}

/// What a stream tells of one task, until it ends.
fn heard_of(listener: &mut Listener, task: &str) -> Vec<Value> {
    let wanted = json!({ "notifications": { "taskIds": [task] } });
    let events: Events = listener.message("subscriptions/listen", wanted).stream();
    let all: Vec<_> = events.collect();
    all.iter().for_each(|event| listener.told.value(event));
    all
}

#[test]
fn tasks_hold_masks() {
    let mut listener = Listener::to("tasks");
    let reply = listener.call("tells_late", json!({}));
    let task = reply.result()["taskId"].as_str().unwrap().to_owned();
    let all = heard_of(&mut listener, &task);
    assert!(all.iter().any(|event| masks(event) > 0), "{all:?}");
    assert_eq!(masks(&listener.follow(&task, "completed")["result"]), 1);
    let late = json!({ "late": true });
    let failed = listener.wait_for("fails", late.clone(), "completed");
    assert!(masks(&failed["result"]) >= 3, "{failed}");
    let broken = listener.wait_for("breaks", late.clone(), "failed");
    assert_eq!(masks(&broken["error"]), 1, "{broken}");
    let asked = listener.wait_for("asks", late, "input_required");
    assert!(masks(&asked["inputRequests"]) == 6, "{asked}");
    let task = asked["taskId"].as_str().unwrap().to_owned();
    let keys = asked["inputRequests"].as_object().unwrap().keys();
    let answers: Value = keys
        .map(|key| (key.clone(), json!({ "action": "decline" })))
        .collect();
    let params = json!({ "taskId": task, "inputResponses": answers });
    listener.ask("tasks/update", params);
    let over = listener.follow(&task, "completed");
    assert_eq!(masks(&over["result"]), 1, "{over}");
    let shown = listener.gateway.cli(["task", "show", &task, "--json"]);
    listener.told.text(&shown.ok().stdout);
    listener.assert_heard_only_masks();
}

#[test]
fn resources_and_prompts_hold_masks() {
    let mut listener = Listener::to("offers");
    for (uri, expected) in [("text", 1), ("place", 2)] {
        let read = listener.ask(
            "resources/read",
            json!({ "uri": format!("telling://{uri}") }),
        );
        assert_eq!(masks(read.message()), expected, "{uri}: {}", read.http);
    }
    let bytes = listener.ask("resources/read", json!({ "uri": "telling://bytes" }));
    // A mask between two bytes that are no text.
    assert_eq!(
        bytes.result()["contents"][0]["blob"],
        "/1tzZWNyZXQgQ0FOQVJZXf8="
    );
    // The words of the component are left out.
    let nothing = listener.ask("resources/read", json!({ "uri": "telling://nothing" }));
    assert_eq!(nothing.error()["message"], "Resource not found");
    let said = listener.ask("prompts/get", json!({ "name": "say" }));
    assert_eq!(masks(said.result()), 2, "{}", said.http);
    let refused = listener.ask("prompts/get", json!({ "name": "refuse" }));
    assert_eq!(masks(refused.message()), 1, "{}", refused.http);
    listener.assert_heard_only_masks();
}

#[test]
fn suggestions_are_masks() {
    let mut listener = Listener::to_nobody("suggestions");
    let mut definition = Definition::named("suggests");
    definition.secrets = vec!["CANARY".to_owned()];
    let mut guest = definition
        .guest()
        .import("secrets", "reveal", "(param i32 i32 i32)");
    let name = guest.text("CANARY");
    let mut offers = Offers::ordinary();
    offers.complete = format!(
        "(call $reveal {name} (i32.const 640))
         (i32.store (i32.const 24) (i32.const 256)) (i32.store (i32.const 28) (i32.const 1))
         (i32.store (i32.const 256) (i32.load (i32.const 644)))
         (i32.store (i32.const 260) (i32.load (i32.const 648)))
         (i32.const 16)"
    );
    let digest = upload(&listener.gateway, &offers.component_beside(guest)).unwrap();
    let grant = json!({ "secrets": [{ "name": "CANARY", "hosts": [], "reveal": true }] });
    let (gateway, server) = (&listener.gateway, &listener.server);
    deploy(gateway, server, "suggests", &digest, &grant);
    let params = json!({
        "ref": { "type": "ref/prompt", "name": "greet" },
        "argument": { "name": "who", "value": "" },
    });
    let reply = listener.ask("completion/complete", params);
    assert_eq!(reply.result()["completion"]["values"], json!([MASK]));
    listener.assert_heard_only_masks();
}
