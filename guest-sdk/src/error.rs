//! How a tool fails.

use crate::content::Content;
use std::{fmt::Write as _, time::Duration};

/// What the model is told when the author said nothing.
const GENERIC: &str = "The tool failed. See its log.";

/// A failure that the model at the far end reads and reacts to.
///
/// Say what went wrong and what would work: `ToolError::user("No such city. Try a larger place
/// nearby.")`. Any [`std::error::Error`] becomes one through `?`; then the model reads only that
/// the tool failed, and the causes go to the tool's log.
///
/// It is not itself a [`std::error::Error`], because that would forbid the conversion.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolError {
    message: String,
    /// Boxed like `detail`: every result of a tool is as large as this type.
    code: Option<Box<str>>,
    retry_after: Option<Duration>,
    content: Vec<Content>,
    detail: Option<Box<str>>,
    kind: Kind,
}

/// What is at fault.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The work.
    #[default]
    Work,
    /// What was asked for is not there.
    NotFound,
    /// The parameters of the request.
    Params,
    /// The client, which cannot do this.
    Client(Box<str>),
    /// The request, with a code of the author's.
    Protocol(i32),
}

impl ToolError {
    /// A failure in words that the model can act on, without internals.
    pub fn user(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: None,
            retry_after: None,
            content: Vec::new(),
            detail: None,
            kind: Kind::Work,
        }
    }

    /// An argument that cannot be used, and why.
    pub fn invalid_arg(field: impl AsRef<str>, why: impl AsRef<str>) -> Self {
        let (field, why) = (field.as_ref(), why.as_ref());
        Self::user(format!("The argument `{field}` {why}.")).code("invalid-argument")
    }

    /// A failure that means nothing to the model; `detail` goes to the log.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::user(GENERIC).with_detail(detail)
    }

    /// Something that is not there. For a resource this is the protocol's own error, for a tool or
    /// a prompt a failure with the code `not-found`.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::NotFound,
            ..Self::user(message).code("not-found")
        }
    }

    /// A request that cannot be understood: the protocol's error -32602. In a tool rather use
    /// [`invalid_arg`](Self::invalid_arg), because models do not see errors of the protocol.
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Params,
            ..Self::user(message).code("invalid-argument")
        }
    }

    /// A client that cannot do what is needed, such as `elicitation`: the protocol's error -32021. A
    /// tool that always needs it rather declares it, with `client_capabilities = ["…"]`.
    pub fn missing_client_capability(capability: impl Into<String>) -> Self {
        let capability = capability.into();
        Self {
            kind: Kind::Client(capability.as_str().into()),
            ..Self::user(format!("The client needs the capability `{capability}`."))
        }
    }

    /// An error of the protocol with a code of your own, for programs that know it. The codes from
    /// -32768 to -32000 are reserved and become -32603. Models do not see it.
    pub fn protocol(code: i32, message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Protocol(code),
            ..Self::user(message)
        }
    }

    /// Adds a stable word for programs, such as `not-found`.
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into().into());
        self
    }

    /// Adds a sentence about what would work.
    pub fn hint(mut self, hint: impl AsRef<str>) -> Self {
        self.message.push(' ');
        self.message.push_str(hint.as_ref());
        self
    }

    /// Adds when it makes sense to try again.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Adds content for the model after the message.
    pub fn with_content(mut self, content: impl Into<Content>) -> Self {
        self.content.push(content.into());
        self
    }

    /// Adds what only the tool's own log may say.
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into().into());
        self
    }

    /// What the model reads.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The stable word, if there is one.
    pub fn error_code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// When it makes sense to try again, if that is known.
    pub fn wait(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The content after the message.
    pub fn content(&self) -> &[Content] {
        &self.content
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.kind
    }

    /// What only the log says, if anything.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }
}

impl<E: std::error::Error> From<E> for ToolError {
    fn from(error: E) -> Self {
        Self::internal(chain(&error))
    }
}

/// An error and all its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a string cannot fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);

    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("cannot read the row")
        }
    }

    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn any_error_becomes_a_generic_message_with_its_causes_in_the_log() {
        let error = ToolError::from(Outer("x".parse::<u8>().unwrap_err()));
        assert_eq!(error.message(), "The tool failed. See its log.");
        assert_eq!(
            error.detail(),
            Some("cannot read the row: invalid digit found in string")
        );
    }

    #[test]
    fn a_hint_is_read_after_the_message() {
        let error = ToolError::user("No such city.").hint("Try a larger place nearby.");
        assert_eq!(error.message(), "No such city. Try a larger place nearby.");
    }
}
