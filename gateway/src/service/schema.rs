//! JSON Schemas of tools: compiled once per version, checked on each call.
//!
//! Nothing is ever fetched: a reference that leaves the document is refused at upload.

use casemate_domain::Json;
use jsonschema::{PatternOptions, Validator};
use serde_json::Value;
use std::fmt;

/// A compiled schema.
pub struct Schema {
    validator: Validator,
}

/// The most nested a schema may be. Clients flatten deeper ones badly.
const MAX_DEPTH: usize = 32;
/// The most values (objects, arrays, scalars) a schema may hold.
const MAX_NODES: usize = 5_000;
/// The largest schema in bytes.
const MAX_BYTES: usize = 64 << 10;

impl Schema {
    /// Compiles a schema, or says what is wrong with it.
    pub fn compile(schema: &Json) -> Result<Self, String> {
        if schema.get().len() > MAX_BYTES {
            return Err(format!("is larger than {MAX_BYTES} bytes"));
        }
        let value = schema.to_value();
        if !value.is_object() {
            return Err("is not a JSON object".to_owned());
        }
        let mut nodes = 0;
        measure(&value, 1, &mut nodes)?;
        let validator = jsonschema::options()
            .with_pattern_options(PatternOptions::regex())
            .build(&value)
            .map_err(|error| format!("is not a valid schema: {error}"))?;
        Ok(Self { validator })
    }

    /// Checks a value; gives the first failing path and what is wrong there.
    pub fn check(&self, value: &Value) -> Result<(), Mismatch> {
        self.validator.validate(value).map_err(|error| {
            let pointer = error.instance_path().to_string();
            Mismatch {
                path: pointer,
                problem: shorten(&error.to_string()),
            }
        })
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Schema")
    }
}

/// Where a value does not fit its schema, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// JSON Pointer to the failing part; empty for the root.
    pub path: String,
    /// What is wrong there.
    pub problem: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() {
            "/"
        } else {
            &self.path
        };
        write!(f, "at `{path}`: {}", self.problem)
    }
}

/// Checks of an input schema beyond its validity: clients demand an object at the root.
pub(crate) fn check_input_root(schema: &Json) -> Result<(), String> {
    match schema.to_value().get("type") {
        Some(Value::String(kind)) if kind == "object" => Ok(()),
        _ => Err("must have `\"type\": \"object\"` at its root".to_owned()),
    }
}

fn measure(value: &Value, depth: usize, nodes: &mut usize) -> Result<(), String> {
    *nodes += 1;
    if depth > MAX_DEPTH {
        return Err(format!("nests deeper than {MAX_DEPTH}"));
    }
    if *nodes > MAX_NODES {
        return Err(format!("holds more than {MAX_NODES} values"));
    }
    match value {
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| measure(item, depth + 1, nodes)),
        Value::Object(fields) => fields.iter().try_for_each(|(name, field)| {
            if let ("$ref" | "$dynamicRef", Value::String(target)) = (name.as_str(), field)
                && !target.starts_with('#')
            {
                return Err(format!(
                    "refers to `{target}`: only references within the schema are allowed"
                ));
            }
            measure(field, depth + 1, nodes)
        }),
        _ => Ok(()),
    }
}

/// Error texts repeat the offending value, which can be large.
fn shorten(text: &str) -> String {
    const MAX: usize = 300;
    match text.char_indices().nth(MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema(value: Value) -> Result<Schema, String> {
        Schema::compile(&Json::from(&value))
    }

    #[test]
    fn a_mismatch_names_the_failing_path() {
        let schema = schema(json!({
            "type": "object",
            "properties": { "days": { "type": "integer", "maximum": 14 } },
        }))
        .unwrap();
        assert_eq!(schema.check(&json!({ "days": 3 })), Ok(()));
        assert_eq!(
            schema.check(&json!({ "days": 15 })).unwrap_err().path,
            "/days"
        );
    }

    #[test]
    fn references_that_leave_the_document_are_refused() {
        for target in [
            "https://example.com/a.json",
            "other.json",
            "file:///etc/passwd",
        ] {
            let error =
                schema(json!({ "type": "object", "properties": { "a": { "$ref": target } } }));
            assert!(
                error.unwrap_err().contains("only references within"),
                "{target}"
            );
        }
        assert!(
            schema(json!({ "$defs": { "a": {} }, "properties": { "a": { "$ref": "#/$defs/a" } } }))
                .is_ok()
        );
    }

    #[test]
    fn schemas_without_end_are_refused() {
        let mut deep = json!({});
        for _ in 0..100 {
            deep = json!({ "properties": { "a": deep } });
        }
        assert!(schema(deep).is_err());
        let wide: Vec<_> = (0..6_000).collect();
        assert!(schema(json!({ "enum": wide })).is_err());
    }

    #[test]
    fn a_pattern_runs_in_linear_time() {
        let schema = schema(json!({ "type": "string", "pattern": "^(a+)+$" })).unwrap();
        assert!(
            schema
                .check(&Value::from(format!("{}!", "a".repeat(50_000))))
                .is_err()
        );
    }

    #[test]
    fn an_input_schema_has_an_object_at_its_root() {
        assert!(check_input_root(&Json::from(&json!({ "type": "object" }))).is_ok());
        assert!(check_input_root(&Json::from(&json!({ "type": "string" }))).is_err());
        assert!(check_input_root(&Json::from(&json!({}))).is_err());
    }
}
