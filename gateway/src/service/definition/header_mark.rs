//! Arguments that travel in a header of their own, so that proxies can see them.
//!
//! A mark that clients cannot follow makes them drop the whole tool, so it is refused at upload.

use http::HeaderName;
use serde_json::Value;
use std::collections::BTreeSet;

/// The schema keyword that asks clients to repeat an argument in a header.
const MARK: &str = "x-mcp-header";
/// Beyond this, floating point numbers leave out integers, and a header cannot carry them.
const LARGEST: f64 = 9_007_199_254_740_991.0;
/// Keywords that say which integers a schema has in mind.
const VALUES: [&str; 7] = [
    "const",
    "default",
    "enum",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
];

/// Checks every mark of an input schema.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    check_part(schema, &mut BTreeSet::new())
}

fn check_part(schema: &Value, names: &mut BTreeSet<String>) -> Result<(), String> {
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        if let Some(header) = property.get(MARK) {
            check_mark(name, property, header, names)?;
        }
        check_part(property, names)?;
    }
    let elsewhere = schema.as_object().into_iter().flatten();
    for (keyword, part) in elsewhere.filter(|(keyword, _)| *keyword != "properties") {
        if keyword != MARK && holds_mark(part) {
            return Err(format!(
                "has `{MARK}` under `{keyword}`; only plain properties can have it"
            ));
        }
    }
    Ok(())
}

fn check_mark(
    name: &str,
    property: &Value,
    header: &Value,
    names: &mut BTreeSet<String>,
) -> Result<(), String> {
    let header = header.as_str().unwrap_or_default();
    if HeaderName::from_bytes(header.as_bytes()).is_err() {
        return Err(format!(
            "has `{MARK}` on `{name}` that is not a header name"
        ));
    }
    let kind = property.get("type").and_then(Value::as_str);
    if !matches!(kind, Some("string" | "integer" | "boolean")) {
        return Err(format!(
            "has `{MARK}` on `{name}`, which is neither a string, an integer nor a boolean"
        ));
    }
    if kind == Some("integer")
        && let Some(keyword) = VALUES
            .iter()
            .find(|keyword| is_beyond(&property[**keyword]))
    {
        return Err(format!(
            "has `{MARK}` on `{name}`, whose `{keyword}` is beyond ±(2^53 − 1), where headers \
             cannot carry integers"
        ));
    }
    if !names.insert(header.to_ascii_lowercase()) {
        return Err(format!("has `{MARK}` with the name `{header}` twice"));
    }
    Ok(())
}

fn is_beyond(value: &Value) -> bool {
    match value {
        Value::Array(values) => values.iter().any(is_beyond),
        value => value.as_f64().is_some_and(|number| number.abs() > LARGEST),
    }
}

fn holds_mark(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.contains_key(MARK) || fields.values().any(holds_mark),
        Value::Array(items) => items.iter().any(holds_mark),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn marks_that_clients_cannot_follow_are_refused() {
        let mark = |kind: &str, name: &str| json!({ "type": kind, "x-mcp-header": name });
        let city = || mark("string", "City");
        let right = json!({ "properties": { "a": city(), "b": mark("integer", "Days") } });
        assert_eq!(check(&right), Ok(()));
        for wrong in [
            json!({ "properties": { "a": mark("number", "City") } }),
            json!({ "properties": { "a": mark("string", "two words") } }),
            json!({ "properties": { "a": mark("string", "X\r\nEvil: 1") } }),
            json!({ "properties": { "a": city(), "b": mark("string", "city") } }),
            json!({ "anyOf": [{ "properties": { "a": city() } }] }),
            json!({ "properties": { "a": { "type": "array", "items": city() } } }),
        ] {
            assert!(check(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn integers_that_headers_cannot_carry_are_refused() {
        let marked = |more: Value| {
            let mut days = json!({ "type": "integer", "x-mcp-header": "Days" });
            let fields = days.as_object_mut().unwrap();
            fields.extend(more.as_object().unwrap().clone());
            json!({ "properties": { "days": days } })
        };
        let largest = 9_007_199_254_740_991_i64;
        let right = json!({ "minimum": -largest, "maximum": largest, "enum": [1, largest] });
        assert_eq!(check(&marked(right)), Ok(()));
        for wrong in [
            json!({ "default": largest + 1 }),
            json!({ "const": -largest - 1 }),
            json!({ "enum": [1, u64::MAX] }),
            json!({ "minimum": i64::MIN }),
            json!({ "exclusiveMaximum": 1e300 }),
        ] {
            assert!(check(&marked(wrong.clone())).is_err(), "{wrong}");
        }
    }
}
