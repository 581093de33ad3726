//! Why a request got no response.

use crate::ToolError;
use std::fmt;

/// Why a request got no response.
///
/// Through `?` it becomes a [`ToolError`] that the model can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpError {
    /// The URL, a header or the body is not valid; the text says what.
    InvalidRequest(String),
    /// The grant does not allow this host, or policy forbids its address.
    Denied(String),
    /// The name does not resolve or nobody answers; the text says what.
    ConnectionFailed(String),
    /// No answer in time.
    TimedOut,
    /// The body is larger than this many bytes.
    TooLarge(u64),
    /// The call has used up its outgoing requests or bytes.
    LimitReached(String),
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidRequest(what) => write!(f, "the request is not valid: {what}"),
            Self::Denied(what) => write!(f, "the request is not allowed: {what}"),
            Self::ConnectionFailed(what) => write!(f, "the connection failed: {what}"),
            Self::TimedOut => f.write_str("the request timed out"),
            Self::TooLarge(limit) => write!(f, "the response is larger than {limit} bytes"),
            Self::LimitReached(what) => write!(f, "the call may send no more: {what}"),
        }
    }
}

impl From<HttpError> for ToolError {
    fn from(error: HttpError) -> Self {
        let (message, code) = match &error {
            HttpError::InvalidRequest(_) => {
                return Self::internal(error.to_string()).code("http-invalid-request");
            }
            HttpError::Denied(_) => (
                "This tool may not reach that host. An administrator can grant it.",
                "http-denied",
            ),
            HttpError::ConnectionFailed(_) => (
                "The service behind this tool cannot be reached. Try again later.",
                "http-connection-failed",
            ),
            HttpError::TimedOut => (
                "The service behind this tool did not answer in time. Try again later.",
                "http-timed-out",
            ),
            HttpError::TooLarge(_) => (
                "The service behind this tool answered with more than this tool may read.",
                "http-too-large",
            ),
            HttpError::LimitReached(_) => (
                "This call may send no more requests. Ask for less at once.",
                "http-limit-reached",
            ),
        };
        Self::user(message)
            .code(code)
            .with_detail(error.to_string())
    }
}
