//! Questions as the suite puts them to clients of the handshake revisions.

use casemate_guest_sdk::{prelude::*, serde_json::Value};

/// Asks the client's model.
#[tool(client_capabilities = ["sampling"])]
pub fn test_sampling(
    /// What to ask it.
    prompt: String,
    cx: &Cx,
) -> Reply<String> {
    let Some(answer) = cx.answer("sample") else {
        let text = json!({ "type": "text", "text": prompt });
        let params = json!({ "messages": [{ "role": "user", "content": text }], "maxTokens": 100 });
        return Ask::new().sample("sample", params).into();
    };
    let text = answer.value()["content"]["text"]
        .as_str()
        .unwrap_or_default();
    Reply::Done(format!("LLM response: {text}"))
}

/// Asks the person for a name and an address.
#[tool(client_capabilities = ["elicitation"])]
pub fn test_elicitation(
    /// What to say above the form.
    message: String,
    cx: &Cx,
) -> Reply<String> {
    let schema = json!({
        "type": "object",
        "properties": {
            "username": { "type": "string", "description": "User's response" },
            "email": { "type": "string", "description": "User's email address" },
        },
        "required": ["username", "email"],
    });
    form(cx, &message, schema, "User response: ")
}

/// Asks the person to fill in a form that is filled in already.
#[tool(client_capabilities = ["elicitation"])]
pub fn test_elicitation_sep1034_defaults(cx: &Cx) -> Reply<String> {
    let words = ["active", "inactive", "pending"];
    let schema = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "default": "John Doe" },
            "age": { "type": "integer", "default": 30 },
            "score": { "type": "number", "default": 95.5 },
            "status": { "type": "string", "enum": words, "default": "active" },
            "verified": { "type": "boolean", "default": true },
        },
        "required": [],
    });
    form(cx, "Is this right?", schema, "Elicitation completed: ")
}

/// Asks the person to choose, in each way there is.
#[tool(client_capabilities = ["elicitation"])]
pub fn test_elicitation_sep1330_enums(cx: &Cx) -> Reply<String> {
    let words = ["option1", "option2", "option3"];
    let titled = |title: &str| {
        json!([
            { "const": "value1", "title": format!("First {title}") },
            { "const": "value2", "title": format!("Second {title}") },
            { "const": "value3", "title": format!("Third {title}") },
        ])
    };
    let old = ["opt1", "opt2", "opt3"];
    let old_names = ["Option One", "Option Two", "Option Three"];
    let schema = json!({
        "type": "object",
        "properties": {
            "untitledSingle": { "type": "string", "enum": words },
            "titledSingle": { "type": "string", "oneOf": titled("Option") },
            "legacyEnum": { "type": "string", "enum": old, "enumNames": old_names },
            "untitledMulti": { "type": "array", "items": { "type": "string", "enum": words } },
            "titledMulti": { "type": "array", "items": { "anyOf": titled("Choice") } },
        },
        "required": [],
    });
    form(cx, "Choose.", schema, "Elicitation completed: ")
}

fn form(cx: &Cx, message: &str, schema: Value, prefix: &str) -> Reply<String> {
    let Some(answer) = cx.answer("form") else {
        return Ask::new().form_with("form", message, schema).into();
    };
    let value = answer.value();
    let (action, content) = (
        value["action"].as_str().unwrap_or_default(),
        &value["content"],
    );
    Reply::Done(format!("{prefix}action={action}, content={content}"))
}
