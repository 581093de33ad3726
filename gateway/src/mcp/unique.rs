//! Keys that come twice. Two readers of such an object may read two different ones: whoever
//! checked the arguments must not have checked others than the tool gets.

use super::object::Text;
use crate::json_text::behind_string;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// The longest part of a key that is repeated to its sender.
const SHOWN: usize = 64;

/// Refuses a key that comes twice within one object, at any depth. The error says which, in words
/// that fit behind the name of the text. A text that cannot be read is left to its readers.
pub(crate) fn check(raw: &RawValue) -> Result<(), String> {
    if may_repeat(raw.get()) {
        return read(raw);
    }
    Ok(())
}

/// Whether any key might come twice. Looks at keys as they are written and passes over all other
/// strings, which are most of a long text: what a key says that holds an escape is for [`read`].
fn may_repeat(json: &str) -> bool {
    // The keys of all objects that are open, and where those of each begin.
    let (mut keys, mut open) = (Vec::new(), Vec::new());
    let mut rest = json;
    while let Some(at) = rest.bytes().position(|byte| b"\"{}".contains(&byte)) {
        let (found, behind) = (rest.as_bytes()[at], &rest[at + 1..]);
        rest = behind;
        match found {
            b'"' => {
                rest = behind_string(behind);
                if rest.trim_ascii_start().starts_with(':') {
                    let key = &behind[..behind.len() - rest.len()];
                    if key.contains('\\') {
                        return true;
                    }
                    keys.push(key);
                }
            }
            b'{' => open.push(keys.len()),
            _ => {
                let first = open.pop().unwrap_or_default();
                if has_a_pair(&mut keys[first..]) {
                    return true;
                }
                keys.truncate(first);
            }
        }
    }
    false
}

/// Whether two are the same. Sorted first: comparing each with each would let many keys cost very much.
fn has_a_pair<T: Ord>(keys: &mut [T]) -> bool {
    keys.sort_unstable();
    keys.windows(2).any(|pair| pair[0] == pair[1])
}

/// Looks for a key that comes twice by reading all of the text.
fn read(raw: &RawValue) -> Result<(), String> {
    let mut deserializer = serde_json::Deserializer::from_str(raw.get());
    match Keys.deserialize(&mut deserializer) {
        Err(error) if error.is_data() => Err(super::object::plain(&error)),
        _ => Ok(()),
    }
}

/// Reads a value and keeps nothing of it but the keys of the objects that are open.
#[derive(Clone, Copy)]
struct Keys;

impl<'de> DeserializeSeed<'de> for Keys {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keys {
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
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut keys: Vec<Cow<'de, str>> = Vec::new();
        while let Some(Text(key)) = members.next_key()? {
            keys.push(key);
            members.next_value_seed(self)?;
        }
        // Sorted, for the same reason as above.
        keys.sort_unstable();
        match keys.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => {
                let key: String = pair[0].chars().take(SHOWN).collect();
                let key = key.escape_debug();
                Err(A::Error::custom(format!("has the key `{key}` twice")))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Result<(), String> {
        check(&RawValue::from_string(text.to_owned()).unwrap())
    }

    #[test]
    fn a_key_that_comes_twice_is_named_at_any_depth_and_in_any_spelling() {
        for text in [
            r#"{"city":1,"city":1}"#,
            r#"{"a":[{"b":{"city":1,"x":2,"\u0063ity":3}}]}"#,
        ] {
            assert_eq!(
                of(text),
                Err("has the key `city` twice".to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn the_same_key_in_two_objects_is_no_matter() {
        assert_eq!(
            of(r#"{"a":{"b":1},"c":[{"b":1},{"b":"a"}],"b":null}"#),
            Ok(())
        );
    }

    #[test]
    fn what_cannot_be_read_is_left_to_its_readers() {
        assert_eq!(of(r#"{"a":"\ud800"}"#), Ok(()));
        assert_eq!(of("1e999"), Ok(()));
    }

    #[test]
    fn a_long_key_is_shown_short() {
        let key = "k".repeat(10_000);
        let problem = of(&format!(r#"{{"{key}":1,"{key}":2}}"#)).unwrap_err();
        assert!(problem.len() < 100, "{problem}");
    }

    /// JSON with few different keys, some of them escaped.
    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("1".to_owned()),
            any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
            r#"["\\{}:,a]{0,6}"#.prop_map(|text| serde_json::to_string(&text).unwrap()),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let key = r#"(a|b|c|d|\\"|\\\\|\\u0061|[{}:]){1,2}"#;
            let member = (key, inner.clone(), "[ \n]?")
                .prop_map(|(key, value, space)| format!("\"{key}\"{space}:{space}{value}"));
            prop_oneof![
                prop::collection::vec(inner, 0..4)
                    .prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::vec(member, 0..4)
                    .prop_map(|members| format!("{{{}}}", members.join(" ,"))),
            ]
        })
    }

    proptest! {
        #[test]
        fn keys_as_they_are_written_say_the_same_as_reading_all(json in json()) {
            let raw = RawValue::from_string(json).unwrap();
            prop_assert_eq!(check(&raw), read(&raw));
        }
    }
}
