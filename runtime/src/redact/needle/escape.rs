//! One character that is written otherwise.

/// What an escape can begin with.
pub(in crate::redact) const BEGINS: &[u8] = b"\\%&";

/// The longest entity of HTML that is read.
const ENTITY: usize = 10;

/// The character that a text begins with, if that is escaped, and how long the escape is. `bytes` is
/// how many a percent-encoding is tried for.
pub(super) fn read(text: &[u8], bytes: usize) -> Option<(char, usize)> {
    match text.first()? {
        b'\\' => unescaped(text),
        b'%' => percent_decoded(text, bytes),
        b'&' => entity(text),
        _ => None,
    }
}

/// The character that a text begins with, if that is escaped, whatever it is, and how long the escape
/// is.
pub(in crate::redact) fn any(text: &[u8]) -> Option<(char, usize)> {
    let bytes = match text {
        [b'%', high, ..] => match high {
            b'c' | b'C' | b'd' | b'D' => 2,
            b'e' | b'E' => 3,
            b'f' | b'F' => 4,
            _ => 1,
        },
        _ => 0,
    };
    read(text, bytes)
}

/// `&quot;`, `&#34;`, `&#x22;`.
fn entity(text: &[u8]) -> Option<(char, usize)> {
    let end = text.iter().take(ENTITY).position(|byte| *byte == b';')?;
    let found = match &text[1..end] {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(hex(digits)?)?,
        [b'#', digits @ ..] => char::from_u32(std::str::from_utf8(digits).ok()?.parse().ok()?)?,
        _ => return None,
    };
    Some((found, end + 1))
}

/// The character behind an escape of JSON or JavaScript, and how long the escape is.
fn unescaped(text: &[u8]) -> Option<(char, usize)> {
    let short = match text.get(1)? {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(text),
        b'x' => return Some((char::from_u32(hex(text.get(2..4)?)?)?, 4)),
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
