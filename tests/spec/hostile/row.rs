//! One row of the catalogue.

use serde_json::Value;

/// Settings of a gateway: keys of its configuration with their values.
pub(super) type Settings = &'static [(&'static str, u64)];

/// Makes the bytes of a guest whose tool has this name.
pub(super) type Make = fn(&str) -> Vec<u8>;

/// A hostile guest and what becomes of it.
pub(super) struct Row {
    /// As in the threat catalogue, with a letter.
    pub(super) id: &'static str,
    /// What it does.
    pub(super) what: &'static str,
    pub(super) guest: Make,
    pub(super) ends: End,
    pub(super) control: Control,
}

/// Where a guest ends.
#[derive(Clone, Copy)]
pub(super) enum End {
    /// At upload, with this kind.
    Refused(&'static str),
    /// In its call, with this kind.
    Stopped(&'static str),
    /// It answers, and the record of the call shows what was done to it.
    Recorded(fn(&Value) -> bool),
    /// It answers with this in its text.
    Says(&'static str),
    /// It answers.
    Completes,
}

/// The same with the guard out of the way.
#[derive(Clone, Copy)]
pub(super) enum Control {
    /// The same guest under other settings.
    With(Settings, End),
    /// A guest that differs in nothing but the fault.
    Honest(Make, End),
    /// The guard cannot be out of the way, for this reason.
    None(&'static str),
}

impl End {
    /// Whether a guest that ended so ended as it should.
    pub(super) fn is(self, seen: &Seen) -> bool {
        match (self, seen) {
            (Self::Refused(kind), Seen::Refused(seen))
            | (Self::Stopped(kind), Seen::Stopped(seen)) => kind == seen,
            (Self::Recorded(fits), Seen::Completed { record, .. }) => fits(record),
            (Self::Says(part), Seen::Completed { text, .. }) => text.contains(part),
            (Self::Completes, Seen::Completed { .. }) => true,
            _ => false,
        }
    }

    /// Whether it is the end of a call, and not of an upload.
    pub(super) fn is_of_a_call(self) -> bool {
        !matches!(self, Self::Refused(_))
    }
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(kind) => write!(f, "refused: {kind}"),
            Self::Stopped(kind) => write!(f, "stopped: {kind}"),
            Self::Recorded(_) => f.write_str("complete, with a certain record"),
            Self::Says(part) => write!(f, "complete, saying {part:?}"),
            Self::Completes => f.write_str("complete"),
        }
    }
}

/// Where a guest ended.
#[derive(Debug)]
pub(super) enum Seen {
    Refused(String),
    Stopped(String),
    Completed {
        text: String,
        record: Value,
    },
    /// Neither: a failure of its own words, or an error of the protocol.
    Other(String),
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(kind) => write!(f, "refused: {kind}"),
            Self::Stopped(kind) => write!(f, "stopped: {kind}"),
            Self::Completed { text, record } => {
                let text: String = text.chars().take(60).collect();
                write!(f, "complete: {text:?}")?;
                let lines = record["log"].as_array().map_or(0, Vec::len);
                match (lines, &record["log_dropped"]) {
                    (0, _) => Ok(()),
                    (_, Value::Null) => write!(f, ", {lines} lines logged"),
                    (_, dropped) => write!(f, ", {lines} lines logged, {dropped} dropped"),
                }
            }
            Self::Other(what) => f.write_str(what),
        }
    }
}
