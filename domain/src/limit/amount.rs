//! Values of limits as people write and read them: `64MiB`, `30s`, `20G`.

use serde::{Deserialize, Serialize};

/// What a limit is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// wasmtime's fuel: roughly instructions.
    Fuel,
    /// Time.
    Milliseconds,
    /// Data.
    Bytes,
    /// Things.
    Count,
}

/// A text that is not an amount of a unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not {expected}", text.escape_debug())]
pub struct InvalidAmount {
    /// As it was written.
    pub text: String,
    /// What would be.
    pub expected: &'static str,
}

/// Suffixes with their factors, the largest first. The last is the unit itself.
type Scale = &'static [(&'static str, u64)];

const TIME: Scale = &[("min", 60_000), ("s", 1_000), ("ms", 1)];
const DATA: Scale = &[
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];
const NUMBER: Scale = &[
    ("T", 1_000_000_000_000),
    ("G", 1_000_000_000),
    ("M", 1_000_000),
    ("k", 1_000),
    ("", 1),
];

impl Unit {
    const fn scale(self) -> Scale {
        match self {
            Self::Milliseconds => TIME,
            Self::Bytes => DATA,
            Self::Fuel | Self::Count => NUMBER,
        }
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::Milliseconds => "a time: a number with `ms`, `s` or `min`, such as 30s",
            Self::Bytes => "a size: a number with `B`, `KiB`, `MiB` or `GiB`, such as 64MiB",
            Self::Fuel | Self::Count => {
                "a number: digits, with `k`, `M`, `G` or `T` if you like, such as 20G"
            }
        }
    }

    /// The value in a form that people read, exact: `64 MiB`, `30 s`, `20 G`.
    pub fn show(self, value: u64) -> String {
        let fits = |(_, factor): &&(&str, u64)| value != 0 && value.is_multiple_of(*factor);
        let (suffix, factor) = self
            .scale()
            .iter()
            .find(fits)
            .or(self.scale().last())
            .expect("every scale has an end");
        format!("{} {suffix}", value / factor).trim_end().to_owned()
    }

    /// Reads what people write: digits (`_` between them does not count) with one suffix of the
    /// unit. Without a suffix the unit itself is meant: milliseconds, bytes.
    pub fn parse(self, text: &str) -> Result<u64, InvalidAmount> {
        let invalid = || InvalidAmount {
            text: text.to_owned(),
            expected: self.expected(),
        };
        let trimmed = text.trim();
        let end = trimmed
            .find(|c: char| !(c.is_ascii_digit() || c == '_'))
            .unwrap_or(trimmed.len());
        let (digits, suffix) = trimmed.split_at(end);
        let suffix = suffix.trim_start();
        let known = |(name, _): &&(&str, u64)| name.eq_ignore_ascii_case(suffix);
        let factor = if suffix.is_empty() {
            1
        } else {
            self.scale().iter().find(known).ok_or_else(invalid)?.1
        };
        let too_large = || InvalidAmount {
            text: text.to_owned(),
            expected: "an amount that can be counted: it is too large",
        };
        let digits = digits.replace('_', "");
        if digits.is_empty() {
            return Err(invalid());
        }
        let number: u64 = digits.parse().map_err(|_| too_large())?;
        number.checked_mul(factor).ok_or_else(too_large)
    }
}
