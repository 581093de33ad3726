//! Arguments by what they say and not by how they are written: order of keys, white space,
//! escapes and spellings of numbers make no difference, and nothing else is confused.

use super::decimal::Decimal;
use blake3::{Hash, Hasher};
use serde::{
    Deserialize,
    de::{Deserializer, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::fmt;

/// Stands for what a JSON text says.
pub(super) fn digest(raw: &RawValue) -> Hash {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'{') => object(text),
        Some(b'[') => array(text),
        Some(b'"') => match serde_json::from_str::<String>(text) {
            Ok(said) => leaf(b"\"", &said),
            // Half a surrogate pair is no text; its spelling stands for itself.
            Err(_) => leaf(b"?", text),
        },
        _ => match Decimal::parse(text) {
            Some(number) => leaf(b"#", &number.to_string()),
            None => leaf(b"=", text),
        },
    }
}

fn object(text: &str) -> Hash {
    let Ok(Members(mut members)) = serde_json::from_str(text) else {
        return leaf(b"?", text);
    };
    members.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut hasher = Hasher::new();
    hasher.update(b"{");
    for (key, value) in members {
        hasher.update(leaf(b"\"", &key).as_bytes());
        hasher.update(digest(value).as_bytes());
    }
    hasher.finalize()
}

fn array(text: &str) -> Hash {
    let items: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
    let mut hasher = Hasher::new();
    hasher.update(b"[");
    for item in items {
        hasher.update(digest(item).as_bytes());
    }
    hasher.finalize()
}

fn leaf(kind: &[u8], content: &str) -> Hash {
    let mut hasher = Hasher::new();
    hasher.update(kind).update(content.as_bytes());
    hasher.finalize()
}

/// The members of an object, however many.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn of(text: &str) -> Hash {
        digest(&RawValue::from_string(text.to_owned()).unwrap())
    }

    #[test]
    fn the_same_written_in_another_way_is_the_same() {
        let text = r#"{"a":[1,"é",true,null],"b":{"c":1.5e3}}"#;
        let other = "{ \"b\" : {\"c\": 1500.0 },\n \"\\u0061\": [ 1.0, \"\\u00e9\", true, null ] }";
        assert_eq!(of(text), of(other));
    }

    #[test]
    fn what_says_something_else_is_something_else() {
        let all = [
            "9007199254740993",
            "9007199254740992",
            "123456789012345678901234567890",
            "123456789012345678901234567891",
            "\"1\"",
            "1",
            "[1]",
            "[[1]]",
            "[]",
            "{}",
            "null",
            "\"null\"",
            r#"{"a":1}"#,
            r#"{"a":[1]}"#,
            r#"["a",1]"#,
            r#""\ud800""#,
            r#"{"a":1,"b":2}"#,
            r#"{"a":2,"b":1}"#,
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(
                all[at + 1..].iter().all(|other| of(one) != of(other)),
                "{one}"
            );
        }
    }

    proptest! {
        #[test]
        fn spacing_makes_no_difference(key in any::<String>(), text in any::<String>(), n in any::<i64>()) {
            let value: Value = json!({ key: [text, n] });
            prop_assert_eq!(of(&value.to_string()), of(&serde_json::to_string_pretty(&value).unwrap()));
        }
    }
}
