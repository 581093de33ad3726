//! From what people type (`city=Oslo days=3`) to the JSON that a tool's schema wants.
//!
//! Only types are looked at. Whether the arguments fit the schema is for the gateway to say: it says
//! so to every client in the same words.

mod types;

use super::{failure::Failure, near};
use serde_json::{Map, Value};
use std::str::FromStr;
use types::Types;

/// One argument as it was typed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Input {
    /// `k=v`: text that becomes what the schema wants.
    Text(String, String),
    /// `k:=json`.
    Json(String, Value),
    /// `@file.json`: all arguments, from a file.
    File(String),
    /// `-`: all arguments, from standard input.
    Stdin,
}

impl FromStr for Input {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "-" {
            return Ok(Self::Stdin);
        }
        if let Some(path) = text.strip_prefix('@').filter(|path| !path.is_empty()) {
            return Ok(Self::File(path.to_owned()));
        }
        let (key, value) = text
            .split_once('=')
            .filter(|(key, _)| !key.trim_matches(':').is_empty())
            .ok_or_else(|| {
                format!("`{text}` is not an argument: write k=v, k:=json, @file.json or -")
            })?;
        match key.strip_suffix(':') {
            None => Ok(Self::Text(key.to_owned(), value.to_owned())),
            Some(key) => match serde_json::from_str(value) {
                Ok(json) => Ok(Self::Json(key.to_owned(), json)),
                Err(error) => Err(format!("`{key}:=` is not followed by JSON: {error}")),
            },
        }
    }
}

/// Arguments of a call, and what is strange about them.
#[derive(Debug, PartialEq)]
pub(crate) struct Coerced {
    pub(crate) arguments: Map<String, Value>,
    pub(crate) warnings: Vec<String>,
}

/// Turns pairs into arguments over a base that came from a file. A repeated `k=v` makes a list, if
/// the schema has a list there.
pub(crate) fn arguments(
    base: Map<String, Value>,
    pairs: Vec<Input>,
    schema: &Value,
) -> Result<Coerced, Failure> {
    let mut coerced = Coerced {
        arguments: base,
        warnings: Vec::new(),
    };
    let mut typed: Vec<String> = Vec::new();
    for pair in pairs {
        let (key, value) = match pair {
            Input::Json(key, value) => (key, value),
            Input::Text(key, text) => {
                let value = coerce(&text, &schema["properties"][&key])
                    .map_err(|expected| wrong_type(&key, &text, expected))?;
                (key, value)
            }
            Input::File(_) | Input::Stdin => continue,
        };
        if let Some(problem) = unknown(&key, schema) {
            if schema["additionalProperties"] == Value::Bool(false) {
                return Err(
                    Failure::invalid(format!("the tool has no argument `{key}`")).note(problem),
                );
            }
            coerced.warnings.push(format!(
                "the tool does not name an argument `{key}`. {problem}"
            ));
        }
        if typed.contains(&key) {
            append(&mut coerced.arguments, &key, value)?;
        } else {
            coerced.arguments.insert(key.clone(), value);
            typed.push(key);
        }
    }
    Ok(coerced)
}

fn append(arguments: &mut Map<String, Value>, key: &str, value: Value) -> Result<(), Failure> {
    match (arguments.get_mut(key), value) {
        (Some(Value::Array(list)), Value::Array(more)) => {
            list.extend(more);
            Ok(())
        }
        _ => Err(Failure::invalid(format!(
            "`{key}` is given more than once, and is not a list"
        ))),
    }
}

fn wrong_type(key: &str, text: &str, expected: &'static str) -> Failure {
    let shown: String = text.chars().take(60).collect();
    Failure::invalid(format!("`{key}` must be {expected}, and is `{shown}`"))
        .note(format!("Write JSON with: {key}:=JSON"))
}

/// What to say about a name that the schema does not have.
fn unknown(key: &str, schema: &Value) -> Option<String> {
    let properties = schema["properties"].as_object()?;
    if properties.contains_key(key) {
        return None;
    }
    let names: Vec<&str> = properties.keys().map(String::as_str).collect();
    Some(near::hint(key, &names, "It takes no arguments."))
}

/// The value that a text stands for; if there is none, what would have been one.
fn coerce(text: &str, schema: &Value) -> Result<Value, &'static str> {
    let types = Types::of(schema);
    let as_json = || serde_json::from_str::<Value>(text.trim()).ok();
    let is_wanted = |value: &Value| match value {
        Value::Null => types.null && !types.string,
        Value::Bool(_) => types.boolean,
        Value::Number(number) => types.number || types.integer && is_whole(number),
        Value::Array(_) => types.array,
        Value::Object(_) => types.object,
        Value::String(_) => false,
    };
    if let Some(value) = as_json().filter(is_wanted) {
        return Ok(value);
    }
    // `tags=a` where the tool wants a list means a list of one; `tags=[…` was meant as JSON.
    if types.array && !text.trim_start().starts_with('[') {
        return coerce(text, &schema["items"]).map(|item| Value::Array(vec![item]));
    }
    match types.expected() {
        Some(expected) if !types.string => Err(expected),
        _ => Ok(Value::from(text)),
    }
}

fn is_whole(number: &serde_json::Number) -> bool {
    number.as_f64().is_some_and(|value| value.fract() == 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn weather() -> Value {
        json!({ "type": "object", "properties": {
            "city": { "type": "string" },
            "days": { "type": "integer" },
            "factor": { "type": "number" },
            "metric": { "type": "boolean" },
            "limit": { "type": ["integer", "null"] },
            "note": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
            "tags": { "type": "array", "items": { "type": "string" } },
            "ids": { "type": "array", "items": { "type": "integer" } },
            "filter": { "type": "object" },
            "level": { "enum": [1, 2, 3] },
            "any": {},
        } })
    }

    fn coerced(typed: &[&str]) -> Result<Coerced, Failure> {
        let pairs = typed.iter().map(|text| text.parse().unwrap()).collect();
        arguments(Map::new(), pairs, &weather())
    }

    fn object(typed: &[&str]) -> Value {
        Value::Object(coerced(typed).unwrap().arguments)
    }

    #[test]
    fn text_becomes_what_the_schema_wants() {
        let typed = [
            "city=Oslo",
            "days=3",
            "factor=1.5",
            "metric=true",
            "limit=null",
            "level=2",
        ];
        let expected = json!({
            "city": "Oslo", "days": 3, "factor": 1.5, "metric": true, "limit": null, "level": 2,
        });
        assert_eq!(object(&typed), expected);
    }

    #[test]
    fn a_string_stays_a_string_whatever_it_looks_like() {
        let typed = ["city=42", "note=null", "any=7", "city2=a=b"];
        let expected = json!({ "city": "42", "note": "null", "any": "7", "city2": "a=b" });
        assert_eq!(object(&typed), expected);
    }

    #[test]
    fn a_list_is_json_or_repeated() {
        assert_eq!(
            object(&["tags=[\"a\",\"b\"]"]),
            json!({ "tags": ["a", "b"] })
        );
        assert_eq!(
            object(&["tags=a", "tags=b", "ids=1", "ids=2"]),
            json!({ "tags": ["a", "b"], "ids": [1, 2] })
        );
        assert!(coerced(&["ids=x"]).is_err());
        assert!(coerced(&["tags=[a"]).is_err());
        assert!(coerced(&["days=1", "days=2"]).is_err());
    }

    #[test]
    fn raw_json_is_taken_as_it_is() {
        assert_eq!(
            object(&["city:=42", "filter:={\"a\":[1]}"]),
            json!({ "city": 42, "filter": { "a": [1] } })
        );
        assert_eq!(
            "a=b:=c".parse(),
            Ok(Input::Text("a".to_owned(), "b:=c".to_owned()))
        );
        assert!("a:=nope".parse::<Input>().is_err());
    }

    #[test]
    fn what_cannot_be_the_type_is_refused_with_the_type() {
        let cases = [
            ("days=many", "an integer"),
            ("days=1.5", "an integer"),
            ("factor=x", "a number"),
            ("metric=yes", "true or false"),
            ("filter=x", "a JSON object"),
        ];
        for (typed, expected) in cases {
            let failure = coerced(&[typed]).unwrap_err().to_string();
            assert!(failure.contains(expected), "{typed}: {failure}");
        }
    }

    #[test]
    fn a_misspelled_argument_is_pointed_out() {
        let warned = coerced(&["ctiy=Oslo"]).unwrap();
        assert_eq!(warned.arguments["ctiy"], "Oslo");
        assert!(
            warned.warnings[0].contains("Did you mean `city`?"),
            "{:?}",
            warned.warnings
        );

        let strict = json!({ "properties": { "city": {} }, "additionalProperties": false });
        let pairs = vec!["ctiy=Oslo".parse().unwrap()];
        let failure = arguments(Map::new(), pairs, &strict)
            .unwrap_err()
            .to_string();
        assert!(failure.contains("Did you mean `city`?"), "{failure}");
    }

    #[test]
    fn pairs_stand_above_the_file() {
        let base = json!({ "city": "Rome", "days": 1 })
            .as_object()
            .cloned()
            .unwrap();
        let merged = arguments(base, vec!["city=Oslo".parse().unwrap()], &weather()).unwrap();
        assert_eq!(
            Value::Object(merged.arguments),
            json!({ "city": "Oslo", "days": 1 })
        );
    }

    #[test]
    fn inputs_are_told_apart() {
        assert_eq!("-".parse(), Ok(Input::Stdin));
        assert_eq!("@a.json".parse(), Ok(Input::File("a.json".to_owned())));
        for text in ["", "city", "=x", ":=1", "@"] {
            assert!(text.parse::<Input>().is_err(), "{text}");
        }
    }
}
