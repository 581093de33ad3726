//! The schema of a form: the few kinds of fields that the protocol has.

use serde_json::{Map, Value};

/// What a form says about itself.
const OF_FORM: [&str; 7] = [
    "$schema",
    "type",
    "title",
    "description",
    "properties",
    "required",
    "additionalProperties",
];
const OF_TEXT: [&str; 8] = [
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "default",
    "enum",
    "enumNames",
    "oneOf",
];
const OF_NUMBER: [&str; 3] = ["minimum", "maximum", "default"];
const OF_CHOICES: [&str; 4] = ["items", "minItems", "maxItems", "default"];
/// What a text may have to look like.
const FORMATS: [&str; 4] = ["email", "uri", "date", "date-time"];

type Checked = Result<(), String>;

/// Checks a schema that clients make a form of. The error fits after "the schema of a form".
pub(super) fn check(schema: &Value) -> Checked {
    let fields = schema.as_object().ok_or("is no object")?;
    if schema["type"] != "object" {
        return Err("must have the type `object`".to_owned());
    }
    only(fields, &OF_FORM, &[])?;
    let properties = schema["properties"].as_object();
    let properties = properties.ok_or("has no `properties`")?;
    for (name, property) in properties {
        field(property).map_err(|problem| format!("has a field `{}` that {problem}", cut(name)))?;
    }
    let known = |name: &Value| {
        name.as_str()
            .is_some_and(|name| properties.contains_key(name))
    };
    match fields.get("required") {
        Some(Value::Array(names)) if names.iter().all(known) => Ok(()),
        None => Ok(()),
        Some(_) => Err("requires fields that it does not have".to_owned()),
    }
}

fn field(property: &Value) -> Checked {
    let fields = property.as_object().ok_or("is no schema")?;
    for key in ["title", "description"] {
        if fields.get(key).is_some_and(|text| !text.is_string()) {
            return Err(format!("has a {key} that is no text"));
        }
    }
    match property["type"].as_str() {
        Some("string") => text(fields),
        Some("number" | "integer") => number(fields),
        Some("boolean") => {
            only(fields, &["default"], &["type", "title", "description"])?;
            each(fields, &["default"], Value::is_boolean)
        }
        Some("array") => choices(fields),
        _ => {
            Err("is neither a text, a number, a yes or no, nor a choice; forms are flat".to_owned())
        }
    }
}

fn text(fields: &Map<String, Value>) -> Checked {
    only(fields, &OF_TEXT, &["type", "title", "description"])?;
    each(fields, &["minLength", "maxLength"], Value::is_u64)?;
    each(fields, &["pattern", "default"], Value::is_string)?;
    each(fields, &["enum", "enumNames"], are_texts)?;
    each(fields, &["oneOf"], are_titled)?;
    let format = fields.get("format");
    if format.is_some_and(|format| !FORMATS.iter().any(|known| format == known)) {
        return Err(format!(
            "has a format that forms do not have; they have {}",
            FORMATS.join(", ")
        ));
    }
    Ok(())
}

fn number(fields: &Map<String, Value>) -> Checked {
    only(fields, &OF_NUMBER, &["type", "title", "description"])?;
    each(fields, &OF_NUMBER, Value::is_number)
}

/// Several of some words, plain or with titles.
fn choices(fields: &Map<String, Value>) -> Checked {
    only(fields, &OF_CHOICES, &["type", "title", "description"])?;
    each(fields, &["minItems", "maxItems"], Value::is_u64)?;
    each(fields, &["default"], are_texts)?;
    let items = fields.get("items").and_then(Value::as_object);
    let items = items.ok_or("is a list without `items`")?;
    only(items, &["enum", "anyOf"], &["type"])?;
    let is_plain = items.get("enum").is_some_and(are_texts)
        && items.get("type").is_some_and(|kind| kind == "string");
    let is_titled = items.get("anyOf").is_some_and(are_titled);
    if is_plain || is_titled {
        return Ok(());
    }
    Err("is a list of something else than given words".to_owned())
}

/// Nothing but these keywords.
fn only(fields: &Map<String, Value>, known: &[&str], common: &[&str]) -> Checked {
    let is_known = |key: &str| known.contains(&key) || common.contains(&key);
    match fields.keys().find(|key| !is_known(key)) {
        Some(key) => Err(format!("has `{}`, which forms do not have", cut(key))),
        None => Ok(()),
    }
}

/// These keywords have values of a kind, where they are.
fn each(fields: &Map<String, Value>, keys: &[&str], fits: impl Fn(&Value) -> bool) -> Checked {
    let wrong = |key: &&&str| fields.get(**key).is_some_and(|value| !fits(value));
    match keys.iter().find(wrong) {
        Some(key) => Err(format!("has a wrong value under `{key}`")),
        None => Ok(()),
    }
}

fn are_texts(value: &Value) -> bool {
    let texts = value.as_array();
    texts.is_some_and(|texts| texts.iter().all(Value::is_string))
}

fn are_titled(value: &Value) -> bool {
    let is_titled = |one: &Value| one["const"].is_string() && one["title"].is_string();
    let choices = value.as_array();
    choices.is_some_and(|choices| choices.iter().all(is_titled))
}

/// A name short enough for a message.
fn cut(name: &str) -> String {
    name.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(property: Value) -> Checked {
        check(&json!({ "type": "object", "properties": { "a": property } }))
    }

    #[test]
    fn every_kind_of_field_of_the_protocol_is_taken() {
        let titled = json!([{ "const": "a", "title": "A" }]);
        for property in [
            json!({ "type": "string", "title": "A", "description": "B", "default": "x" }),
            json!({ "type": "string", "format": "date-time", "minLength": 1, "maxLength": 9 }),
            json!({ "type": "string", "enum": ["a"], "enumNames": ["A"] }),
            json!({ "type": "string", "oneOf": titled }),
            json!({ "type": "integer", "minimum": -1, "maximum": 9, "default": 3 }),
            json!({ "type": "number", "default": 95.5 }),
            json!({ "type": "boolean", "default": true }),
            json!({ "type": "array", "items": { "type": "string", "enum": ["a"] } }),
            json!({ "type": "array", "items": { "anyOf": titled }, "minItems": 1, "default": ["a"] }),
        ] {
            assert_eq!(of(property.clone()), Ok(()), "{property}");
        }
        let whole = json!({ "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object", "properties": {}, "required": [], "additionalProperties": false });
        assert_eq!(check(&whole), Ok(()));
    }

    #[test]
    fn what_clients_make_no_field_of_is_refused() {
        for property in [
            json!({}),
            json!(true),
            json!({ "type": "object", "properties": {} }),
            json!({ "type": ["string", "null"] }),
            json!({ "type": "string", "format": "uuid" }),
            json!({ "type": "string", "enum": [1] }),
            json!({ "type": "string", "oneOf": [{ "const": "a" }] }),
            json!({ "type": "string", "default": 1 }),
            json!({ "type": "string", "$ref": "#/$defs/a" }),
            json!({ "type": "integer", "exclusiveMinimum": 0 }),
            json!({ "type": "boolean", "default": "yes" }),
            json!({ "type": "array", "items": { "type": "string" } }),
            json!({ "type": "array", "items": { "type": "object" } }),
            json!({ "type": "array" }),
            json!({ "type": "string", "title": 1 }),
        ] {
            assert!(of(property.clone()).is_err(), "{property}");
        }
        for form in [
            json!({ "type": "string" }),
            json!({ "type": "object" }),
            json!({ "type": "object", "properties": [] }),
            json!({ "type": "object", "properties": {}, "anyOf": [] }),
            json!({ "type": "object", "properties": {}, "required": ["a"] }),
            json!({ "type": "object", "properties": {}, "required": "a" }),
        ] {
            assert!(check(&form).is_err(), "{form}");
        }
    }
}
