//! The one table of errors of the admin API (RFC 9457).
//!
//! A problem has a code that never changes, a status and a title that belong to the code, a detail
//! for this case and, where there is one, a hint at what to do next. Each code has a page under
//! `docs/problems/`. Sources of failures inside the gateway go to the log, not into a problem.

use crate::{near, service};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

macro_rules! codes {
    ($($name:ident = $code:literal, $status:ident, $title:literal;)+) => {
        /// The kinds of problems. The words are stable: programs, logs and pages use them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $title] $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// What it means, in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }
        }
    };
}

codes! {
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "The access token is missing or wrong";
    NotFound = "not_found", NOT_FOUND, "There is no such thing";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "This address does not take that method";
    InvalidRequest = "invalid_request", BAD_REQUEST, "The request cannot be read";
    InvalidValue = "invalid_value", UNPROCESSABLE_ENTITY, "A value is not allowed";
    LimitTooLoose = "limit_too_loose", UNPROCESSABLE_ENTITY, "The level above allows less";
    PayloadTooLarge = "payload_too_large", PAYLOAD_TOO_LARGE, "The request is too large";
    AlreadyExists = "already_exists", CONFLICT, "The name is taken";
    AmbiguousName = "ambiguous_name", CONFLICT, "The name means several things";
    ChangesNotAccepted = "changes_not_accepted", CONFLICT, "What clients know would change";
    PlanChanged = "plan_changed", CONFLICT, "Something changed after the plan was shown";
    NameTaken = "name_taken", CONFLICT, "Another component provides this";
    NameUnfit = "name_unfit", CONFLICT, "A tool's name does not go with how its server shows tools";
    LastToken = "last_token", CONFLICT, "Without this access token nobody could administer";
    Conflict = "conflict", CONFLICT, "Somebody else changed the same thing";
    ComponentRejected = "component_rejected", UNPROCESSABLE_ENTITY, "The file is not a component that can run here";
    ForbiddenHost = "forbidden_host", FORBIDDEN, "The request came under a name that is not allowed";
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "The gateway cannot do this now";
    Internal = "internal", INTERNAL_SERVER_ERROR, "The gateway failed";
}

/// An error as a caller of the admin API sees it.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Code,
    detail: String,
    hint: Option<String>,
    extra: Map<String, Value>,
}

impl Problem {
    /// A problem of a kind, with what happened in this case.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            hint: None,
            extra: Map::new(),
        }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a member for programs.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.extra.insert(name.to_owned(), value);
        self
    }

    /// A failure of ours: the cause goes to the log under an id, the caller gets the id.
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        let id = Uuid::now_v7().simple().to_string();
        tracing::error!(request_id = id, error = cause, "a request failed");
        Self::new(Code::Internal, "Something failed inside the gateway.")
            .hint("Look for the request id in the gateway's log.")
            .with("request_id", Value::from(id))
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.code
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = Map::new();
        body.insert(
            "type".to_owned(),
            json!(format!("urn:casemate:problem:{}", self.code.as_str())),
        );
        body.insert("title".to_owned(), json!(self.code.title()));
        body.insert("status".to_owned(), json!(self.code.status().as_u16()));
        body.insert("detail".to_owned(), json!(self.detail));
        body.insert("code".to_owned(), json!(self.code.as_str()));
        if let Some(hint) = self.hint {
            body.insert("hint".to_owned(), json!(hint));
        }
        body.extend(self.extra);
        let text = Value::Object(body).to_string();
        let mut response = (self.code.status(), text).into_response();
        let content_type = HeaderValue::from_static("application/problem+json");
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, content_type);
        if self.code == Code::Unauthenticated {
            let challenge = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<service::Error> for Problem {
    fn from(error: service::Error) -> Self {
        use service::Error;
        let detail = sentence(&error.to_string());
        match error {
            Error::NotFound { what, .. } => Self::new(Code::NotFound, detail).hint(format!(
                "List what there is: casemate {what} list{}",
                whose(what)
            )),
            Error::NoSuchTool { name, known } => {
                let known: Vec<_> = known.iter().map(String::as_str).collect();
                Self::new(Code::NotFound, detail).hint(near::hint(&name, &known, "No tools found."))
            }
            Error::NameUnfit { .. } => Self::new(Code::NameUnfit, detail)
                .hint("Rename the tool, or change the setting: casemate server set SERVER --help"),
            Error::AlreadyExists { .. } => {
                Self::new(Code::AlreadyExists, detail).hint("Choose another name.")
            }
            Error::Ambiguous { .. } => Self::new(Code::AmbiguousName, detail)
                .hint("Write workspace/server, or the server's id."),
            Error::Invalid(_) => Self::new(Code::InvalidValue, detail),
            Error::LooserLimit { above, .. } => {
                Self::new(Code::LimitTooLoose, detail).hint(format!(
                    "A lower level only tightens. Raise the limit of the {} first.",
                    above.as_str()
                ))
            }
            Error::Rejected(rejection) => Self::new(Code::ComponentRejected, detail)
                .hint("Look into the file with: casemate inspect FILE.wasm")
                .with("kind", json!(rejection.kind.as_str())),
            Error::ChangesNotAccepted(plan) => Self::new(Code::ChangesNotAccepted, detail)
                .hint("Look at the changes, then accept them: push again with --yes.")
                .with("changes", json!(plan.changes))
                .with("fingerprint", json!(plan.fingerprint)),
            Error::PlanChanged(plan) => Self::new(Code::PlanChanged, detail)
                .hint("Look at the changes as they are now, then try again.")
                .with("changes", json!(plan.changes))
                .with("fingerprint", json!(plan.fingerprint)),
            Error::NameTaken { .. } => Self::new(Code::NameTaken, detail)
                .hint("Rename it, or push the component under the name that it already has."),
            Error::UnknownComponent(_) => {
                Self::new(Code::NotFound, detail).hint("Upload the component first.")
            }
            Error::LastToken => Self::new(Code::LastToken, detail)
                .hint("Make another first: casemate token create NAME"),
            Error::Conflict => Self::new(Code::Conflict, detail).hint("Try again."),
            Error::Store(_) | Error::Internal(_) => Self::internal(&error),
        }
    }
}

/// What a command that lists things has to be told.
fn whose(what: &str) -> &'static str {
    match what {
        "tool" | "version" => " -s SERVER",
        "secret" => " -w WORKSPACE",
        _ => "",
    }
}

/// Error texts are lower case without a stop, so that they can be joined; people read sentences.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    let stop = if text.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("{first}{}{stop}", chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_a_word_of_its_own_and_an_error_status() {
        let mut words: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| code.status().as_u16() >= 400));
    }

    #[test]
    fn an_internal_cause_does_not_leave() {
        let problem = Problem::from(service::Error::Internal(
            "disk /dev/sda1 on fire".to_owned(),
        ));
        assert!(!format!("{problem:?}").contains("sda1"));
        assert_eq!(problem.code(), Code::Internal);
    }
}
