//! References inside a schema: followed once, at upload, within bounds.
//!
//! A reference that leads back to itself makes a validator call itself without end, and a few
//! references to each other can stand for more checks than there are atoms. So what a schema
//! amounts to with every reference written out is measured, and recursion is refused: clients
//! that inline references could not use it either.

use serde_json::Value;

/// Values in a schema with every reference written out.
const MAX_PARTS: usize = 10_000;
/// How deep it nests then.
const MAX_DEPTH: usize = 64;

/// Other spellings of identity and recursion, which this walk and a validator could read
/// differently.
const REFUSED_KEYWORDS: [&str; 4] = ["$id", "id", "$recursiveRef", "$recursiveAnchor"];

/// The dialect that schemas are read in.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Follows every reference of a schema. Gives how many parts it amounts to.
pub(in crate::service) fn measure(schema: &Value) -> Result<usize, String> {
    let named = schema
        .get("$schema")
        .map(|dialect| dialect.as_str().unwrap_or_default());
    if named.is_some_and(|dialect| dialect.trim_end_matches('#') != DIALECT) {
        return Err(format!("is not in the dialect {DIALECT}"));
    }
    let mut walk = Walk {
        root: schema,
        parts: 0,
        active: Vec::new(),
    };
    walk.schema(schema, 0)?;
    Ok(walk.parts)
}

struct Walk<'schema> {
    root: &'schema Value,
    parts: usize,
    /// The references that are being followed.
    active: Vec<&'schema str>,
}

impl<'schema> Walk<'schema> {
    /// A value that is a schema: one whose keywords mean something, unlike names of properties.
    fn schema(&mut self, value: &'schema Value, depth: usize) -> Result<(), String> {
        let refused = REFUSED_KEYWORDS.iter().find(|keyword| {
            // The identity of the whole changes nothing, and `id` is a keyword only as a text.
            let is_root = depth == 0 && **keyword == "$id";
            !is_root && value.get(**keyword).is_some_and(Value::is_string)
        });
        match refused {
            Some(keyword) => Err(format!("uses `{keyword}`, which is refused")),
            None => self.part(value, depth),
        }
    }

    fn part(&mut self, value: &'schema Value, depth: usize) -> Result<(), String> {
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return Err(format!("amounts to more than {MAX_PARTS} parts"));
        }
        if depth > MAX_DEPTH {
            return Err(format!("nests deeper than {MAX_DEPTH}"));
        }
        match value {
            Value::Array(items) => items
                .iter()
                .try_for_each(|item| self.schema(item, depth + 1)),
            Value::Object(fields) => fields.iter().try_for_each(|(name, field)| {
                match (name.as_str(), field) {
                    ("$ref" | "$dynamicRef", Value::String(target)) => self.follow(target, depth),
                    // Reached through the references to them.
                    ("$defs" | "definitions", _) if depth == 0 => Ok(()),
                    _ => self.schema(field, depth + 1),
                }
            }),
            _ => Ok(()),
        }
    }

    fn follow(&mut self, target: &'schema str, depth: usize) -> Result<(), String> {
        if target.contains('%') {
            return Err("has a percent sign in a reference, which is refused".to_owned());
        }
        if self.active.contains(&target) {
            return Err(format!(
                "refers to `{}` from within itself; recursive schemas are refused",
                target.escape_debug()
            ));
        }
        let found = resolve(self.root, target)
            .ok_or_else(|| format!("refers to `{}`, which is not in it", target.escape_debug()))?;
        self.active.push(target);
        let followed = self.schema(found, depth + 1);
        self.active.pop();
        followed
    }
}

/// What a reference names: the root, a place by its pointer, or a part by its anchor.
pub(in crate::service) fn resolve<'schema>(
    root: &'schema Value,
    target: &str,
) -> Option<&'schema Value> {
    let fragment = target.strip_prefix('#')?;
    if fragment.is_empty() || fragment.starts_with('/') {
        return root.pointer(fragment);
    }
    anchored(root, fragment)
}

fn anchored<'schema>(value: &'schema Value, name: &str) -> Option<&'schema Value> {
    match value {
        Value::Object(fields) => {
            let is_it = ["$anchor", "$dynamicAnchor"]
                .iter()
                .any(|keyword| fields.get(*keyword).and_then(Value::as_str) == Some(name));
            if is_it {
                return Some(value);
            }
            fields.values().find_map(|field| anchored(field, name))
        }
        Value::Array(items) => items.iter().find_map(|item| anchored(item, name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn references_that_end_are_followed() {
        let schema = json!({
            "properties": { "home": { "$ref": "#/$defs/address" }, "work": { "$ref": "#place" } },
            "$defs": {
                "address": { "properties": { "city": { "$ref": "#/$defs/name" } } },
                "name": { "type": "string" },
                "anywhere": { "$anchor": "place", "type": "string" },
            },
        });
        assert!(measure(&schema).unwrap() > 5);
    }

    #[test]
    fn recursion_is_refused_however_it_is_written() {
        for schema in [
            json!({ "$ref": "#" }),
            json!({ "properties": { "x": { "$ref": "#" } } }),
            json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "$ref": "#/$defs/a" } } }),
            json!({ "anyOf": [{ "$dynamicRef": "#n" }], "$defs": { "n": { "$dynamicAnchor": "n", "items": { "$ref": "#n" } } } }),
        ] {
            assert!(measure(&schema).is_err(), "{schema}");
        }
    }

    #[test]
    fn references_that_multiply_are_refused() {
        let mut definitions = serde_json::Map::new();
        for level in 0..15 {
            let next = json!({ "$ref": format!("#/$defs/d{}", level + 1) });
            definitions.insert(format!("d{level}"), json!({ "allOf": [next, next] }));
        }
        definitions.insert("d15".to_owned(), json!({ "type": "string" }));
        let schema = json!({ "$ref": "#/$defs/d0", "$defs": definitions });
        assert!(measure(&schema).unwrap_err().contains("amounts to more"));
    }

    #[test]
    fn a_reference_to_nothing_is_refused() {
        assert!(measure(&json!({ "$ref": "#/$defs/none" })).is_err());
        assert!(measure(&json!({ "$ref": "#none" })).is_err());
    }

    #[test]
    fn what_a_validator_could_read_differently_is_refused() {
        for schema in [
            json!({ "$ref": "#/$defs/%610", "$defs": { "%610": {}, "a0": { "$ref": "#" } } }),
            json!({ "properties": { "a": { "$id": "x", "$ref": "#/$defs/b" } }, "$defs": { "b": {} } }),
            json!({ "$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveRef": "#" }),
            json!({ "items": { "$recursiveRef": "#" } }),
        ] {
            assert!(measure(&schema).is_err(), "{schema}");
        }
        let plain = json!({ "$id": "urn:a", "$schema": DIALECT, "properties": { "id": { "type": "string" } } });
        assert!(measure(&plain).is_ok(), "a property may be called id");
    }
}
