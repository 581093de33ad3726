//! Text of tools as JSON strings. Long ones are most of what an answer takes to write.
//!
//! They are escaped where they are written to. A serializer takes no text that is escaped already
//! without reading all of it again, but what becomes of bytes is for its formatter to say: so texts are
//! handed over as bytes, and results have no others.

use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;
use std::{borrow::Cow, io};

/// A text as it is written into an answer by [`write`]. Others write a list of numbers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0.as_bytes())
    }
}

/// Appends a result as JSON.
pub(in crate::mcp) fn write(result: &impl Serialize, body: &mut Vec<u8>) {
    let mut serializer = serde_json::Serializer::with_formatter(body, Texts);
    let written = result.serialize(&mut serializer);
    written.expect("results have only string keys");
}

/// Writes JSON without spaces, and bytes as the text that they are.
struct Texts;

impl Formatter for Texts {
    /// The same as `serde_json` writes of a string, which looks at each byte by itself.
    fn write_byte_array<W>(&mut self, body: &mut W, text: &[u8]) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        body.write_all(b"\"")?;
        let mut rest = text;
        while let Some(at) = special(rest) {
            body.write_all(&rest[..at])?;
            write_escape(body, rest[at])?;
            rest = &rest[at + 1..];
        }
        body.write_all(rest)?;
        body.write_all(b"\"")
    }
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

fn write_escape(body: &mut (impl io::Write + ?Sized), byte: u8) -> io::Result<()> {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => return write!(body, "\\u{byte:04x}"),
    };
    body.write_all(&[b'\\', short])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(text: &str) -> String {
        let mut body = Vec::new();
        write(&Text(Cow::Borrowed(text)), &mut body);
        String::from_utf8(body).unwrap()
    }

    #[test]
    fn every_character_of_ascii_is_written_as_elsewhere() {
        let all: String = (0..128_u8).map(char::from).collect();
        for text in [all.repeat(3), all] {
            assert_eq!(written(&text), serde_json::to_string(&text).unwrap());
        }
    }

    proptest! {
        #[test]
        fn every_text_is_written_as_elsewhere(text in any::<String>(), times in 1..40_usize) {
            let text = text.repeat(times);
            prop_assert_eq!(written(&text), serde_json::to_string(&text).unwrap());
        }
    }
}
