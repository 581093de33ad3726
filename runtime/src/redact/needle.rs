//! One form of a secret, found however each of its characters is written.
//!
//! A character may stand for itself, be escaped as in JSON or be percent-encoded as in a URL, each
//! one on its own: encoders differ in what they escape, so no list of whole encodings would do.

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

/// All forms of a secret: as it is, each of its lines, in hex, and in base64 wherever it begins.
pub(super) fn forms(value: &str) -> Vec<Needle> {
    let mut forms = vec![Needle::plain(value, Alphabet::Text)];
    // A guest that prints a key of many lines does so line by line.
    let lines = value.lines().map(str::trim);
    let lines = lines.filter(|line| line.len() >= SHORTEST && *line != value);
    forms.extend(lines.map(|line| Needle::plain(line, Alphabet::Text)));
    if value.len() >= SHORTEST {
        let hex: Zeroizing<String> =
            Zeroizing::new(value.bytes().map(|byte| format!("{byte:02x}")).collect());
        forms.push(Needle::plain(&hex, Alphabet::Hex));
        forms.extend((0..3).map(|before| Needle::base64(value, before)));
    }
    forms
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

    /// Whether a match can begin with this byte.
    pub(super) fn may_begin_with(&self, byte: u8) -> bool {
        let first = self.text.expose_secret().chars().next();
        first.is_some_and(|first| match byte {
            b'\\' | b'%' => true,
            b'+' if first == ' ' => true,
            _ if first.is_ascii() => self.alphabet.same(first, char::from(byte)),
            _ => first.encode_utf8(&mut [0; 4]).as_bytes()[0] == byte,
        })
    }

    /// Where a match that begins here lies, with the neighbors that hold bits of it.
    pub(super) fn matched(&self, hay: &[u8], start: usize) -> Option<Range<usize>> {
        let mut wanted = self.text.expose_secret().chars();
        let firsts = self.alphabet.steps(hay, start, wanted.next()?);
        if firsts == [None, None] {
            return None;
        }
        // Several ends are possible where a text holds backslashes or percent signs itself.
        let mut ends: Vec<_> = firsts.into_iter().flatten().collect();
        let mut next = Vec::with_capacity(2);
        for wanted in wanted {
            next.clear();
            for end in &ends {
                next.extend(self.alphabet.steps(hay, *end, wanted).into_iter().flatten());
            }
            next.sort_unstable();
            next.dedup();
            std::mem::swap(&mut ends, &mut next);
            if ends.is_empty() {
                return None;
            }
        }
        let mut range = start..*ends.last()?;
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
        if self.loose_start && start > 0 && is_base64(&hay[start - 1]) {
            range.start -= 1;
        }
        if self.loose_end && hay.get(range.end).is_some_and(is_base64) {
            range.end += 1;
        }
        Some(range)
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

    /// The ends of the ways in which a character can be written here: as itself, and escaped.
    fn steps(self, hay: &[u8], at: usize, wanted: char) -> [Option<usize>; 2] {
        let rest = &hay[at..];
        let mut raw = [0; 4];
        let raw = wanted.encode_utf8(&mut raw).as_bytes();
        let is_raw = match (rest.first(), raw) {
            (Some(byte), [_]) => byte.is_ascii() && self.same(wanted, char::from(*byte)),
            _ => rest.starts_with(raw),
        };
        let is_raw = is_raw || (wanted == ' ' && rest.first() == Some(&b'+'));
        let escaped = match rest.first() {
            Some(b'\\') => unescaped(rest),
            Some(b'%') => percent_decoded(rest, raw.len()),
            _ => None,
        };
        let escaped = escaped.filter(|(found, _)| self.same(wanted, *found));
        [
            is_raw.then_some(at + raw.len()),
            escaped.map(|(_, len)| at + len),
        ]
    }
}

/// The character behind an escape of JSON, and how long the escape is.
fn unescaped(text: &[u8]) -> Option<(char, usize)> {
    let short = match text.get(1)? {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(text),
        c @ (b'"' | b'\\' | b'/') => char::from(*c),
        _ => return None,
    };
    Some((short, 2))
}

/// `\uXXXX`, or two of them that stand for one character.
fn unicode(text: &[u8]) -> Option<(char, usize)> {
    let unit = |at: usize| match text.get(at..at + 6)? {
        [b'\\', b'u', digits @ ..] => hex(digits),
        _ => None,
    };
    let first = unit(0)?;
    if let Some(found) = char::from_u32(first) {
        return Some((found, 6));
    }
    let units = [u16::try_from(first).ok()?, u16::try_from(unit(6)?).ok()?];
    let found = char::decode_utf16(units).next()?.ok()?;
    Some((found, 12))
}

/// The character behind so many percent-encoded bytes.
fn percent_decoded(text: &[u8], bytes: usize) -> Option<(char, usize)> {
    let mut decoded = [0; 4];
    for (place, code) in decoded.iter_mut().zip(text.chunks(3)).take(bytes) {
        match code {
            [b'%', digits @ ..] if digits.len() == 2 => *place = u8::try_from(hex(digits)?).ok()?,
            _ => return None,
        }
    }
    let text = std::str::from_utf8(&decoded[..bytes]).ok()?;
    Some((text.chars().next()?, bytes * 3))
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| {
        Some(number * 16 + char::from(*digit).to_digit(16)?)
    })
}
