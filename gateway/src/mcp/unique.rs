//! Keys that come twice. Two readers of such an object may read two different ones: whoever
//! checked the arguments must not have checked others than the tool gets.

use super::object::Text;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// The longest part of a key that is repeated to its sender.
const SHOWN: usize = 64;

/// Refuses a key that comes twice within one object, at any depth. The error says which, in words
/// that fit behind the name of the text. A text that cannot be read is left to its readers.
pub(crate) fn check(raw: &RawValue) -> Result<(), String> {
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
        // Sorted once: comparing each with each would let many keys cost very much.
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
}
