//! Text of tools as JSON strings. Long ones are most of what an answer takes to write.

use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// From here on it pays to look at many bytes at once.
const LONG: usize = 256;
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
    let mut rest = text;
    while let Some(at) = special(rest.as_bytes()) {
        written.push_str(&rest[..at]);
        push_escape(&mut written, rest.as_bytes()[at]);
        rest = &rest[at + 1..];
    }
    written.push_str(rest);
    written.push('"');
    written
}

/// Where the first byte is that JSON does not let stand in a string. All of them are ASCII.
fn special(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks();
    for (number, word) in words.iter().enumerate() {
        let found = specials(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(number * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let is_special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    let at = rest.iter().position(is_special)?;
    Some(words.len() * 8 + at)
}

/// The highest bit of each byte that is special. A borrow can set it for bytes above the first that
/// is, never below.
const fn specials(word: u64) -> u64 {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    const fn below(word: u64, bound: u8) -> u64 {
        word.wrapping_sub(EACH * bound as u64) & !word & (EACH << 7)
    }
    let quote = word ^ (EACH * b'"' as u64);
    let backslash = word ^ (EACH * b'\\' as u64);
    below(word, 0x20) | below(quote, 1) | below(backslash, 1)
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
