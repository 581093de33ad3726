//! References inside a schema: followed once, at upload, within bounds.
//!
//! A reference that leads back to itself makes a validator call itself without end, and a few
//! references to each other can stand for more checks than there are atoms. So what a schema
//! amounts to with every reference written out is measured, and recursion is refused: clients
//! that inline references could not use it either. What a validator goes through again to know what is
//! left for `unevaluatedProperties` counts as often.

use serde_json::{Map, Value};

/// Values in a schema with every reference written out.
const MAX_PARTS: usize = 10_000;
/// How deep it nests then.
const MAX_DEPTH: usize = 64;

/// Other spellings of identity and recursion, which this walk and a validator could read
/// differently.
const REFUSED_KEYWORDS: [&str; 4] = ["$id", "id", "$recursiveRef", "$recursiveAnchor"];

/// What knows what is left over goes through the rest again. Measured with the validator: schemas of
/// this kind within each other take up to 4.6 times as long for each level.
pub(in crate::service) const AGAIN: usize = 5;

/// Keywords that tell what they leave over by names and places alone.
const KNOWN_AT_ONCE: [&str; 7] = [
    "properties",
    "patternProperties",
    "additionalProperties",
    "items",
    "prefixItems",
    "$defs",
    "definitions",
];

/// Whether a schema has to know what is left over.
pub(in crate::service) fn knows_the_rest(fields: &Map<String, Value>) -> bool {
    fields.keys().any(|name| name.starts_with("unevaluated"))
}

/// How often a keyword of such a schema is gone through.
pub(in crate::service) fn again(fields: &Map<String, Value>, keyword: &str) -> usize {
    if knows_the_rest(fields) && !KNOWN_AT_ONCE.contains(&keyword) {
        AGAIN
    } else {
        1
    }
}

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
    walk.schema(schema, At { depth: 0, times: 1 })?;
    Ok(walk.parts)
}

/// Where a part is.
#[derive(Clone, Copy)]
struct At {
    depth: usize,
    /// How often it is gone through.
    times: usize,
}

impl At {
    fn below(self) -> Self {
        Self {
            depth: self.depth + 1,
            ..self
        }
    }
}

struct Walk<'schema> {
    root: &'schema Value,
    parts: usize,
    /// The references that are being followed.
    active: Vec<&'schema str>,
}

impl<'schema> Walk<'schema> {
    /// A value that is a schema: one whose keywords mean something, unlike names of properties.
    fn schema(&mut self, value: &'schema Value, at: At) -> Result<(), String> {
        let refused = REFUSED_KEYWORDS.iter().find(|keyword| {
            // The identity of the whole changes nothing, and `id` is a keyword only as a text.
            let is_root = at.depth == 0 && **keyword == "$id";
            !is_root && value.get(**keyword).is_some_and(Value::is_string)
        });
        match refused {
            Some(keyword) => Err(format!("uses `{keyword}`, which is refused")),
            None => self.part(value, at),
        }
    }

    fn part(&mut self, value: &'schema Value, at: At) -> Result<(), String> {
        self.parts = self.parts.saturating_add(at.times);
        if self.parts > MAX_PARTS {
            return Err(format!("amounts to more than {MAX_PARTS} parts"));
        }
        if at.depth > MAX_DEPTH {
            return Err(format!("nests deeper than {MAX_DEPTH}"));
        }
        match value {
            Value::Array(items) => items
                .iter()
                .try_for_each(|item| self.schema(item, at.below())),
            Value::Object(fields) => fields.iter().try_for_each(|(name, field)| {
                let times = at.times.saturating_mul(again(fields, name));
                let within = At { times, ..at };
                match (name.as_str(), field) {
                    ("$ref" | "$dynamicRef", Value::String(target)) => self.follow(target, within),
                    // Reached through the references to them.
                    ("$defs" | "definitions", _) if at.depth == 0 => Ok(()),
                    _ => self.schema(field, within.below()),
                }
            }),
            _ => Ok(()),
        }
    }

    fn follow(&mut self, target: &'schema str, at: At) -> Result<(), String> {
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
        let followed = self.schema(found, at.below());
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

    /// What is left over within what is left over, so many times: by references, or in place, or of
    /// the value of a property.
    fn left_over(levels: usize) -> [Value; 3] {
        let mut definitions = serde_json::Map::new();
        let (mut inline, mut below) = (json!({}), json!({}));
        for level in 0..levels {
            let next = json!({ "$ref": format!("#/$defs/d{}", level + 1) });
            let all = json!({ "allOf": [next], "unevaluatedProperties": false });
            definitions.insert(format!("d{level}"), all);
            inline = json!({ "allOf": [inline], "unevaluatedProperties": false });
            let one = json!({ "properties": { "a": below } });
            below = json!({ "anyOf": [one], "unevaluatedProperties": false });
        }
        let last = json!({ "properties": { "b": {} } });
        definitions.insert(format!("d{levels}"), last);
        [
            json!({ "$ref": "#/$defs/d0", "$defs": definitions }),
            inline,
            below,
        ]
    }

    #[test]
    fn what_is_gone_through_again_and_again_counts_as_often() {
        for schema in left_over(7) {
            let problem = measure(&schema).unwrap_err();
            assert!(problem.contains("amounts to more"), "{schema}: {problem}");
        }
        for schema in left_over(3) {
            assert!(measure(&schema).is_ok(), "{schema}");
        }
        let plain = json!({ "properties": { "a": { "unevaluatedProperties": false,
            "properties": { "b": { "unevaluatedProperties": false, "properties": {} } } } } });
        let parts = measure(&plain).unwrap();
        assert!(parts < 20, "names alone tell that, but {parts}");
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
