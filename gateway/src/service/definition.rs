//! What the runtime cannot tell of a tool's definition: what its schemas mean.
//!
//! Size, depth, names, texts and references are checked where the component is asked for them.

mod header_mark;
pub(super) mod references;
mod written_out;

use super::schema::Schema;
use casemate_domain::{Json, ToolDefinition, hidden_character};
use casemate_runtime::{Rejection, RejectionKind, schema_fits};
use serde_json::Value;

/// Checks the schemas of all tools, and writes out what they refer to where that can be: that is what
/// is kept, listed and checked on calls from then on.
pub fn accept(tools: &mut [ToolDefinition]) -> Result<(), Rejection> {
    for tool in tools {
        let input = accepted(&tool.input_schema, check_arguments);
        tool.input_schema = input.map_err(|problem| rejected(tool, "input", &problem))?;
        if let Some(schema) = &tool.output_schema {
            let output = accepted(schema, |_| Ok(()));
            tool.output_schema =
                Some(output.map_err(|problem| rejected(tool, "output", &problem))?);
        }
    }
    Ok(())
}

/// A schema as it is listed: written out, unless only the original can be.
fn accepted(schema: &Json, check: fn(&Json) -> Result<(), String>) -> Result<Json, String> {
    // Whole first: what nobody refers to is not written out, and is no place for odd things either.
    check_schema(schema)?;
    let written = written_out::write_out(schema).filter(|written| {
        // Data that looks like a reference refers to nothing once it is written out.
        schema_fits(written) && check_schema(written).is_ok()
    });
    let listed = written.unwrap_or_else(|| schema.clone());
    check(&listed).map(|()| listed)
}

fn check_arguments(schema: &Json) -> Result<(), String> {
    header_mark::check(&schema.to_value())?;
    check_defaults(&schema.to_value())
}

fn check_schema(schema: &Json) -> Result<(), String> {
    check_texts(&schema.to_value())?;
    Schema::compile(schema).map(drop)
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

    fn check_all(tools: &[ToolDefinition]) -> Result<(), Rejection> {
        accept(&mut tools.to_vec())
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
    fn a_schema_is_kept_written_out_unless_only_the_original_can_be() {
        let accepted = |text: &str| {
            let mut tools = [tool(json!({}))];
            tools[0].input_schema = Json::parse(text.to_owned()).unwrap();
            tools[0].output_schema = Some(tools[0].input_schema.clone());
            accept(&mut tools).unwrap();
            let [tool] = tools;
            assert_eq!(tool.output_schema, Some(tool.input_schema.clone()));
            tool.input_schema.get().to_owned()
        };
        let refers = |definition: &str, count: usize| {
            let names = (0..count).map(|n| format!(r##""{n}":{{"$ref":"#/$defs/a"}}"##));
            let names = names.collect::<Vec<_>>().join(",");
            format!(r#"{{"type":"object","properties":{{{names}}},"$defs":{{"a":{definition}}}}}"#)
        };
        let short = r#"{"type":"string"}"#;
        let written = r#"{"type":"object","properties":{"0":{"type":"string"}}}"#;
        assert_eq!(accepted(&refers(short, 1)), written);
        let long = format!(
            r#"{{"type":"string","description":"{}"}}"#,
            "x".repeat(4_000)
        );
        assert!(!accepted(&refers(&long, 2)).contains("$ref"));
        let too_long = refers(&long, 10);
        assert_eq!(
            accepted(&too_long),
            too_long,
            "10 times 4,000 bytes do not fit"
        );
        let data = r##"{"const":{"$ref":"#/$defs/a"}}"##;
        let looks_like_one = format!(
            r##"{{"type":"object","properties":{{"b":{{"$ref":"#/$defs/a"}},"c":{data}}},"$defs":{{"a":{short}}}}}"##
        );
        assert_eq!(accepted(&looks_like_one), looks_like_one);
    }

    #[test]
    fn a_header_and_a_default_are_judged_by_what_is_listed() {
        let with = |beside: Value| {
            let mut place = json!({ "$ref": "#/$defs/place" });
            place
                .as_object_mut()
                .unwrap()
                .extend(beside.as_object().unwrap().clone());
            let mut tools = [tool(json!({ "place": place }))];
            let mut schema = tools[0].input_schema.to_value();
            schema["$defs"] = json!({ "place": { "type": "string" } });
            tools[0].input_schema = Json::from(&schema);
            accept(&mut tools).map_err(|rejection| rejection.message)
        };
        assert_eq!(
            with(json!({ "x-mcp-header": "Place", "default": "here" })),
            Ok(())
        );
        assert!(
            with(json!({ "default": 1 }))
                .unwrap_err()
                .contains("a default")
        );
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
