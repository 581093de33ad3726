//! What is called: the same on every server.

use crate::prose::prose;
use serde::Serialize;
use serde_json::{Value, json};
use std::{fmt, time::Duration};

/// What the tool of an even load computes.
pub(super) const WORK: Duration = Duration::from_millis(5);
/// A small text.
const WORDS: &str = "The same words come back.";

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Tool {
    /// Adds two numbers
    Add,
    /// Answers with the few words that it was given
    Echo,
    /// Answers with the 64 KiB that it was given
    #[value(name = "echo-64k")]
    #[serde(rename = "echo-64k")]
    EchoLarge,
    /// Computes for 5 ms
    Burn,
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Add => "add",
            Self::Echo => "echo",
            Self::EchoLarge => "echo 64 KiB",
            Self::Burn => "compute 5 ms",
        })
    }
}

impl Tool {
    /// As servers have it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Echo | Self::EchoLarge => "echo",
            Self::Burn => "burn",
        }
    }

    /// The arguments; those of `burn` differ, because a sandbox has no clock of CPU time.
    pub(super) fn arguments(self, burn: &Value) -> Value {
        match self {
            Self::Add => json!({ "a": 1, "b": 2 }),
            Self::Echo => json!({ "text": WORDS }),
            Self::EchoLarge => json!({ "text": prose() }),
            Self::Burn => burn.clone(),
        }
    }

    pub(super) fn is_answer(self, answer: &str) -> bool {
        match self {
            Self::Add => answer == "3",
            Self::Echo => answer == WORDS,
            Self::EchoLarge => answer == prose(),
            Self::Burn => !answer.is_empty(),
        }
    }
}
