//! Why an upload is refused.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The kinds of refusal. The words are stable: callers, logs and documentation use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectionKind {
    /// It is not valid WebAssembly.
    MalformedComponent,
    /// It is WebAssembly or something else, but not a component.
    NotAComponent,
    /// It is native code. Only the platform's own compiler makes that.
    PrecompiledRefused,
    /// It does not export the tools interface as the contract has it.
    WrongWorld,
    /// It imports what is not offered.
    ForbiddenImport,
    /// It uses a WebAssembly feature that is switched off.
    FeatureRefused,
    /// It is larger than allowed.
    ComponentTooLarge,
    /// Compiling it would cost too much.
    CompileBudget,
    /// A schema of its tools is not usable.
    SchemaRejected,
    /// What it says about its tools is not usable.
    MetadataRejected,
    /// The host failed.
    Internal,
}

impl RejectionKind {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedComponent => "malformed_component",
            Self::NotAComponent => "not_a_component",
            Self::PrecompiledRefused => "precompiled_refused",
            Self::WrongWorld => "wrong_world",
            Self::ForbiddenImport => "forbidden_import",
            Self::FeatureRefused => "feature_refused",
            Self::ComponentTooLarge => "component_too_large",
            Self::CompileBudget => "compile_budget",
            Self::SchemaRejected => "schema_rejected",
            Self::MetadataRejected => "metadata_rejected",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for RejectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refused upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    /// Why, in a word.
    pub kind: RejectionKind,
    /// What is wrong, why, and what to do; for the author of the component.
    pub message: String,
}

impl Rejection {
    pub(crate) fn new(kind: RejectionKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}
