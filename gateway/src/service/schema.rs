//! JSON Schemas of tools: compiled once per version, checked on each call.
//!
//! Nothing is ever fetched: the validator is built without the means to, and the runtime refuses
//! references that leave the document when it reads a component's definitions.

mod patterns;

use super::definition::references;
use casemate_domain::Json;
use jsonschema::{PatternOptions, Validator, error::ValidationErrorKind};
use patterns::{ENGINE_BYTES, MEMO_BYTES, Patterns};
use serde_json::Value;
use std::fmt;

/// A compiled schema.
pub struct Schema {
    validator: Validator,
    /// What it amounts to with every reference written out.
    parts: usize,
    patterns: Patterns,
}

/// The most that one check may cost, patterns aside: parts of the schema times values that are
/// checked. About a tenth of a second on a 2026 server core; ordinary calls need a few thousand.
/// How long texts are does not count here, because only patterns take long for long ones.
const MAX_COST: usize = 5_000_000;

impl Schema {
    /// Compiles a schema, or says what is wrong with it.
    pub fn compile(schema: &Json) -> Result<Self, String> {
        let value = schema.to_value();
        // References first: compiling follows them too.
        let parts = references::measure(&value)?;
        let bounded = PatternOptions::regex()
            .size_limit(ENGINE_BYTES)
            .dfa_size_limit(MEMO_BYTES);
        if let Some(problem) = patterns::too_large(&value) {
            return Err(problem);
        }
        let validator = jsonschema::options()
            .with_pattern_options(bounded)
            .build(&value)
            .map_err(|error| format!("is not a valid schema: {error}"))?;
        Ok(Self {
            validator,
            parts,
            patterns: Patterns::of(&value),
        })
    }

    /// Checks a value; gives the first failing path and what is wrong there.
    pub fn check(&self, value: &Value) -> Result<(), Mismatch> {
        let values = MAX_COST / self.parts.max(1);
        if count(value, values) > values {
            return Err(Mismatch {
                path: String::new(),
                problem: format!("more than {values} values are too many for this schema"),
            });
        }
        if self.patterns.are_too_dear_for(value) {
            return Err(Mismatch {
                path: String::new(),
                problem: "the texts are too long to be matched with the patterns of this schema; \
                          send shorter ones"
                    .to_owned(),
            });
        }
        self.validator.validate(value).map_err(|error| {
            let pointer = error.instance_path().to_string();
            Mismatch {
                path: pointer,
                problem: match error.kind() {
                    ValidationErrorKind::Enum { options } => choices(options),
                    _ => shorten(&error.masked().to_string()),
                },
            }
        })
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Schema")
    }
}

/// Where a value does not fit its schema, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// JSON Pointer to the failing part; empty for the root.
    pub path: String,
    /// What is wrong there.
    pub problem: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() {
            "/"
        } else {
            &self.path
        };
        write!(f, "at `{path}`: {}", self.problem)
    }
}

/// How many values there are in a value; counts no further than one past `enough`.
fn count(value: &Value, enough: usize) -> usize {
    let mut counted = 0;
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        counted += 1;
        if counted > enough {
            return counted;
        }
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => open.extend(fields.values()),
            _ => {}
        }
    }
    counted
}

/// What would have been right, so that a model can choose; the first ones of many.
fn choices(options: &Value) -> String {
    const MOST: usize = 20;
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    let shown: Vec<_> = options.iter().take(MOST).map(Value::to_string).collect();
    let more = match options.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!(" or {more} others"),
    };
    format!("must be one of {}{more}", shorten(&shown.join(", ")))
}

/// Error texts repeat the offending value, which can be large.
fn shorten(text: &str) -> String {
    const MAX: usize = 300;
    match text.char_indices().nth(MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema(value: Value) -> Result<Schema, String> {
        Schema::compile(&Json::from(&value))
    }

    #[test]
    fn a_mismatch_names_the_failing_path() {
        let schema = schema(json!({
            "type": "object",
            "properties": { "days": { "type": "integer", "maximum": 14 } },
        }))
        .unwrap();
        assert_eq!(schema.check(&json!({ "days": 3 })), Ok(()));
        assert_eq!(
            schema.check(&json!({ "days": 15 })).unwrap_err().path,
            "/days"
        );
    }

    #[test]
    fn a_check_that_would_cost_too_much_is_refused() {
        let parts: Vec<_> = (0..900)
            .map(|n| json!({ "not": { "const": n + 2_000_000 } }))
            .collect();
        let schema = schema(json!({ "items": { "allOf": parts } })).unwrap();
        assert_eq!(schema.check(&json!([1, 2, 3])), Ok(()));
        let many = Value::from(vec![1; 100_000]);
        assert!(
            schema
                .check(&many)
                .unwrap_err()
                .problem
                .contains("too many")
        );
    }

    #[test]
    fn a_wrong_choice_lists_the_right_ones() {
        let few = schema(json!({ "properties": { "unit": { "enum": ["metric", "imperial"] } } }));
        let problem = few
            .unwrap()
            .check(&json!({ "unit": "kelvin" }))
            .unwrap_err()
            .to_string();
        assert_eq!(
            problem,
            r#"at `/unit`: must be one of "metric", "imperial""#
        );
        let many: Vec<_> = (0..1_000).map(|n| format!("choice number {n}")).collect();
        let many = schema(json!({ "enum": many })).unwrap();
        let problem = many.check(&json!("another")).unwrap_err().problem;
        assert!(
            problem.len() < 400 && problem.ends_with(" or 980 others"),
            "{problem}"
        );
    }

    #[test]
    fn a_mismatch_does_not_repeat_the_value() {
        let schema = schema(json!({ "type": "integer" })).unwrap();
        let mismatch = schema.check(&json!("a private word")).unwrap_err();
        assert!(!mismatch.problem.contains("private"), "{mismatch}");
    }

    #[test]
    fn texts_that_are_too_long_for_the_patterns_are_not_matched() {
        let schema = schema(json!({ "pattern": "^[01]*1[01]{300}$" })).unwrap();
        let problem = |bytes: usize| {
            let text = Value::from("1".repeat(bytes) + "2");
            schema.check(&text).unwrap_err().problem
        };
        assert!(!problem(5_000).contains("too long"), "matched");
        assert!(problem(1 << 20).contains("too long"));
    }

    #[test]
    fn a_pattern_runs_in_linear_time() {
        let schema = schema(json!({ "type": "string", "pattern": "^(a+)+$" })).unwrap();
        assert!(
            schema
                .check(&Value::from(format!("{}!", "a".repeat(50_000))))
                .is_err()
        );
    }
}
