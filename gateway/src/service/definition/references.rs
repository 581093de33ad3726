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

/// Checks every reference of a schema.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    let mut walk = Walk {
        root: schema,
        parts: 0,
        active: Vec::new(),
    };
    walk.part(schema, 0)
}

struct Walk<'schema> {
    root: &'schema Value,
    parts: usize,
    /// The references that are being followed.
    active: Vec<&'schema str>,
}

impl<'schema> Walk<'schema> {
    fn part(&mut self, value: &'schema Value, depth: usize) -> Result<(), String> {
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return Err(format!("amounts to more than {MAX_PARTS} parts"));
        }
        if depth > MAX_DEPTH {
            return Err(format!("nests deeper than {MAX_DEPTH}"));
        }
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.part(item, depth + 1)),
            Value::Object(fields) => fields.iter().try_for_each(|(name, field)| {
                match (name.as_str(), field) {
                    ("$ref" | "$dynamicRef", Value::String(target)) => self.follow(target, depth),
                    // Reached through the references to them.
                    ("$defs" | "definitions", _) if depth == 0 => Ok(()),
                    _ => self.part(field, depth + 1),
                }
            }),
            _ => Ok(()),
        }
    }

    fn follow(&mut self, target: &'schema str, depth: usize) -> Result<(), String> {
        if self.active.contains(&target) {
            return Err(format!(
                "refers to `{}` from within itself; recursive schemas are refused",
                target.escape_debug()
            ));
        }
        let found = resolve(self.root, target)
            .ok_or_else(|| format!("refers to `{}`, which is not in it", target.escape_debug()))?;
        self.active.push(target);
        let followed = self.part(found, depth + 1);
        self.active.pop();
        followed
    }
}

/// What a reference names: the root, a place by its pointer, or a part by its anchor.
fn resolve<'schema>(root: &'schema Value, target: &str) -> Option<&'schema Value> {
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
        assert_eq!(check(&schema), Ok(()));
    }

    #[test]
    fn recursion_is_refused_however_it_is_written() {
        for schema in [
            json!({ "$ref": "#" }),
            json!({ "properties": { "x": { "$ref": "#" } } }),
            json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "$ref": "#/$defs/a" } } }),
            json!({ "anyOf": [{ "$dynamicRef": "#n" }], "$defs": { "n": { "$dynamicAnchor": "n", "items": { "$ref": "#n" } } } }),
        ] {
            assert!(check(&schema).is_err(), "{schema}");
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
        assert!(check(&schema).unwrap_err().contains("amounts to more"));
    }

    #[test]
    fn a_reference_to_nothing_is_refused() {
        assert!(check(&json!({ "$ref": "#/$defs/none" })).is_err());
        assert!(check(&json!({ "$ref": "#none" })).is_err());
    }
}
