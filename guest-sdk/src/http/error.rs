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
    /// The call has used up its outgoing requests, or the bytes that it may read of all answers, or
    /// there is no memory for the answer now.
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
            // The host says what stands against it and who can change that, in words for all.
            HttpError::Denied(what) => {
                return Self::user(format!("This tool may not send the request: {what}."))
                    .code("http-denied")
                    .with_detail(error.to_string());
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_refused_reads_what_would_help() {
        let refused = HttpError::Denied("push with --grant-host a.test".to_owned());
        let error = ToolError::from(refused);
        assert_eq!(error.error_code(), Some("http-denied"));
        assert!(format!("{error:?}").contains("request: push with --grant-host a.test."));
    }
}
