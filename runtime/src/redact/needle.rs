//! One form of a secret, found however each of its characters is written.
//!
//! A character may stand for itself, be escaped as in JSON or HTML or be percent-encoded as in a URL,
//! each one on its own: encoders differ in what they escape, so no list of whole encodings would do.

pub(super) mod escape;

use super::effort::{Effort, TooMuch};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use std::ops::Range;
use zeroize::Zeroizing;

/// Shorter pieces than this are no secrets: masking them would garble ordinary text.
const SHORTEST: usize = 8;

/// How characters are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    Text,
    Hex,
    /// Standard and for URLs alike.
    Base64,
}

/// One form of a secret.
pub(super) struct Needle {
    text: SecretString,
    alphabet: Alphabet,
    /// Whether the characters beside it hold bits of the secret too.
    loose_start: bool,
    loose_end: bool,
}

/// All forms of a secret: as it is, each of its lines, in hex, and in base64 wherever it begins; and
/// the same in UTF-16.
pub(super) fn forms(value: &str) -> Vec<Needle> {
    let mut forms = vec![Needle::plain(value, Alphabet::Text)];
    // A guest that prints a key of many lines does so line by line.
    let lines = value.lines().map(str::trim);
    let lines = lines.filter(|line| line.len() >= SHORTEST && *line != value);
    forms.extend(lines.map(|line| Needle::plain(line, Alphabet::Text)));
    if value.len() >= SHORTEST {
        forms.extend(encoded(value));
        if let Some(wide) = wide(value) {
            forms.push(Needle::plain(&wide, Alphabet::Text));
            forms.extend(encoded(&wide));
        }
    }
    forms
}

/// In hex and in base64.
fn encoded(value: &str) -> impl Iterator<Item = Needle> {
    let hex: Zeroizing<String> =
        Zeroizing::new(value.bytes().map(|byte| format!("{byte:02x}")).collect());
    let hex = Needle::plain(&hex, Alphabet::Hex);
    std::iter::once(hex).chain((0..3).map(move |before| Needle::base64(value, before)))
}

/// What both orders of bytes of UTF-16 have in common: one of them has a zero more before it, the
/// other behind.
fn wide(value: &str) -> Option<Zeroizing<String>> {
    let mut wide = Zeroizing::new(String::with_capacity(value.len() * 2));
    for (at, character) in value.chars().enumerate() {
        if at > 0 {
            wide.push('\0');
        }
        wide.push(character);
    }
    value.is_ascii().then_some(wide)
}

impl Needle {
    fn plain(text: &str, alphabet: Alphabet) -> Self {
        Self {
            text: text.into(),
            alphabet,
            loose_start: false,
            loose_end: false,
        }
    }

    /// What base64 makes of the value behind so many other bytes, as far as only the value decides
    /// it. The characters at the edges depend on neighbors too.
    fn base64(value: &str, before: usize) -> Self {
        let mut bytes = Zeroizing::new(vec![0; before]);
        bytes.extend_from_slice(value.as_bytes());
        let encoded = Zeroizing::new(STANDARD_NO_PAD.encode(&*bytes));
        let (first, end) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        Self {
            text: encoded[first..end].into(),
            alphabet: Alphabet::Base64,
            loose_start: !(before * 8).is_multiple_of(6),
            loose_end: !(bytes.len() * 8).is_multiple_of(6),
        }
    }

    /// Whether a match can begin with this byte, which is no part of an escape.
    pub(super) fn may_begin_with(&self, byte: u8) -> bool {
        let first = self.text.expose_secret().chars().next();
        first.is_some_and(|first| self.alphabet.may_write(first, byte))
    }

    /// Whether a match whose first character is one byte can have this one next.
    pub(super) fn may_go_on_with(&self, byte: u8) -> bool {
        let second = self.text.expose_secret().chars().nth(1);
        escape::BEGINS.contains(&byte)
            || second.is_none_or(|second| {
                self.alphabet.may_write(second, byte) || self.alphabet.fills(byte)
            })
    }

    /// Whether this byte is the whole first character of a match that begins with it.
    pub(super) fn is_one_byte(&self, byte: u8) -> bool {
        byte.is_ascii() && !escape::BEGINS.contains(&byte)
    }

    /// Where a match that begins here lies, with the neighbors that hold bits of it.
    pub(super) fn matched(
        &self,
        hay: &[u8],
        start: usize,
        effort: &mut Effort<'_>,
    ) -> Result<Option<Range<usize>>, TooMuch> {
        let mut wanted = self.text.expose_secret().chars();
        let steps = |at: usize, wanted| {
            let filling = if at > start {
                self.alphabet.filling(&hay[at..])
            } else {
                0
            };
            self.alphabet.steps(hay, at + filling, wanted)
        };
        let mut end = start;
        // Several ends are possible where a text holds backslashes or percent signs itself.
        let mut others = Vec::new();
        while others.is_empty() {
            let Some(wanted) = wanted.next() else {
                return Ok(Some(self.with_edges(hay, start..end)));
            };
            effort.step()?;
            match steps(end, wanted) {
                [None, None] => return Ok(None),
                [Some(one), None] | [None, Some(one)] => end = one,
                [Some(one), Some(other)] => others.extend([one, other]),
            }
        }
        let mut ends = others;
        let mut next = Vec::with_capacity(2);
        for wanted in wanted {
            next.clear();
            for end in &ends {
                effort.step()?;
                next.extend(steps(*end, wanted).into_iter().flatten());
            }
            next.sort_unstable();
            next.dedup();
            std::mem::swap(&mut ends, &mut next);
            if ends.is_empty() {
                return Ok(None);
            }
        }
        let last = ends.into_iter().max();
        Ok(last.map(|end| self.with_edges(hay, start..end)))
    }

    /// A match with the characters beside it that hold bits of the secret.
    fn with_edges(&self, hay: &[u8], mut range: Range<usize>) -> Range<usize> {
        let start = range.start;
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
        if self.loose_start && start > 0 && is_base64(&hay[start - 1]) {
            range.start -= 1;
        }
        if self.loose_end && hay.get(range.end).is_some_and(is_base64) {
            range.end += 1;
        }
        range
    }
}

impl Alphabet {
    fn same(self, wanted: char, found: char) -> bool {
        match self {
            Self::Text => wanted == found,
            Self::Hex => wanted.eq_ignore_ascii_case(&found),
            Self::Base64 => {
                let standard = |c| match c {
                    '-' => '+',
                    '_' => '/',
                    c => c,
                };
                standard(wanted) == standard(found)
            }
        }
    }

    /// Whether a character that is not escaped can be written with this byte first.
    fn may_write(self, wanted: char, byte: u8) -> bool {
        match byte {
            _ if wanted == ' ' && BLANKS.contains(&byte) => true,
            _ if wanted.is_ascii() => self.same(wanted, char::from(byte)),
            _ => wanted.encode_utf8(&mut [0; 4]).as_bytes()[0] == byte,
        }
    }

    /// Whether a byte may stand between two characters: encoders break long lines, and put the
    /// bytes of a dump apart.
    fn fills(self, byte: u8) -> bool {
        match self {
            Self::Text => false,
            Self::Hex => b"\r\n :-".contains(&byte),
            Self::Base64 => b"\r\n".contains(&byte),
        }
    }

    /// How long that is which only stands between two characters.
    fn filling(self, rest: &[u8]) -> usize {
        match rest {
            _ if self == Self::Text => 0,
            [b'\\', b'r', b'\\', b'n', ..] => 4,
            [b'\\', b'n', ..] | [b'\r', b'\n', ..] => 2,
            [byte, ..] if self.fills(*byte) => 1,
            _ => 0,
        }
    }

    /// The ends of the ways in which a character can be written here: as itself, and escaped.
    fn steps(self, hay: &[u8], at: usize, wanted: char) -> [Option<usize>; 2] {
        let rest = &hay[at..];
        let mut raw = [0; 4];
        let raw = wanted.encode_utf8(&mut raw).as_bytes();
        let is_raw = match (rest.first(), raw) {
            (Some(byte), [_]) => byte.is_ascii() && self.same(wanted, char::from(*byte)),
            _ => rest.starts_with(raw),
        };
        let is_blank = |byte: &u8| wanted == ' ' && BLANKS.contains(byte);
        let is_raw = is_raw || rest.first().is_some_and(is_blank);
        let escaped = escape::read(rest, raw.len());
        let escaped = escaped.filter(|(found, _)| self.same(wanted, *found));
        [
            is_raw.then_some(at + raw.len()),
            escaped.map(|(_, len)| at + len),
        ]
    }
}

/// What stands for a space in a form, and in a line of a log.
const BLANKS: &[u8] = b"+\t\n";
