//! Makes an object of what is none: structured content must be one.

use crate::ToolError;
use serde::Serialize;
use serde_json::{Value, json};

/// A value as text, and as the text of an object.
pub(super) fn serialized(value: &impl Serialize) -> Result<(String, String), ToolError> {
    let text = serde_json::to_string(value)?;
    let structured = match text.starts_with('{') {
        true => text.clone(),
        false => format!("{{\"result\":{text}}}"),
    };
    Ok((text, structured))
}

/// The schema of what [`serialized`] makes of values with this schema.
pub(super) fn schema(mut schema: Value) -> Value {
    match objects(&schema) {
        Objects::Always => {
            schema["type"] = "object".into();
            schema
        }
        Objects::Never => wrapped(schema),
        Objects::Sometimes => {
            let mut either = json!({"type": "object"});
            if let Some(definitions) = schema.get("$defs") {
                either["$defs"] = definitions.clone();
            }
            either["anyOf"] = json!([schema, wrapped(schema.clone())]);
            either
        }
    }
}

fn wrapped(mut schema: Value) -> Value {
    let definitions = schema
        .as_object_mut()
        .and_then(|schema| schema.remove("$defs"));
    let mut wrapped = json!({
        "type": "object",
        "properties": {"result": schema},
        "required": ["result"],
    });
    if let Some(definitions) = definitions {
        wrapped["$defs"] = definitions;
    }
    wrapped
}

/// Whether the values of a schema are objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Objects {
    Always,
    Sometimes,
    Never,
}

fn objects(schema: &Value) -> Objects {
    if let Some(kind) = schema.get("type") {
        return match kind {
            Value::String(kind) if kind == "object" => Objects::Always,
            Value::Array(kinds) if kinds.contains(&json!("object")) => Objects::Sometimes,
            _ => Objects::Never,
        };
    }
    if let Some(value) = schema.get("const") {
        return if value.is_object() {
            Objects::Always
        } else {
            Objects::Never
        };
    }
    let branches = schema
        .get("oneOf")
        .or_else(|| schema.get("anyOf"))
        .and_then(Value::as_array);
    let mut all = branches.into_iter().flatten().map(objects);
    match all.next() {
        Some(first) if all.all(|next| next == first) => first,
        _ => Objects::Sometimes,
    }
}
