//! The schemas of a tool: whether a validator may be let loose on them at all.
//!
//! What the keywords mean is checked where the schema is compiled; here are size, depth, and
//! references that lead out of the document.

use crate::{
    json::{self, Shape},
    rejection::{Rejection, RejectionKind},
};
use casemate_domain::{Json, ToolName};
use serde_json::Value;

/// The largest schema, in bytes.
const BYTES: usize = 32 << 10;
/// How deep a schema may nest. A property of an object takes two levels.
const DEPTH: usize = 32;
/// Values in a schema.
const NODES: usize = 2_000;

/// Whether a schema stays in the bounds of those that components come with: for one that was made
/// from another.
pub fn schema_fits(schema: &Json) -> bool {
    schema.get().len() <= BYTES && walk(&schema.to_value(), DEPTH, &mut { NODES }).is_ok()
}

pub(super) fn check(tool: &ToolName, which: &str, text: String) -> Result<Json, Rejection> {
    inspect(which, text).map_err(|problem| {
        Rejection::new(
            RejectionKind::SchemaRejected,
            format!("The {which} schema of the tool `{tool}` is refused: it {problem}."),
        )
    })
}

fn inspect(which: &str, text: String) -> Result<Json, String> {
    if text.len() > BYTES {
        return Err(format!("is larger than {BYTES} bytes"));
    }
    let json = json::parse(text, Shape::Object)?;
    let value = json.to_value();
    if which == "input" && value.get("type").and_then(Value::as_str) != Some("object") {
        return Err("must have `\"type\": \"object\"` at its root".to_owned());
    }
    let mut nodes = NODES;
    walk(&value, DEPTH, &mut nodes)?;
    Ok(json)
}

fn walk(value: &Value, depth: usize, nodes: &mut usize) -> Result<(), String> {
    *nodes = nodes
        .checked_sub(1)
        .ok_or_else(|| format!("has more than {NODES} parts"))?;
    let deeper = || {
        depth
            .checked_sub(1)
            .ok_or_else(|| format!("nests deeper than {DEPTH}"))
    };
    match value {
        Value::Array(items) => {
            let depth = deeper()?;
            items.iter().try_for_each(|item| walk(item, depth, nodes))
        }
        Value::Object(entries) => {
            let depth = deeper()?;
            for (key, value) in entries {
                let reference = matches!(key.as_str(), "$ref" | "$dynamicRef");
                if reference
                    && value
                        .as_str()
                        .is_some_and(|target| !target.starts_with('#'))
                {
                    return Err(
                        "refers to another document; only references within it (`#/…`) are allowed"
                            .to_owned(),
                    );
                }
                walk(value, depth, nodes)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        check(&"t".parse().unwrap(), "input", text.to_owned())
            .unwrap_err()
            .message
    }

    #[test]
    fn an_ordinary_schema_is_kept_byte_for_byte() {
        let text = r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/a"}},"$defs":{"a":{"type":"string"}}}"##;
        let json = check(&"t".parse().unwrap(), "input", text.to_owned()).unwrap();
        assert_eq!(json.get(), text);
    }

    #[test]
    fn a_schema_that_is_too_large_too_deep_or_leads_out_is_refused() {
        assert!(refusal(r#"{"type":"string"}"#).contains("at its root"));
        assert!(refusal(r#"{"type":"object","$ref":"https://a.test/b"}"#).contains("document"));
        let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
        assert!(refusal(&format!(r#"{{"type":"object","x":{deep}}}"#)).contains("deeper"));
        let wide = vec!["1"; NODES + 1].join(",");
        assert!(refusal(&format!(r#"{{"type":"object","enum":[{wide}]}}"#)).contains("parts"));
        let long = "x".repeat(BYTES);
        assert!(refusal(&format!(r#"{{"type":"object","title":"{long}"}}"#)).contains("bytes"));
    }
}
