//! Where a page ended.

use super::Error;
use std::{fmt, str::FromStr};

/// A line of a segment: the one that a page ended with. The next page goes on before it, whatever
/// was appended meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) segment: u64,
    pub(super) offset: u64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.segment, self.offset)
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let number = |digits| u64::from_str_radix(digits, 16).ok();
        text.split_once('-')
            .and_then(|(segment, offset)| {
                Some(Self {
                    segment: number(segment)?,
                    offset: number(offset)?,
                })
            })
            // Only the spelling that we give out: `+1` is a number too.
            .filter(|cursor| cursor.to_string() == text)
            .ok_or(Error::InvalidCursor)
    }
}
