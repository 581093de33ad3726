//! Prompts of a component are listed and filled in like its tools are called.

use crate::resources::made;
use casemate_guest_forge::Offers;
use casemate_tests::{
    Gateway, Server, Shared, guest,
    mcp::{Legacy, Message, Modern, Reply},
};
use serde_json::{Value, json};
use std::sync::Arc;

static GATEWAY: Shared<Gateway> = Shared::new(Gateway::start);

const SIMPLE: &str = "test_simple_prompt";
const FILLED: &str = "test_prompt_with_arguments";
const ASKING: &str = "test_input_required_result_prompt";

fn guest_server(name: &str) -> (Arc<Gateway>, Server) {
    let gateway = GATEWAY.get();
    let server = gateway.server(name);
    gateway.push(&server, guest("conformance"));
    (gateway, server)
}

fn getting(client: &Modern, name: &str, arguments: Value) -> Message {
    client.message(
        "prompts/get",
        json!({ "name": name, "arguments": arguments }),
    )
}

#[track_caller]
fn text(reply: &Reply) -> &str {
    let text = reply.result()["messages"][0]["content"]["text"].as_str();
    text.unwrap_or_else(|| panic!("no text: {}", reply.http))
}

#[test]
fn prompts_are_listed_with_their_arguments() {
    let (gateway, server) = guest_server("lists-prompts");
    let client = gateway.modern(&server);
    let listed = client.message("prompts/list", json!({})).send();
    assert_eq!(listed.result()["cacheScope"], "private");
    let prompts = listed.result()["prompts"].as_array().unwrap();
    let filled = prompts.iter().find(|one| one["name"] == FILLED).unwrap();
    assert_eq!(filled["title"], "With arguments");
    assert_eq!(
        filled["arguments"],
        json!([
            { "name": "arg1", "title": "First", "description": "First test argument", "required": true },
            { "name": "arg2", "description": "Second test argument", "required": true },
        ])
    );
    let oldest = Legacy::connect(gateway.endpoint(&server), &server.key, "2024-11-05");
    let listed = oldest.send("prompts/list", json!({}));
    let prompts = listed.result()["prompts"].as_array().unwrap();
    let filled = prompts.iter().find(|one| one["name"] == FILLED).unwrap();
    assert_eq!(
        (filled.get("title"), filled["arguments"][0].get("title")),
        (None, None)
    );
    assert_eq!(
        oldest.greeting().result()["capabilities"]["prompts"],
        json!({ "listChanged": true })
    );
}

#[test]
fn a_prompt_is_filled_in_with_its_arguments() {
    let (gateway, server) = guest_server("fills-in");
    let client = gateway.modern(&server);
    let simple = client
        .message("prompts/get", json!({ "name": SIMPLE }))
        .send();
    assert_eq!(simple.result()["messages"][0]["role"], "user");
    assert_eq!(text(&simple), "This is a simple prompt for testing.");
    assert_eq!(simple.result()["resultType"], "complete");
    let arguments = json!({ "arg1": "a \"quoted\" word", "arg2": "天気" });
    let said = "Prompt with arguments: arg1='a \"quoted\" word', arg2='天気'";
    assert_eq!(
        text(&getting(&client, FILLED, arguments.clone()).send()),
        said
    );
    for version in Legacy::VERSIONS {
        let legacy = Legacy::connect(gateway.endpoint(&server), &server.key, version);
        let params = json!({ "name": FILLED, "arguments": arguments });
        let reply = legacy.send("prompts/get", params);
        assert_eq!(text(&reply), said);
        assert_eq!(reply.result().get("resultType"), None);
    }
}

#[test]
fn wrong_requests_are_refused_before_anything_runs() {
    let (gateway, server) = guest_server("refuses-prompts");
    let client = gateway.modern(&server);
    let missing = getting(&client, FILLED, json!({ "arg1": "a" })).send();
    assert_eq!((missing.status(), missing.code()), (200, -32602));
    let message = missing.error()["message"].as_str().unwrap();
    assert!(message.contains("`arg2`"), "{message}");
    for (name, arguments, says) in [
        ("nothing", json!({}), "nothing"),
        (FILLED, json!({ "arg1": 1, "arg2": "b" }), "arg1"),
        (FILLED, json!(["arg1"]), "arguments"),
    ] {
        let refused = getting(&client, name, arguments).send();
        assert_eq!((refused.status(), refused.code()), (200, -32602), "{says}");
        let message = refused.error()["message"].as_str().unwrap();
        assert!(message.contains(says), "{message}");
    }
    let other = getting(&client, SIMPLE, json!({}))
        .with("Mcp-Name", FILLED)
        .send();
    assert_eq!((other.status(), other.code()), (400, -32020));
    let legacy = gateway.legacy(&server);
    let missing = legacy.send("prompts/get", json!({ "name": FILLED }));
    assert_eq!((missing.status(), missing.code()), (200, -32602));
}

#[test]
fn a_prompt_that_asks_is_filled_in_with_the_answer() {
    let (gateway, server) = guest_server("asks-prompts");
    let able = json!({ "elicitation": {} });
    let client = gateway.modern(&server);
    let first = getting(&client, ASKING, json!({}))
        .capabilities(able.clone())
        .send();
    assert_eq!(first.result()["resultType"], "input_required");
    let answer = json!({ "action": "accept", "content": { "context": "a test" } });
    let answers = json!({ "user_context": answer });
    let again = getting(&client, ASKING, json!({}))
        .capabilities(able)
        .param("inputResponses", answers);
    assert_eq!(text(&again.send()), "Use this context: \"a test\"");
    let can = json!({ "elicitation": {} });
    let (url, version) = (gateway.endpoint(&server), "2025-06-18");
    let legacy = Legacy::connect_with(url, &server.key, version, can);
    let mut events = legacy.stream("prompts/get", json!({ "name": ASKING }));
    let question = events.expect();
    assert_eq!(question["method"], "elicitation/create");
    legacy.answer(&question, answer);
    let ended = events.expect();
    let content = &ended["result"]["messages"][0]["content"];
    assert_eq!(content["text"], "Use this context: \"a test\"", "{ended}");
    let silent = gateway.legacy(&server);
    let unanswerable = silent.send("prompts/get", json!({ "name": ASKING }));
    assert_eq!(unanswerable.code(), -32602, "{}", unanswerable.http);
    let message = unanswerable.error()["message"].as_str().unwrap();
    assert!(message.contains("What context"), "{message}");
}

#[test]
fn the_state_of_a_prompt_is_of_no_use_to_another() {
    let (gateway, server) = guest_server("seals-prompts");
    let client = gateway.modern(&server);
    let forged = getting(&client, ASKING, json!({})).param("requestState", json!("made up"));
    assert_eq!(forged.send().code(), -32602);
}

#[test]
fn prompts_are_recorded_and_bounded_like_calls() {
    let (gateway, server) = guest_server("records-prompts");
    let client = gateway.modern(&server);
    let arguments = |text: &str| json!({ "arg1": text, "arg2": "private word" });
    getting(&client, FILLED, arguments("a")).send().result();
    gateway
        .cli(["limits", "set", "-s", &server.id, "input_bytes=1KiB"])
        .ok();
    let large = getting(&client, FILLED, arguments(&"a".repeat(2_000))).send();
    assert_eq!(large.code(), -32602, "{}", large.http);
    let logged = gateway
        .cli(["logs", "--json", "-s", &server.id, "--prompt", FILLED])
        .ok();
    let records: Vec<Value> = logged
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let outcomes: Vec<_> = records
        .iter()
        .map(|one| one["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["ok", "input_rejected"]);
    assert_eq!(records[0]["prompt"], FILLED);
    assert!(records[0]["receipt"]["bytes_in"].as_u64().unwrap() > 10);
    assert!(
        !logged.stdout.contains("private word"),
        "arguments are not recorded"
    );
}

#[test]
fn a_component_needs_no_tools_to_have_prompts() {
    let gateway = GATEWAY.get();
    let server = gateway.server("prompts-only");
    let path = gateway.scratch().join("prompts-only.wasm");
    let wasm = Offers::ordinary().component_beside(casemate_guest_forge::Guest::default());
    std::fs::write(&path, wasm).unwrap();
    gateway.push(&server, &path);
    let client = gateway.modern(&server);
    assert_eq!(client.list().tool_names(), [""; 0]);
    assert_eq!(
        getting(&client, "greet", json!({})).send().result()["messages"],
        json!([])
    );
    let with_tool = made(
        &gateway,
        "beside",
        &Offers {
            prompts: vec!["part".to_owned()],
            uris: Vec::new(),
            templates: Vec::new(),
            ..Offers::ordinary()
        },
    );
    gateway.push_with(&server, &with_tool, &["--name", "beside"]);
    assert_eq!(client.list().tool_names(), ["beside"]);
}
