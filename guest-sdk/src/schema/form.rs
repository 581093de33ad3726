//! The schema of a form: the few words that clients have for its fields.

use serde_json::{Map, Value};

/// What is said of a field. The rest has no word in a form.
const KEPT: [&str; 16] = [
    "type",
    "title",
    "description",
    "default",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "enum",
    "enumNames",
    "oneOf",
    "items",
    "minItems",
    "maxItems",
];
const FORMATS: [&str; 4] = ["email", "uri", "date", "date-time"];

/// The schema of a form that asks for what `schema` describes.
pub(super) fn of(mut schema: Value) -> Value {
    let Some(fields) = schema.as_object_mut() else {
        return schema;
    };
    fields.retain(|key, _| matches!(key.as_str(), "type" | "properties" | "required"));
    let properties = fields
        .entry("properties")
        .or_insert_with(|| Map::new().into());
    for property in properties
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut)
    {
        flatten(property);
    }
    schema
}

/// A field that may stay empty is one that is not required; forms have no null.
fn flatten(property: &mut Value) {
    let Some(fields) = property.as_object_mut() else {
        return;
    };
    for union in ["anyOf", "oneOf"] {
        if let Some(only) = fields.get(union).and_then(beside_null) {
            fields.remove(union);
            for (key, value) in only {
                fields.entry(key).or_insert(value);
            }
        }
    }
    if let Some(Value::Array(kinds)) = fields.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [only] = kinds.as_mut_slice() {
            fields["type"] = only.take();
        }
    }
    if let Some(Value::Array(words)) = fields.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    let is_foreign = |key: &str, value: &Value| {
        !KEPT.contains(&key)
            || (key == "default" && value.is_null())
            || (key == "format" && !FORMATS.iter().any(|known| value == known))
    };
    fields.retain(|key, value| !is_foreign(key, value));
    if let Some(items) = fields.get_mut("items") {
        flatten(items);
        let said = items.as_object_mut().and_then(only_words);
        if let Some(said) = said {
            fields.entry("description").or_insert(said);
        }
    }
}

/// The words of a list have no description of their own; gives it, for the list.
fn only_words(items: &mut Map<String, Value>) -> Option<Value> {
    let said = items.remove("description");
    items.retain(|key, _| matches!(key.as_str(), "type" | "enum" | "anyOf"));
    said
}

/// The only alternative to null, if that is what a union is.
fn beside_null(variants: &Value) -> Option<Map<String, Value>> {
    let is_null = |variant: &&Value| variant["type"] == "null";
    let variants = variants.as_array()?;
    let mut others = variants.iter().filter(|variant| !is_null(variant));
    let only = others.next().filter(|_| others.next().is_none())?;
    (variants.len() == 2).then(|| only.as_object().cloned())?
}
