//! What it costs to match the patterns of a schema, known before anything is matched.
//!
//! Matching never backtracks, but in the worst case it takes a step for each state of a pattern at
//! each byte of a text: twenty thousand states and a text of 128 KiB are seconds. So a pattern is
//! bounded when a schema is taken in, and how much is matched with how long a text is added up
//! before a value is checked.

use crate::service::{
    calls::is_large,
    definition::references::{BY_NAME, Passes, resolve},
};
use jsonschema_regex::Search;
use regex_automata::nfa::thompson::{Compiler, Config};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// One pattern, compiled, in bytes. Those of everyday use take one to ten KiB; a long repetition of
/// all but a few characters takes a hundred.
const PATTERN_BYTES: usize = 256 << 10;

/// The patterns of a schema together, compiled, in bytes.
const PATTERNS_BYTES: usize = 512 << 10;

/// What the validator may take for one: it compiles a pattern several times over, for both directions.
pub(super) const ENGINE_BYTES: usize = 4 * PATTERN_BYTES;

/// What a pattern may remember of a text while it is matched, in bytes.
pub(super) const MEMO_BYTES: usize = 256 << 10;

/// The most that the patterns of a schema may cost in one check: bytes of compiled patterns times
/// bytes of what they are matched with. In the worst case, which few patterns come near, that was 20
/// to 60 ms on a busy 2026 server core.
const MATCHED_HERE: u64 = 1 << 27;
/// The same for values that are checked aside, where they hold up no other call.
const MATCHED_ASIDE: u64 = 1 << 31;

/// A pattern that only counts characters costs this at each byte, however many it counts.
const COUNTED: usize = 16;

/// The keywords whose schemas are for the same value and may be tried once more to tell why a value
/// does not fit.
const TRIED_AGAIN: [&str; 5] = ["anyOf", "oneOf", "not", "if", "contains"];

/// The patterns of a schema, by the parts of a value that they are matched with. The sizes are those
/// of compiled patterns, in bytes.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    /// Matched with the value itself, if it is a text.
    here: u64,
    /// Matched with any text or name in it, as far as one can tell.
    within: u64,
    properties: BTreeMap<String, Patterns>,
    items: Option<Box<Patterns>>,
}

impl Patterns {
    /// Those of a schema whose references were measured.
    pub(super) fn of(schema: &Value) -> Self {
        let mut patterns = Self::default();
        let mut reader = Reader {
            root: schema,
            sizes: HashMap::new(),
        };
        patterns.add(schema, &mut reader, 1, Passes::ONCE);
        patterns.prune();
        patterns
    }

    /// Adds those of a part of the schema, each of which is matched up to so many times.
    fn add<'schema>(
        &mut self,
        part: &'schema Value,
        reader: &mut Reader<'schema>,
        times: u64,
        passes: Passes,
    ) {
        let Value::Object(fields) = part else { return };
        for (name, field) in fields {
            let passes = passes.within(fields, name);
            let count = passes.count() as u64;
            let once_more = times.saturating_add(u64::from(TRIED_AGAIN.contains(&name.as_str())));
            match (name.as_str(), field) {
                ("pattern", Value::String(pattern)) => {
                    let times = times.saturating_mul(count);
                    add_times(&mut self.here, times, reader.size(pattern));
                }
                ("properties", Value::Object(properties)) => {
                    for (name, property) in properties {
                        let known = self.properties.entry(name.clone()).or_default();
                        known.add(property, reader, times, passes);
                    }
                }
                ("items", Value::Object(_)) => {
                    let known = self.items.get_or_insert_default();
                    known.add(field, reader, times, passes);
                }
                ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => {
                    for part in parts {
                        self.add(part, reader, once_more, passes);
                    }
                }
                ("not" | "if" | "then" | "else", _) => self.add(field, reader, once_more, passes),
                ("$ref" | "$dynamicRef", Value::String(target)) => {
                    if let Some(found) = resolve(reader.root, target) {
                        self.add(found, reader, times, passes);
                    }
                }
                ("$defs" | "definitions", _) => {}
                ("patternProperties", Value::Object(_)) => {
                    let names = reader.names(field).saturating_mul(count);
                    let size = names.saturating_add(reader.by_name(field, passes));
                    add_times(&mut self.within, times, size);
                }
                (name, Value::Object(_)) if BY_NAME.contains(&name) => {
                    add_times(&mut self.within, once_more, reader.by_name(field, passes));
                }
                _ => add_times(&mut self.within, once_more, reader.all(field, passes)),
            }
        }
    }

    /// Lets go of parts without patterns, which are most.
    fn prune(&mut self) {
        self.properties.retain(|_, property| {
            property.prune();
            !property.is_empty()
        });
        if let Some(items) = &mut self.items {
            items.prune();
            if items.is_empty() {
                self.items = None;
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.here == 0 && self.within == 0 && self.properties.is_empty() && self.items.is_none()
    }

    /// Whether matching them with a value could take longer than it may.
    pub(super) fn are_too_dear_for(&self, value: &Value) -> bool {
        let most = || {
            if is_large(bytes(value)) {
                MATCHED_ASIDE
            } else {
                MATCHED_HERE
            }
        };
        !self.is_empty() && self.cost(value) > most()
    }

    /// The most that matching them with a value costs. Nests no deeper than the schema.
    fn cost(&self, value: &Value) -> u64 {
        let within = match self.within {
            0 => 0,
            within => within.saturating_mul(bytes(value) as u64),
        };
        let matched =
            match value {
                Value::String(text) => self.here.saturating_mul(text.len() as u64),
                Value::Array(items) => match &self.items {
                    Some(patterns) => add_up(items.iter().map(|item| patterns.cost(item))),
                    None => 0,
                },
                Value::Object(fields) => add_up(self.properties.iter().map(|(name, patterns)| {
                    fields.get(name).map_or(0, |field| patterns.cost(field))
                })),
                _ => 0,
            };
        within.saturating_add(matched)
    }
}

/// Whether the patterns of a schema are larger than they may be; says so then.
pub(super) fn too_large(schema: &Value) -> Option<String> {
    let mut together = 0;
    let mut open = vec![schema];
    while let Some(value) = open.pop() {
        let patterns: Vec<&str> = match value {
            Value::Object(fields) => {
                open.extend(fields.values());
                let pattern = fields.get("pattern").and_then(Value::as_str);
                let names = fields.get("patternProperties").and_then(Value::as_object);
                let names = names.into_iter().flat_map(|names| names.keys());
                pattern
                    .into_iter()
                    .chain(names.map(String::as_str))
                    .collect()
            }
            Value::Array(items) => {
                open.extend(items);
                Vec::new()
            }
            _ => Vec::new(),
        };
        for pattern in patterns {
            let Some(size) = compiled(pattern) else {
                let shown: String = pattern.chars().take(64).collect();
                return Some(format!(
                    "has the pattern `{}`, which takes more than {PATTERN_BYTES} bytes when it is \
                     compiled; repeat less in it, or say how long a text may be with `maxLength`",
                    shown.escape_debug()
                ));
            };
            together += size;
        }
    }
    (together > PATTERNS_BYTES).then(|| {
        format!("has patterns that take more than {PATTERNS_BYTES} bytes together when compiled")
    })
}

/// A schema, and the sizes of the patterns that were met in it: one that is referred to a thousand times
/// is compiled once.
struct Reader<'schema> {
    root: &'schema Value,
    sizes: HashMap<&'schema str, u64>,
}

impl<'schema> Reader<'schema> {
    /// The size of every pattern in a part of the schema, what it refers to included, as often as it
    /// is matched.
    fn all(&mut self, part: &'schema Value, passes: Passes) -> u64 {
        match part {
            Value::Array(items) => add_up(items.iter().map(|item| self.all(item, passes))),
            Value::Object(fields) => add_up(fields.iter().map(|(name, field)| {
                let passes = passes.within(fields, name);
                let count = passes.count() as u64;
                match (name.as_str(), field) {
                    ("pattern", Value::String(pattern)) => self.size(pattern).saturating_mul(count),
                    ("patternProperties", Value::Object(_)) => {
                        let names = self.names(field).saturating_mul(count);
                        names.saturating_add(self.by_name(field, passes))
                    }
                    (name, Value::Object(_)) if BY_NAME.contains(&name) => {
                        self.by_name(field, passes)
                    }
                    ("$ref" | "$dynamicRef", Value::String(target)) => {
                        resolve(self.root, target).map_or(0, |found| self.all(found, passes))
                    }
                    _ => self.all(field, passes),
                }
            })),
            _ => 0,
        }
    }

    /// The same for schemas that are held by names.
    fn by_name(&mut self, schemas: &'schema Value, passes: Passes) -> u64 {
        let schemas = schemas.as_object().into_iter();
        let schemas = schemas.flat_map(|schemas| schemas.values());
        add_up(schemas.map(|schema| self.all(schema, passes)))
    }

    fn names(&mut self, fields: &'schema Value) -> u64 {
        let names = fields
            .as_object()
            .into_iter()
            .flat_map(|fields| fields.keys());
        add_up(names.map(|name| self.size(name)))
    }

    fn size(&mut self, pattern: &'schema str) -> u64 {
        let sizes = self.sizes.entry(pattern);
        *sizes.or_insert_with(|| size(pattern))
    }
}

fn add_times(sum: &mut u64, times: u64, size: u64) {
    *sum = sum.saturating_add(times.saturating_mul(size));
}

fn add_up(costs: impl Iterator<Item = u64>) -> u64 {
    costs.fold(0, u64::saturating_add)
}

fn size(pattern: &str) -> u64 {
    compiled(pattern).map_or(0, |bytes| bytes as u64)
}

/// How large a pattern is when it is compiled, unless that is more than it may be. What is no pattern
/// at all has no size: the validator refuses it where it stands for one.
fn compiled(pattern: &str) -> Option<usize> {
    let Ok(translated) = jsonschema_regex::to_rust_regex(pattern) else {
        return Some(0);
    };
    // As the validator does it.
    let translated = match jsonschema_regex::search_form(pattern, &translated) {
        Some(Search::RepeatedClass(_)) => return Some(COUNTED),
        Some(Search::Collapsed(collapsed)) => collapsed.into(),
        None => translated,
    };
    let bounded = Config::new().nfa_size_limit(Some(PATTERN_BYTES));
    match Compiler::new().configure(bounded).build(&translated) {
        Ok(automaton) => Some(automaton.memory_usage()),
        Err(error) if error.size_limit().is_some() => None,
        Err(_) => Some(0),
    }
}

/// How long all texts and names in a value are.
fn bytes(value: &Value) -> usize {
    let mut counted = 0;
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        counted += match value {
            Value::String(text) => text.len(),
            Value::Array(items) => {
                open.extend(items);
                0
            }
            Value::Object(fields) => {
                open.extend(fields.values());
                fields.keys().map(String::len).sum()
            }
            _ => 0,
        };
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn patterns_of_everyday_use_are_small() {
        for pattern in [
            "^[A-Za-z0-9+/]*={0,2}$",
            r"^\d{4}-\d{2}-\d{2}$",
            "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
            r"^[\w.+-]+@[\w-]+\.[\w.-]+$",
            r"^https?://[^\s/$.?#].[^\s]*$",
            r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$",
        ] {
            let size = compiled(pattern).unwrap();
            assert!((1..16 << 10).contains(&size), "{pattern}: {size}");
        }
        for larger in [r"^\p{L}[\p{L}\p{N} ]*$", r"^[^\s@]{1,64}@[^\s@]{1,190}$"] {
            assert!(compiled(larger).is_some(), "{larger}");
        }
        assert_eq!(compiled("^.{1,100000}$"), Some(COUNTED));
    }

    #[test]
    fn a_pattern_of_very_many_states_is_too_large_and_data_that_looks_odd_is_not() {
        let many = json!({ "items": { "pattern": "^[01]*1[01]{20000}$" } });
        let said = too_large(&many).unwrap();
        assert!(
            said.contains("[01]{20000}") && said.contains("262144"),
            "{said}"
        );
        let names = json!({ "patternProperties": { "(a{200}){100}": {} } });
        assert!(too_large(&names).is_some());
        let each_fits = vec![json!({ "pattern": "^[01]*1[01]{300}$" }); 100];
        assert!(
            too_large(&json!({ "anyOf": each_fits }))
                .unwrap()
                .contains("together")
        );
        assert_eq!(
            too_large(&json!({ "properties": { "pattern": { "const": "(" } } })),
            None
        );
        assert_eq!(
            too_large(&json!({ "pattern": "a(b" })),
            None,
            "told by the validator"
        );
    }

    #[test]
    fn a_pattern_costs_where_it_is_matched_and_nowhere_else() {
        let size = size("^a+$");
        let long = "a".repeat(1_000);
        for (schema, value, times) in [
            (json!({ "pattern": "^a+$" }), json!(long), 1_000),
            (json!({ "pattern": "^a+$" }), json!([long]), 0),
            (
                json!({ "properties": { "b": { "pattern": "^a+$" } } }),
                json!({ "a": long }),
                0,
            ),
            (
                json!({ "properties": { "a": { "pattern": "^a+$" } } }),
                json!({ "a": long }),
                1_000,
            ),
            (
                json!({ "items": { "pattern": "^a+$" } }),
                json!([long, "aa"]),
                1_002,
            ),
            (
                json!({ "items": { "$ref": "#/$defs/a" }, "$defs": { "a": { "pattern": "^a+$" } } }),
                json!([long]),
                1_000,
            ),
            (
                json!({ "patternProperties": { "^a+$": true } }),
                json!({ "abc": "de" }),
                5,
            ),
            (
                json!({ "propertyNames": { "pattern": "^a+$" } }),
                json!({ "abc": 1 }),
                3,
            ),
            (
                json!({ "additionalProperties": { "pattern": "^a+$" } }),
                json!({ "b": "cd" }),
                3,
            ),
            (json!({ "anyOf": [{ "pattern": "^a+$" }] }), json!("ab"), 4),
            (
                json!({ "unevaluatedItems": { "pattern": "^a+$" } }),
                json!(["ab"]),
                10,
            ),
            (
                json!({ "unevaluatedItems": false, "allOf": [{ "items": { "pattern": "^a+$" } }] }),
                json!(["ab"]),
                10,
            ),
        ] {
            assert_eq!(Patterns::of(&schema).cost(&value), size * times, "{schema}");
        }
    }
}
