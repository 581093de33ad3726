//! What the gateway says of resources, prompts and completion, which is the same in both eras: what it
//! is asked, and how a list of it changes.

use casemate_guest_forge::Offers;
use casemate_tests::{Gateway, Server, mcp::Events};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Who subscribes to this is told of it.
pub(super) const WATCHED: &str = "notes://today";

/// What is asked of resources, prompts and completion: first what is there, then what is not.
pub(super) fn requests() -> Vec<(&'static str, Value)> {
    let read = |uri: &str| ("resources/read", json!({ "uri": uri }));
    let get = |name: &str, arguments: Value| {
        let params = json!({ "name": name, "arguments": arguments });
        ("prompts/get", params)
    };
    let complete = |reference: Value, name: &str| {
        let argument = json!({ "name": name, "value": "1" });
        let params = json!({ "ref": reference, "argument": argument });
        ("completion/complete", params)
    };
    let family = json!({ "type": "ref/resource", "uri": "test://template/{id}/data" });
    let prompt = json!({ "type": "ref/prompt", "name": "test_prompt_with_arguments" });
    let cursor = json!({ "cursor": "made up" });
    vec![
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("prompts/list", json!({})),
        read("test://static-text"),
        read("test://static-binary"),
        read("test://template/7/data"),
        get("test_simple_prompt", json!({})),
        get("test_prompt_with_image", json!({})),
        get(
            "test_prompt_with_arguments",
            json!({ "arg1": "a", "arg2": "b" }),
        ),
        get(
            "test_prompt_with_embedded_resource",
            json!({ "resourceUri": "test://static-text" }),
        ),
        complete(family, "id"),
        complete(prompt.clone(), "arg1"),
        ("resources/list", cursor.clone()),
        ("resources/templates/list", cursor.clone()),
        ("prompts/list", cursor),
        read("test://vanished"),
        read("test://nothing"),
        get("no_such_prompt", json!({})),
        get("test_prompt_with_arguments", json!({})),
        complete(prompt, "no_such_argument"),
    ]
}

/// What asks before it answers.
pub(super) fn asking() -> [(&'static str, Value); 2] {
    let prompt = json!({ "name": "test_input_required_result_prompt" });
    let resource = json!({ "uri": "test://who-reads" });
    [("prompts/get", prompt), ("resources/read", resource)]
}

/// Pushes a component with a resource to watch, or another version of it that offers more.
pub(super) fn push(gateway: &Gateway, server: &Server, more: &[&str]) {
    let mut offers = Offers::ordinary();
    for name in more {
        offers.prompts.push((*name).to_owned());
        offers.uris.push(format!("notes://{name}"));
    }
    let path = crate::resources::made(gateway, &server.name, &offers);
    gateway.push_with(server, &path, &["--name", "told"]);
}

/// What a stream says until it has told of everything that another version changes.
pub(super) fn changes(gateway: &Gateway, server: &Server, events: &mut Events) -> Vec<Value> {
    push(gateway, server, &["later"]);
    let mut awaited = BTreeSet::from([
        "notifications/resources/list_changed",
        "notifications/prompts/list_changed",
        "notifications/resources/updated",
    ]);
    let mut told = Vec::new();
    while !awaited.is_empty() {
        let message = events.expect();
        awaited.remove(message["method"].as_str().unwrap());
        told.push(message);
    }
    told
}
