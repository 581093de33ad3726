//! Named sets of limits, so that most operators need not set any one by itself.

use super::Limits;
use crate::Invalid;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A named set of limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// For tools that compute a little: formatting, parsing, arithmetic.
    Small,
    /// For most tools, and the default.
    Standard,
    /// For tools that work on large data or wait for slow services.
    Large,
}

impl Profile {
    /// Every profile, from tight to loose.
    pub const ALL: &'static [Self] = &[Self::Small, Self::Standard, Self::Large];

    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Standard => "standard",
            Self::Large => "large",
        }
    }

    /// What it sets.
    pub const fn limits(self) -> Limits {
        match self {
            Self::Small => Limits::SMALL,
            Self::Standard => Limits::STANDARD,
            Self::Large => Limits::LARGE,
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Profile {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let known = Self::ALL.iter().find(|profile| profile.as_str() == text);
        known.copied().ok_or_else(|| {
            Invalid::new(
                "profile",
                format!(
                    "`{}` is not known; it can be small, standard or large",
                    text.escape_debug()
                ),
            )
        })
    }
}
