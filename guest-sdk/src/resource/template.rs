//! Fixed URIs and URI templates, as the macro has taken them apart.

use crate::texts::Texts;

/// A URI, or a template for many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uri {
    /// As the author wrote it.
    pub text: &'static str,
    /// What it consists of.
    pub pieces: &'static [Piece],
}

/// A part of a URI template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// Stands for itself.
    Text(&'static str),
    /// `{name}`: at least one character, but none of `/`, `?` and `#`.
    Segment(&'static str),
    /// `{+name}`: at least one character of any kind.
    Rest(&'static str),
}

impl Uri {
    /// Whether it stands for many.
    pub fn is_template(&self) -> bool {
        !matches!(self.pieces, [Piece::Text(_)])
    }

    /// The values of the variables, decoded, if the template gives this URI.
    pub fn variables(&self, uri: &str) -> Option<Texts> {
        let mut texts = Vec::new();
        matches(self.pieces, uri, &mut texts).then_some(Texts(texts))
    }
}

/// Takes the shortest value first and tries longer ones if the rest does not fit.
fn matches(pieces: &[Piece], uri: &str, texts: &mut Vec<(String, String)>) -> bool {
    let (name, is_segment, rest) = match pieces {
        [] => return uri.is_empty(),
        [Piece::Text(text), rest @ ..] => {
            let after = uri.strip_prefix(text);
            return after.is_some_and(|after| matches(rest, after, texts));
        }
        [Piece::Segment(name), rest @ ..] => (name, true, rest),
        [Piece::Rest(name), rest @ ..] => (name, false, rest),
    };
    let known = texts.len();
    for (at, character) in uri.char_indices() {
        if is_segment && matches!(character, '/' | '?' | '#') {
            return false;
        }
        let (value, after) = uri.split_at(at + character.len_utf8());
        let goes_on = match rest {
            [Piece::Text(text), ..] => after.starts_with(text),
            rest => after.is_empty() == rest.is_empty(),
        };
        if !goes_on {
            continue;
        }
        let Some(value) = decoded(value) else {
            continue;
        };
        texts.push(((*name).to_owned(), value));
        if matches(rest, after, texts) {
            return true;
        }
        texts.truncate(known);
    }
    false
}

/// Undoes percent-encoding. What is cut in the middle of an escape, or is no text, is none.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        if *first != b'%' {
            bytes.push(*first);
            rest = after;
            continue;
        }
        let [high, low, after @ ..] = after else {
            return None;
        };
        let digit = |byte: u8| char::from(byte).to_digit(16);
        bytes.push(u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pieces: &'static [Piece], uri: &str) -> Option<Vec<String>> {
        let uri_template = Uri { text: "", pieces };
        let texts = uri_template.variables(uri)?;
        Some(texts.0.into_iter().map(|(_, value)| value).collect())
    }

    #[test]
    fn a_segment_ends_where_the_path_goes_on() {
        let pieces = &[
            Piece::Text("n://"),
            Piece::Segment("id"),
            Piece::Text("/data"),
        ];
        assert_eq!(values(pieces, "n://7/data").unwrap(), ["7"]);
        for other in [
            "n:///data",
            "n://7/8/data",
            "n://7/data/",
            "n://7",
            "m://7/data",
        ] {
            assert_eq!(values(pieces, other), None, "{other}");
        }
    }

    #[test]
    fn the_rest_may_hold_anything() {
        let pieces = &[Piece::Text("f:///"), Piece::Rest("path")];
        assert_eq!(values(pieces, "f:///a/b?c#d").unwrap(), ["a/b?c#d"]);
        assert_eq!(values(pieces, "f:///"), None);
    }

    #[test]
    fn what_stands_between_two_variables_may_occur_in_the_second() {
        let pieces = &[
            Piece::Text("n://"),
            Piece::Segment("a"),
            Piece::Text("-"),
            Piece::Segment("b"),
            Piece::Text("-end"),
        ];
        assert_eq!(values(pieces, "n://1-2-3-end").unwrap(), ["1", "2-3"]);
    }

    #[test]
    fn values_are_decoded_and_what_is_no_text_matches_nothing() {
        let pieces = &[Piece::Text("n://"), Piece::Segment("id")];
        assert_eq!(values(pieces, "n://a%2Fb%C3%BC").unwrap(), ["a/bü"]);
        for broken in ["n://%", "n://%2", "n://%zz", "n://%ff", "n://a%C3"] {
            assert_eq!(values(pieces, broken), None, "{broken}");
        }
    }
}
