//! Text of tools as JSON strings. Long ones are most of what an answer takes to write.

use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// From here on it pays to look at many bytes at once.
const LONG: usize = 256;
/// As many as the compiler looks at with a few instructions.
const AT_ONCE: usize = 32;

/// A text as it is written into an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.len() < LONG {
            return serializer.serialize_str(&self.0);
        }
        let written = RawValue::from_string(written(&self.0)).map_err(S::Error::custom)?;
        written.serialize(serializer)
    }
}

/// The same as `serde_json` writes, which looks at each byte by itself.
fn written(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + text.len() / 16 + 2);
    written.push('"');
    // What waits to be copied needs no escape.
    let (mut plain, mut at) = (0, 0);
    for chunk in text.as_bytes().chunks(AT_ONCE) {
        if chunk
            .iter()
            .fold(false, |found, byte| found | is_special(*byte))
        {
            for byte in chunk {
                if is_special(*byte) {
                    written.push_str(&text[plain..at]);
                    push_escape(&mut written, *byte);
                    plain = at + 1;
                }
                at += 1;
            }
        } else {
            at += chunk.len();
        }
    }
    written.push_str(&text[plain..]);
    written.push('"');
    written
}

/// What JSON does not let stand in a string. All of it is ASCII.
fn is_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

fn push_escape(written: &mut String, byte: u8) {
    match byte {
        b'"' => written.push_str("\\\""),
        b'\\' => written.push_str("\\\\"),
        b'\n' => written.push_str("\\n"),
        b'\r' => written.push_str("\\r"),
        b'\t' => written.push_str("\\t"),
        0x08 => written.push_str("\\b"),
        0x0c => written.push_str("\\f"),
        _ => written.push_str(&format!("\\u{byte:04x}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_character_of_ascii_is_written_as_elsewhere() {
        let all: String = (0..128_u8).map(char::from).collect();
        let long = all.repeat(3);
        let ours = serde_json::to_string(&Text(Cow::Borrowed(&long))).unwrap();
        assert_eq!(ours, serde_json::to_string(&long).unwrap());
    }

    proptest! {
        #[test]
        fn every_text_is_written_as_elsewhere(text in any::<String>(), times in 1..40_usize) {
            let text = text.repeat(times);
            prop_assert_eq!(written(&text), serde_json::to_string(&text).unwrap());
        }
    }
}
