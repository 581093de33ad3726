//! One JSON object, read one level deep: its members stay the text that they came as.
//!
//! A key that comes twice is refused, and so is one that only looks like a key we know: whoever
//! else reads the message must not be able to read another one than we do.

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// The most members of an object of the envelope. Arguments of tools are not read this way.
const MAX_MEMBERS: usize = 256;

/// The members of one object, in their order.
#[derive(Debug, Default)]
pub(super) struct Object<'a> {
    members: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Object<'a> {
    /// Reads an object; the error says what is wrong, in words that fit behind its name.
    pub(super) fn of(raw: &'a RawValue) -> Result<Self, String> {
        Self::parse(raw.get()).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => plain(&error),
            _ => "cannot be read".to_owned(),
        })
    }

    /// Reads an object that nobody has checked yet. Whether it is JSON at all can be asked of the
    /// error.
    pub(super) fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The same, and the object that is its member of this name, in one pass: given beside the other
    /// members, if it is there. None if anything is wrong with either, which [`Self::parse`] tells.
    pub(super) fn parse_with(text: &'a str, inner: &str) -> Option<(Self, Option<Self>)> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let read = reader
            .deserialize_map(Members { inner: Some(inner) })
            .ok()?;
        reader.end().ok()?;
        Some(read)
    }

    /// The member of this name, unless it is not there or null.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.members
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| *value)
            .filter(|value| value.get() != "null")
    }

    /// The member of this name as it is, null or not.
    pub(super) fn get_any(&self, name: &str) -> Option<&'a RawValue> {
        self.members
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| *value)
    }

    /// The member of this name if it is a string.
    pub(super) fn string(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).and_then(string)
    }

    /// All members.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.members
            .iter()
            .map(|(key, value)| (key.as_ref(), *value))
    }

    /// Refuses keys that a careless reader takes for one of the known ones. Readers fold case in
    /// many ways (`ſ` is an `s` to some, the sign of Kelvin a `k`) and some stop at a NUL; the
    /// protocol's own keys are visible ASCII, so that others are not needed.
    pub(super) fn refuse_lookalikes(&self, known: &[&str]) -> Result<(), String> {
        for (key, _) in &self.members {
            let bare = key.trim();
            if !bare.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err("has a key that is not plain ASCII".to_owned());
            }
            let alike = known.iter().find(|name| name.eq_ignore_ascii_case(bare));
            if let Some(name) = alike.filter(|name| *name != key) {
                return Err(format!("has a key that only looks like `{name}`"));
            }
        }
        Ok(())
    }
}

/// The text of a JSON string, without a copy if nothing in it is escaped.
pub(super) fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(raw.get())
        .ok()
        .map(|text| text.0)
}

/// Whether a JSON text is an object.
pub(super) fn is_object(raw: &RawValue) -> bool {
    raw.get().starts_with('{')
}

/// Whether a JSON text is what names a request: a string or an integer. A string with half of a
/// character in it is none: it comes back as it is, and the client could not read the answer.
pub(super) fn is_id(raw: &RawValue) -> bool {
    let text = raw.get();
    if text.starts_with('"') {
        return !text.contains('\\') || string(raw).is_some();
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The words of an error without the place, which means nothing to a client.
pub(super) fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Text that is borrowed if nothing in it is escaped.
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyText;
        impl<'de> Visitor<'de> for AnyText {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(AnyText)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = deserializer.deserialize_map(Members { inner: None });
        members.map(|(members, _)| members)
    }
}

/// Reads the members of an object, and those of the object in it that has this name.
struct Members<'n> {
    inner: Option<&'n str>,
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = (Object<'de>, Option<Object<'de>>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::with_capacity(4);
        let mut inner = None;
        while let Some(Text(key)) = map.next_key()? {
            let is_inner = self.inner.is_some_and(|name| name == key);
            let is_known = if is_inner {
                inner.replace(map.next_value()?).is_some()
            } else {
                let value = map.next_value()?;
                let is_known = members.iter().any(|(known, _)| *known == key);
                members.push((key, value));
                is_known
            };
            if members.len() + usize::from(inner.is_some()) > MAX_MEMBERS {
                return Err(A::Error::custom("has too many members"));
            }
            if is_known {
                return Err(A::Error::custom("has the same key twice"));
            }
        }
        Ok((Object { members }, inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn members_are_the_text_that_came() {
        let object = Object::parse(r#"{"a": [1,  2] ,"b\u0063":1.0e2,"n":null}"#).unwrap();
        assert_eq!(object.get("a").unwrap().get(), "[1,  2]");
        assert_eq!(object.get("bc").unwrap().get(), "1.0e2");
        assert!(object.get("n").is_none());
        assert_eq!(object.get_any("n").unwrap().get(), "null");
    }

    #[test]
    fn a_key_that_comes_twice_is_refused_however_it_is_spelled() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#] {
            let error = Object::parse(text).err().unwrap();
            assert!(error.is_data(), "{text}");
        }
    }

    #[test]
    fn a_key_that_only_looks_known_is_refused() {
        for text in [
            r#"{"Method":1}"#,
            r#"{"method\u0000":1}"#,
            r#"{" method":1}"#,
            r#"{"method\u0000x":1}"#,
            r#"{"me\u0000thod":1}"#,
            "{\"param\u{17f}\":1}",
            "{\"to\u{212a}en\":1}",
            "{\"\u{ff4d}ethod\":1}",
            "{\"method\u{200b}\":1}",
        ] {
            let object = Object::parse(text).unwrap();
            assert!(object.refuse_lookalikes(&["method"]).is_err(), "{text}");
        }
        let object = Object::parse(r#"{"method":1,"other":1}"#).unwrap();
        assert!(object.refuse_lookalikes(&["method"]).is_ok());
    }

    #[test]
    fn an_object_of_the_envelope_is_bounded() {
        let members: Vec<_> = (0..257).map(|n| format!("\"{n}\":1")).collect();
        assert!(Object::parse(&format!("{{{}}}", members.join(","))).is_err());
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "\\PC{0,64}") {
            let _ = Object::parse(&text);
        }

        #[test]
        fn every_string_comes_back(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let raw = RawValue::from_string(json).unwrap();
            prop_assert_eq!(string(&raw).unwrap(), text);
        }
    }
}
