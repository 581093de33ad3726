//! Secrets that a tool uses without holding them.

use std::fmt;

/// A stand-in for a secret of the workspace.
///
/// Put it into a header of a request: the host fills the value in on the way out, towards granted
/// hosts only. Anywhere else it is a meaningless word.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    placeholder: String,
}

impl Secret {
    pub(crate) fn new(placeholder: String) -> Self {
        Self { placeholder }
    }

    /// The word that stands for the secret, for headers with a form of their own, such as
    /// `Token token=…`. It must reach the header unchanged: no base64, no escaping.
    pub fn placeholder(&self) -> &str {
        &self.placeholder
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a secret cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotGranted,
    NotSet,
}

impl Refusal {
    pub(crate) fn into_error(self, name: &str) -> crate::ToolError {
        let (message, code) = match self {
            Self::NotGranted => (
                format!("This tool may not use the secret {name}. An administrator can grant it."),
                "secret-not-granted",
            ),
            Self::NotSet => (
                format!("The secret {name} is not set. An operator of the workspace can set it."),
                "secret-not-set",
            ),
        };
        crate::ToolError::user(message).code(code)
    }
}
