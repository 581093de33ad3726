//! What the runtime cannot tell of a tool's definition: what its schemas mean.
//!
//! Size, depth, names, texts and references are checked where the component is asked for them.

mod header_mark;
pub(super) mod references;

use super::schema::Schema;
use casemate_domain::{Json, ToolDefinition, hidden_character};
use casemate_runtime::{Rejection, RejectionKind};
use serde_json::Value;

/// Checks the schemas of all tools.
pub fn check_all(tools: &[ToolDefinition]) -> Result<(), Rejection> {
    tools.iter().try_for_each(|tool| {
        check(tool, "input", &tool.input_schema)?;
        header_mark::check(&tool.input_schema.to_value())
            .map_err(|problem| rejected(tool, "input", &problem))?;
        check_defaults(&tool.input_schema.to_value())
            .map_err(|problem| rejected(tool, "input", &problem))?;
        let output = tool.output_schema.as_ref();
        output.map_or(Ok(()), |schema| check(tool, "output", schema))
    })
}

fn check(tool: &ToolDefinition, which: &str, schema: &Json) -> Result<(), Rejection> {
    let value = schema.to_value();
    check_texts(&value)
        .and_then(|()| Schema::compile(schema).map(drop))
        .map_err(|problem| rejected(tool, which, &problem))
}

/// A default that its own schema refuses misleads whoever fills in what is missing. Looked at where
/// the schema of an argument stands by itself.
fn check_defaults(schema: &Value) -> Result<(), String> {
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        let default = property.get("default").filter(|default| !default.is_null());
        let Some(default) = default.filter(|_| !property.to_string().contains("\"$ref\"")) else {
            continue;
        };
        if let Err(mismatch) = Schema::compile(&Json::from(property))?.check(default) {
            return Err(format!(
                "gives the argument `{name}` a default that is not allowed for it, {mismatch}"
            ));
        }
    }
    Ok(())
}

/// Titles, descriptions, names and choices in a schema reach the model like the description does.
fn check_texts(value: &Value) -> Result<(), String> {
    let readable = |text: &str| match hidden_character(text) {
        Some(c) => Err(format!(
            "holds the character U+{:04X}, which nobody sees",
            u32::from(c)
        )),
        None => Ok(()),
    };
    match value {
        Value::String(text) => readable(text),
        Value::Array(items) => items.iter().try_for_each(check_texts),
        Value::Object(fields) => fields.iter().try_for_each(|(name, field)| {
            readable(name)?;
            check_texts(field)
        }),
        _ => Ok(()),
    }
}

fn rejected(tool: &ToolDefinition, which: &str, problem: &str) -> Rejection {
    Rejection {
        kind: RejectionKind::SchemaRejected,
        message: format!("The {which} schema of the tool `{}` {problem}.", tool.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use casemate_domain::{Annotations, Needs, TaskSupport};
    use serde_json::json;

    fn tool(properties: Value) -> ToolDefinition {
        ToolDefinition {
            name: "a".parse().unwrap(),
            title: None,
            description: "Does a thing.".to_owned(),
            input_schema: Json::from(&json!({ "type": "object", "properties": properties })),
            output_schema: None,
            annotations: Annotations::default(),
            icons: Vec::new(),
            task_support: TaskSupport::default(),
            needs: Needs::default(),
            meta: None,
        }
    }

    #[test]
    fn an_honest_schema_passes() {
        let properties = json!({ "city": { "type": "string", "description": "天気" } });
        assert_eq!(check_all(&[tool(properties)]), Ok(()));
    }

    #[test]
    fn a_schema_that_is_not_one_is_refused() {
        let rejection = check_all(&[tool(json!({ "a": { "type": "nonsense" } }))]).unwrap_err();
        assert_eq!(rejection.kind, RejectionKind::SchemaRejected);
    }

    #[test]
    fn a_default_must_be_what_its_own_schema_allows() {
        let days = |default: Value| {
            let days = json!({ "type": "integer", "minimum": 1, "default": default });
            check_all(&[tool(json!({ "days": days }))])
        };
        assert_eq!(days(json!(1)), Ok(()));
        assert_eq!(days(json!(null)), Ok(()));
        for wrong in [json!(0), json!("1")] {
            let message = days(wrong).unwrap_err().message;
            assert!(message.contains("`days` a default"), "{message}");
        }
    }

    #[test]
    fn hidden_text_in_a_schema_is_refused_also_when_escaped() {
        for properties in [
            json!({ "a": { "description": "Adds.\u{200B}" } }),
            json!({ "a\u{202E}": {} }),
            json!({ "a": { "enum": ["x", "y\u{E0041}"] } }),
        ] {
            assert!(
                check_all(&[tool(properties.clone())]).is_err(),
                "{properties}"
            );
        }
    }
}
