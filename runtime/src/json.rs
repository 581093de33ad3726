//! Checks of JSON that guests hand over.

use casemate_domain::Json;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::{collections::HashSet, fmt};

/// How deep JSON of a guest may nest.
pub(crate) const DEPTH: usize = 64;

/// Which values are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Any value.
    Any,
    /// An object.
    Object,
}

/// Takes JSON text of a guest: one value, no key twice within an object, not nested deeper than
/// [`DEPTH`]. The error says what is wrong, in words that fit after "is".
pub(crate) fn parse(text: String, shape: Shape) -> Result<Json, String> {
    let refuse = |error: serde_json::Error| format!("is not valid JSON: {error}");
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    Strict { depth: 0 }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end())
        .map_err(refuse)?;
    if shape == Shape::Object && !text.trim_start().starts_with('{') {
        return Err("must be a JSON object".to_owned());
    }
    Json::parse(text).map_err(|error| error.problem)
}

/// Reads a value and keeps nothing of it.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn inner<E: Error>(self) -> Result<Self, E> {
        if self.depth == DEPTH {
            return Err(E::custom(format!("nested deeper than {DEPTH}")));
        }
        Ok(Self {
            depth: self.depth + 1,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        let mut keys = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if keys.contains(&key) {
                let key: String = key.chars().take(40).collect();
                return Err(A::Error::custom(format!(
                    "the key `{}` appears twice",
                    key.escape_debug()
                )));
            }
            keys.insert(key);
            entries.next_value_seed(inner)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> String {
        "[".repeat(depth) + &"]".repeat(depth)
    }

    #[test]
    fn ordinary_json_is_kept_byte_for_byte() {
        let text = r#" {"a": [1, -2.5, "x", null, true], "b": {"a": {}}} "#;
        assert_eq!(
            parse(text.to_owned(), Shape::Object).unwrap().get(),
            text.trim()
        );
    }

    #[test]
    fn a_key_twice_is_refused_also_when_escaped() {
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"[{"x":{"b":1,"b":1}}]"#,
        ] {
            let problem = parse(text.to_owned(), Shape::Any).unwrap_err();
            assert!(problem.contains("appears twice"), "{problem}");
        }
    }

    #[test]
    fn depth_is_limited_exactly() {
        assert!(parse(nested(DEPTH), Shape::Any).is_ok());
        assert!(parse(nested(DEPTH + 1), Shape::Any).is_err());
        assert!(parse(nested(100_000), Shape::Any).is_err());
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in ["", "{", "NaN", "{} {}", "{\"a\":}", "'a'"] {
            assert!(parse(text.to_owned(), Shape::Any).is_err(), "{text}");
        }
        assert!(parse("[]".to_owned(), Shape::Object).is_err());
    }
}
