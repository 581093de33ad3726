//! References inside a schema: followed once, at upload, within bounds.
//!
//! A reference that leads back to itself makes a validator call itself without end, and a few
//! references to each other can stand for more checks than there are atoms. So what a schema
//! amounts to with every reference written out is measured, and recursion is refused: clients
//! that inline references could not use it either. What a validator goes through again to know what is
//! left for `unevaluatedProperties` counts as often.

use serde_json::{Map, Value};
use std::collections::HashSet;

/// Values in a schema with every reference written out.
const MAX_PARTS: usize = 10_000;
/// How deep it nests then.
const MAX_DEPTH: usize = 64;

/// Other spellings of identity and recursion, which this walk and a validator could read
/// differently.
const REFUSED_KEYWORDS: [&str; 4] = ["$id", "$schema", "$recursiveRef", "$recursiveAnchor"];

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

/// Keywords that hold schemas by names, which are no keywords themselves.
pub(in crate::service) const BY_NAME: [&str; 6] = [
    "properties",
    "patternProperties",
    "dependentSchemas",
    "dependencies",
    "$defs",
    "definitions",
];

/// Keywords whose schemas are for the same value, and can tell what is left of it.
const IN_PLACE: [&str; 11] = [
    "$ref",
    "$dynamicRef",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependencies",
];

/// Whether a schema has to know what is left over.
fn knows_the_rest(fields: &Map<String, Value>) -> bool {
    ["unevaluatedProperties", "unevaluatedItems"]
        .iter()
        .any(|keyword| fields.contains_key(*keyword))
}

/// How often a validator goes through a part of a schema. What has to know what is left over goes
/// through the rest again, at each level below it, and through all that those levels hold.
#[derive(Debug, Clone, Copy)]
pub(in crate::service) struct Passes {
    times: usize,
    /// How many levels lie between here and what has to know what is left over.
    below: usize,
}

impl Passes {
    /// Where nothing has to know what is left over.
    pub(in crate::service) const ONCE: Self = Self { times: 1, below: 0 };

    /// How often.
    pub(in crate::service) fn count(self) -> usize {
        let again = match self.below {
            0 => 1,
            // Measured with the validator: up to 4.6 times as long at the first level. It looks at each
            // level once for each level above it, and that for each part of a condition.
            below => (below + 1).saturating_mul(below + 1).saturating_add(1),
        };
        self.times.saturating_mul(again)
    }

    /// The same for what a keyword of a schema holds.
    pub(in crate::service) fn within(self, fields: &Map<String, Value>, keyword: &str) -> Self {
        let knows_the_rest = knows_the_rest(fields);
        if KNOWN_AT_ONCE.contains(&keyword) {
            let (times, below) = (self.count(), 0);
            Self { times, below }
        } else if knows_the_rest {
            let (times, below) = (self.count(), 1);
            Self { times, below }
        } else if self.below > 0 && IN_PLACE.contains(&keyword) {
            let below = self.below + 1;
            Self { below, ..self }
        } else {
            self
        }
    }
}

/// The dialect that schemas are read in.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Keywords that name a part.
const NAMES: [&str; 2] = ["$anchor", "$dynamicAnchor"];

/// Follows every reference of a schema. Gives how many parts it amounts to.
pub(in crate::service) fn measure(schema: &Value) -> Result<usize, String> {
    let named = schema
        .get("$schema")
        .map(|dialect| dialect.as_str().unwrap_or_default());
    if named.is_some_and(|dialect| dialect.trim_end_matches('#') != DIALECT) {
        return Err(format!("is not in the dialect {DIALECT}"));
    }
    let mut names = HashSet::new();
    every_part(schema, &mut |part| {
        let is_root = std::ptr::eq(part, schema);
        check_keywords(part, is_root).and_then(|()| check_name(part, &mut names))
    })?;
    let mut walk = Walk {
        root: schema,
        parts: 0,
        active: Vec::new(),
    };
    walk.part(
        schema,
        At {
            depth: 0,
            passes: Passes::ONCE,
        },
    )?;
    Ok(walk.parts)
}

/// Goes through all that a schema holds, also what nothing refers to: a validator reads it too.
fn every_part<'schema>(
    part: &'schema Value,
    check: &mut impl FnMut(&'schema Value) -> Result<(), String>,
) -> Result<(), String> {
    check(part)?;
    match part {
        Value::Array(items) => items.iter().try_for_each(|item| every_part(item, check)),
        Value::Object(fields) => fields
            .values()
            .try_for_each(|field| every_part(field, check)),
        _ => Ok(()),
    }
}

fn check_keywords(part: &Value, is_root: bool) -> Result<(), String> {
    let is_used = |keyword: &str| {
        // The identity and the dialect of the whole change nothing.
        let is_fine = is_root && matches!(keyword, "$id" | "$schema");
        // Where it is no text it is no keyword, but a property that is called so.
        let used = part.get(keyword).and_then(Value::as_str);
        !is_fine && used.is_some_and(|used| (keyword, used) != ("$schema", DIALECT))
    };
    match REFUSED_KEYWORDS.iter().find(|keyword| is_used(keyword)) {
        Some(keyword) => Err(format!("uses `{keyword}`, which is refused")),
        None => Ok(()),
    }
}

/// A name that two parts have, be it in an example, could mean another one to the validator than here.
fn check_name<'schema>(
    part: &'schema Value,
    names: &mut HashSet<&'schema str>,
) -> Result<(), String> {
    let own = NAMES
        .iter()
        .filter_map(|keyword| part.get(*keyword)?.as_str());
    for name in own {
        if !names.insert(name) {
            let name = name.escape_debug();
            return Err(format!("names two parts `{name}`"));
        }
    }
    Ok(())
}

/// Where a part is.
#[derive(Clone, Copy)]
struct At {
    depth: usize,
    passes: Passes,
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
    fn part(&mut self, value: &'schema Value, at: At) -> Result<(), String> {
        self.parts = self.parts.saturating_add(at.passes.count());
        if self.parts > MAX_PARTS {
            return Err(format!("amounts to more than {MAX_PARTS} parts"));
        }
        if at.depth > MAX_DEPTH {
            return Err(format!("nests deeper than {MAX_DEPTH}"));
        }
        match value {
            Value::Array(items) => items
                .iter()
                .try_for_each(|item| self.part(item, at.below())),
            Value::Object(fields) => fields.iter().try_for_each(|(name, field)| {
                let passes = at.passes.within(fields, name);
                let within = At { passes, ..at };
                match (name.as_str(), field) {
                    ("$ref" | "$dynamicRef", Value::String(target)) => self.follow(target, within),
                    // Reached through the references to them.
                    ("$defs" | "definitions", _) if at.depth == 0 => Ok(()),
                    (name, Value::Object(schemas)) if BY_NAME.contains(&name) => schemas
                        .values()
                        .try_for_each(|schema| self.part(schema, within.below().below())),
                    _ => self.part(field, within.below()),
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
        let followed = self.part(found, at.below());
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
            let is_it = NAMES
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
mod tests;
