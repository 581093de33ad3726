//! The one table of everything that the endpoint refuses: code, HTTP status, words.
//!
//! What a tool or the host did in a call that ran is not here: that is a result.

use super::{capability, revision::Revision};
use crate::{
    body,
    service::{Refused, Unknown, UnknownTool, tasks::Full},
};
use casemate_domain::{Invalid, Json};
use http::{HeaderName, StatusCode, header};
use serde_json::{Value, json};

/// The two ways of speaking: with everything in each request, or after a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Era {
    Modern,
    Legacy,
}

/// Why a request is refused. The order is that of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Error {
    #[error("This gateway does not answer to that host name")]
    ForbiddenHost,
    #[error("Web pages of that origin may not send requests here")]
    ForbiddenOrigin,
    #[error("Server not found")]
    ServerNotFound,
    #[error("Authentication failed")]
    AuthenticationFailed,
    #[error("{0}")]
    MalformedKey(Invalid),
    #[error("This server is inactive; an administrator can activate it")]
    ServerInactive,
    #[error("This address takes only POST, and GET and DELETE with a session")]
    MethodNotAllowed,
    #[error("Session not found: it has ended or is not yours; initialize again")]
    SessionNotFound,
    #[error("The Content-Type must be application/json")]
    UnsupportedMediaType,
    #[error("The Accept header excludes what the answer would be")]
    NotAcceptable,
    #[error("This key has {most} event streams open already; close one of them first")]
    TooManyStreams { most: usize },
    #[error("No room for a task: {0}")]
    TooManyTasks(Full),
    #[error("The request is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("The body of the request did not arrive in time")]
    TooSlow,
    #[error("The body of the request did not arrive whole")]
    Incomplete,
    #[error("Too much arrives at once, in all or for this workspace; try again in a second")]
    NoRoom,
    #[error("This workspace has too many connections; close some, or try again in a second")]
    TooManyConnections,
    #[error("Parse error: {0}")]
    Parse(String),
    #[error("Invalid request: {0}")]
    InvalidRequest(String),
    #[error("Header mismatch: {0}")]
    HeaderMismatch(String),
    #[error("Invalid params: {0}")]
    InvalidEnvelope(String),
    #[error("Unsupported protocol version")]
    UnsupportedVersion {
        requested: String,
        supported: &'static [Revision],
    },
    #[error("Method not found: {0}")]
    MethodNotFound(String),
    #[error("The client lacks what this call needs: {names}", names = .0.join(", "))]
    MissingCapabilities(Vec<String>),
    #[error("Invalid params: {0}")]
    InvalidParams(String),
    #[error(transparent)]
    UnknownTool(UnknownTool),
    #[error("Task not found: there never was one, it has expired, or it belongs to somebody else")]
    UnknownTask,
    #[error("The state of the request is not valid here or has expired; call again without it")]
    ForgedState,
    #[error("{0}")]
    RefusedByTool(String),
    #[error("Resource not found")]
    ResourceNotFound { uri: String },
    #[error("Internal error: {0}")]
    Failed(&'static str),
    #[error("{message}")]
    OfTool {
        code: i32,
        message: String,
        data: Option<Json>,
    },
}

impl Error {
    /// The code in the answer. What HTTP itself refuses carries its status: such numbers lie
    /// outside all that JSON-RPC and MCP reserve.
    pub(super) fn code(&self, era: Era) -> i32 {
        match self {
            Self::Parse(_) | Self::Incomplete => -32700,
            Self::InvalidRequest(_) => -32600,
            Self::MethodNotFound(_) => -32601,
            Self::InvalidEnvelope(_)
            | Self::InvalidParams(_)
            | Self::UnknownTool(_)
            | Self::UnknownTask
            | Self::ForgedState
            | Self::RefusedByTool(_) => -32602,
            Self::Failed(_) => -32603,
            Self::HeaderMismatch(_) => -32020,
            Self::MissingCapabilities(_) => if_modern(era, -32021, -32602),
            Self::UnsupportedVersion { .. } => -32022,
            Self::ResourceNotFound { .. } => if_modern(era, -32602, -32002),
            Self::OfTool { code, .. } => *code,
            _ => i32::from(self.status(era).as_u16()),
        }
    }

    /// The HTTP status of the answer. Handshake clients read errors only in answers that HTTP
    /// calls successful, so what is not the transport's own fault is 200 for them.
    pub(super) fn status(&self, era: Era) -> StatusCode {
        match self {
            Self::ForbiddenHost | Self::ForbiddenOrigin => StatusCode::FORBIDDEN,
            Self::ServerNotFound | Self::ServerInactive | Self::SessionNotFound => {
                StatusCode::NOT_FOUND
            }
            Self::AuthenticationFailed | Self::MalformedKey(_) => StatusCode::UNAUTHORIZED,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::TooManyStreams { .. } | Self::TooManyTasks(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NoRoom | Self::TooManyConnections => StatusCode::SERVICE_UNAVAILABLE,
            Self::Incomplete
            | Self::Parse(_)
            | Self::InvalidRequest(_)
            | Self::HeaderMismatch(_)
            | Self::InvalidEnvelope(_)
            | Self::UnsupportedVersion { .. } => StatusCode::BAD_REQUEST,
            Self::MethodNotFound(_) => if_modern(era, StatusCode::NOT_FOUND, StatusCode::OK),
            Self::MissingCapabilities(_) => if_modern(era, StatusCode::BAD_REQUEST, StatusCode::OK),
            Self::InvalidParams(_)
            | Self::UnknownTool(_)
            | Self::UnknownTask
            | Self::ForgedState
            | Self::RefusedByTool(_)
            | Self::Failed(_)
            | Self::ResourceNotFound { .. }
            | Self::OfTool { .. } => StatusCode::OK,
        }
    }

    /// What programs can do something with.
    pub(super) fn data(&self) -> Option<Value> {
        match self {
            Self::UnsupportedVersion {
                requested,
                supported,
            } => {
                let supported: Vec<_> =
                    supported.iter().rev().map(|known| known.as_str()).collect();
                Some(json!({ "supported": supported, "requested": requested }))
            }
            Self::MissingCapabilities(names) => {
                Some(json!({ "requiredCapabilities": capability::as_object(names) }))
            }
            Self::ResourceNotFound { uri } => Some(json!({ "uri": uri })),
            Self::OfTool { data, .. } => data.as_ref().map(Json::to_value),
            _ => None,
        }
    }

    /// The header that HTTP wants beside some statuses. No metadata about authorization: clients
    /// that find any stop sending the key that they were given.
    pub(super) fn header(&self) -> Option<(HeaderName, &'static str)> {
        match self {
            Self::AuthenticationFailed | Self::MalformedKey(_) => {
                Some((header::WWW_AUTHENTICATE, "Bearer"))
            }
            Self::MethodNotAllowed => Some((header::ALLOW, "POST")),
            Self::NoRoom | Self::TooManyConnections => Some((header::RETRY_AFTER, "1")),
            Self::TooManyStreams { .. } | Self::TooManyTasks(_) => {
                Some((header::RETRY_AFTER, "10"))
            }
            _ => None,
        }
    }
}

fn if_modern<T>(era: Era, modern: T, legacy: T) -> T {
    match era {
        Era::Modern => modern,
        Era::Legacy => legacy,
    }
}

impl From<body::Error> for Error {
    fn from(error: body::Error) -> Self {
        match error {
            body::Error::TooLarge(limit) => Self::TooLarge { limit },
            body::Error::TooSlow => Self::TooSlow,
            body::Error::Incomplete => Self::Incomplete,
            body::Error::NoRoom => Self::NoRoom,
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::ServerNotFound => Self::ServerNotFound,
            Refused::AuthenticationFailed => Self::AuthenticationFailed,
            Refused::MalformedKey(invalid) => Self::MalformedKey(invalid),
            Refused::ServerInactive => Self::ServerInactive,
        }
    }
}

impl From<Unknown> for Error {
    fn from(unknown: Unknown) -> Self {
        match unknown {
            Unknown::Tool(unknown) => Self::UnknownTool(unknown),
            Unknown::Resource { uri } => Self::ResourceNotFound { uri },
            other => Self::InvalidParams(other.to_string()),
        }
    }
}

/// Text of a caller inside a message: short, on one line, without control characters.
pub(super) fn shown(text: &str) -> String {
    let short: String = text.chars().take(64).collect();
    short.escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_promised_words_are_exact() {
        assert_eq!(
            Error::AuthenticationFailed.to_string(),
            "Authentication failed"
        );
        assert_eq!(Error::ServerNotFound.to_string(), "Server not found");
        let unknown = Error::UnknownTool(UnknownTool {
            name: "a".to_owned(),
        });
        assert_eq!(unknown.to_string(), "Unknown tool: a");
    }

    #[test]
    fn an_unknown_method_is_404_for_the_modern_and_200_for_the_legacy() {
        let error = Error::MethodNotFound("x".to_owned());
        assert_eq!(error.status(Era::Modern), StatusCode::NOT_FOUND);
        assert_eq!(error.status(Era::Legacy), StatusCode::OK);
        assert_eq!(error.code(Era::Modern), error.code(Era::Legacy));
    }

    #[test]
    fn codes_of_this_revision_are_not_sent_to_older_clients() {
        let missing = Error::MissingCapabilities(vec!["sampling".to_owned()]);
        assert_eq!(
            (missing.code(Era::Modern), missing.code(Era::Legacy)),
            (-32021, -32602)
        );
        let gone = Error::ResourceNotFound {
            uri: "a:b".to_owned(),
        };
        assert_eq!(
            (gone.code(Era::Modern), gone.code(Era::Legacy)),
            (-32602, -32002)
        );
    }

    #[test]
    fn refusals_of_http_carry_its_status() {
        assert_eq!(Error::TooLarge { limit: 1 }.code(Era::Modern), 413);
        assert_eq!(Error::AuthenticationFailed.header().unwrap().1, "Bearer");
        assert_eq!(Error::MethodNotAllowed.header().unwrap().1, "POST");
    }

    #[test]
    fn an_unsupported_version_is_echoed_beside_the_supported_ones() {
        let requested = "v999.0.0".to_owned();
        let error = Error::UnsupportedVersion {
            requested,
            supported: &Revision::ALL,
        };
        let data = error.data().unwrap();
        assert_eq!(data["requested"], "v999.0.0");
        assert_eq!(data["supported"].as_array().unwrap().len(), 5);
    }
}
