//! Fixed URIs and URI templates, as the macro has taken them apart.

use crate::texts::Texts;
use std::{collections::BTreeSet, ops::Range};

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

    /// The values of the variables, decoded, if the template gives this URI. Of several ways to
    /// give it, the one with the shortest values is taken.
    pub fn variables(&self, uri: &str) -> Option<Texts> {
        let mut way = Way {
            uri,
            values: Vec::new(),
            dead_ends: BTreeSet::new(),
        };
        if !way.goes_on(self.pieces, 0) {
            return None;
        }
        let values = way.values.into_iter();
        let texts = values.map(|(name, value)| Some((name.to_owned(), decoded(&uri[value])?)));
        texts.collect::<Option<_>>().map(Texts)
    }
}

/// The way through a URI, piece by piece.
struct Way<'uri> {
    uri: &'uri str,
    values: Vec<(&'static str, Range<usize>)>,
    /// How many pieces were left at which place, in vain: no place is tried twice.
    dead_ends: BTreeSet<(usize, usize)>,
}

impl Way<'_> {
    /// Whether the rest of the URI is what these pieces may stand for.
    fn goes_on(&mut self, pieces: &[Piece], from: usize) -> bool {
        let (piece, rest) = match pieces {
            [] => return from == self.uri.len(),
            [piece, rest @ ..] => (piece, rest),
        };
        if self.dead_ends.contains(&(pieces.len(), from)) {
            return false;
        }
        let found = match piece {
            Piece::Text(text) => {
                self.uri[from..].starts_with(text) && self.goes_on(rest, from + text.len())
            }
            Piece::Segment(name) => self.value(name, rest, from, &['/', '?', '#']),
            Piece::Rest(name) => self.value(name, rest, from, &[]),
        };
        if !found {
            self.dead_ends.insert((pieces.len(), from));
        }
        found
    }

    /// Takes the shortest value first, and longer ones if the rest does not fit.
    fn value(&mut self, name: &'static str, rest: &[Piece], from: usize, end: &[char]) -> bool {
        let uri = self.uri;
        let known = self.values.len();
        for (at, character) in uri[from..].char_indices() {
            if end.contains(&character) {
                return false;
            }
            let to = from + at + character.len_utf8();
            if rest.is_empty() && to < uri.len() {
                continue;
            }
            self.values.push((name, from..to));
            if self.goes_on(rest, to) {
                return true;
            }
            self.values.truncate(known);
        }
        false
    }
}

/// Undoes percent-encoding. What is no text then is none.
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
    fn a_match_takes_little_time_however_many_ways_there_are() {
        const MANY: &[Piece] = &[
            Piece::Text("a:"),
            Piece::Rest("a"),
            Piece::Text("a"),
            Piece::Rest("b"),
            Piece::Text("a"),
            Piece::Rest("c"),
            Piece::Text("a"),
            Piece::Rest("d"),
            Piece::Text("a"),
            Piece::Rest("e"),
            Piece::Text("a"),
        ];
        let many = "a".repeat(500);
        assert!(values(MANY, &format!("a:{many}")).is_some());
        assert_eq!(values(MANY, &format!("a:{many}b")), None);
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
