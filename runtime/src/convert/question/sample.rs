//! A question to the client's model: the parameters of `sampling/createMessage`.

use casemate_domain::is_reserved_meta_key;
use serde_json::Value;

/// Whether a value is what it has to be.
type Check = fn(&Value) -> bool;

/// What each parameter has to be.
const PARAMETERS: [(&str, Check); 11] = [
    ("messages", are_messages),
    ("maxTokens", Value::is_u64),
    ("systemPrompt", Value::is_string),
    ("temperature", Value::is_number),
    ("stopSequences", are_texts),
    ("includeContext", is_context),
    ("modelPreferences", Value::is_object),
    ("metadata", Value::is_object),
    ("tools", Value::is_array),
    ("toolChoice", Value::is_object),
    ("_meta", is_own),
];
/// Those that must be there.
const REQUIRED: [&str; 2] = ["messages", "maxTokens"];
/// What a message can hold.
const CONTENT: [&str; 5] = ["text", "image", "audio", "tool_use", "tool_result"];

/// Checks a question. The error fits after "the question to the model".
pub(super) fn check(params: &Value) -> Result<(), String> {
    let fields = params.as_object().ok_or("is no object")?;
    if let Some(missing) = REQUIRED.iter().find(|key| !fields.contains_key(**key)) {
        return Err(format!("has no `{missing}`"));
    }
    for (key, value) in fields {
        let known = PARAMETERS.iter().find(|(name, _)| name == key);
        let (name, fits) = known.ok_or("has parameters that the protocol does not have")?;
        if !fits(value) {
            return Err(format!("has a wrong value under `{name}`"));
        }
    }
    Ok(())
}

fn are_messages(value: &Value) -> bool {
    let is_message = |message: &Value| {
        let content = &message["content"];
        let is_content = |one: &Value| CONTENT.iter().any(|kind| one["type"] == *kind);
        matches!(message["role"].as_str(), Some("user" | "assistant"))
            && match content {
                Value::Array(pieces) => pieces.iter().all(is_content),
                piece => is_content(piece),
            }
    };
    let messages = value.as_array();
    messages.is_some_and(|messages| messages.iter().all(is_message))
}

fn are_texts(value: &Value) -> bool {
    let texts = value.as_array();
    texts.is_some_and(|texts| texts.iter().all(Value::is_string))
}

fn is_context(value: &Value) -> bool {
    matches!(value.as_str(), Some("none" | "thisServer" | "allServers"))
}

/// Metadata in nobody else's name.
fn is_own(value: &Value) -> bool {
    let members = value.as_object();
    members.is_some_and(|members| !members.keys().any(|key| is_reserved_meta_key(key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with(more: Value) -> Result<(), String> {
        let text = json!({ "type": "text", "text": "Hi" });
        let messages = json!([{ "role": "user", "content": text }]);
        let mut params = json!({ "messages": messages, "maxTokens": 9 });
        let fields = params.as_object_mut().unwrap();
        fields.extend(more.as_object().unwrap().clone());
        check(&params)
    }

    #[test]
    fn what_the_protocol_has_is_taken_and_nothing_else() {
        let pieces = json!([{ "type": "text", "text": "a" }, { "type": "image" }]);
        for right in [
            json!({}),
            json!({ "messages": [{ "role": "assistant", "content": pieces }] }),
            json!({ "systemPrompt": "Be kind.", "temperature": 0.5, "stopSequences": ["x"] }),
            json!({ "includeContext": "thisServer", "tools": [], "toolChoice": {} }),
            json!({ "_meta": { "com.example/k": 1 } }),
        ] {
            assert_eq!(with(right.clone()), Ok(()), "{right}");
        }
        for wrong in [
            json!({ "messages": "Hi" }),
            json!({ "messages": [{ "role": "system", "content": pieces }] }),
            json!({ "messages": [{ "role": "user", "content": "Hi" }] }),
            json!({ "messages": [{ "role": "user", "content": [{ "type": "video" }] }] }),
            json!({ "maxTokens": -1 }),
            json!({ "includeContext": "everything" }),
            json!({ "task": {} }),
            json!({ "_meta": { "io.modelcontextprotocol/related-task": {} } }),
        ] {
            assert!(with(wrong.clone()).is_err(), "{wrong}");
        }
        assert!(check(&json!({ "maxTokens": 9 })).is_err());
        assert!(check(&json!({ "messages": [] })).is_err());
    }
}
