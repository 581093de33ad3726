//! Takes out of schemas what clients stumble over.

use schemars::{
    Schema,
    transform::{Transform, transform_subschemas},
};
use serde_json::{Map, Value};

/// Drops number formats, writes `true` as `{}`, and turns described enums into lists of words.
#[derive(Debug, Clone)]
pub(super) struct Tidy;

impl Transform for Tidy {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        if schema.as_bool() == Some(true) {
            schema.ensure_object();
        }
        let Some(schema) = schema.as_object_mut() else {
            return;
        };
        if is_number(schema.get("type")) {
            schema.remove("format");
        }
        if let Some(words) = schema.get("oneOf").and_then(words) {
            list_words(schema, words);
        }
    }
}

fn is_number(kind: Option<&Value>) -> bool {
    match kind {
        Some(Value::String(kind)) => kind == "integer" || kind == "number",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| is_number(Some(kind))),
        _ => false,
    }
}

/// The words of an enum with their descriptions, if it consists of words only.
fn words(variants: &Value) -> Option<Vec<(Value, Option<String>)>> {
    let mut all = Vec::new();
    for variant in variants.as_array()? {
        let description = variant.get("description").and_then(Value::as_str);
        if let Some(word @ Value::String(_)) = variant.get("const") {
            all.push((word.clone(), description.map(str::to_owned)));
        } else {
            for word in variant.get("enum")?.as_array()? {
                word.as_str()?;
                all.push((word.clone(), None));
            }
        }
    }
    Some(all)
}

fn list_words(schema: &mut Map<String, Value>, words: Vec<(Value, Option<String>)>) {
    let own = schema
        .get("description")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let described = words.iter().filter_map(|(word, description)| {
        Some(format!("- {}: {}", word.as_str()?, description.as_ref()?))
    });
    let lines: Vec<String> = own.into_iter().chain(described).collect();
    if !lines.is_empty() {
        schema.insert("description".to_owned(), lines.join("\n").into());
    }
    let words = words.into_iter().map(|(word, _)| word).collect();
    schema.remove("oneOf");
    schema.insert("type".to_owned(), "string".into());
    schema.insert("enum".to_owned(), words);
}
