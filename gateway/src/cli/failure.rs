//! Why a command did not do what was asked: what happened, why, what to do next, and a stable word.

use super::exit::Exit;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{fmt, io};

/// The end of a command that did not succeed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    exit: Exit,
    what: String,
    notes: Vec<String>,
    code: Option<String>,
    /// What the gateway answered, whole.
    problem: Option<Value>,
}

impl Failure {
    /// A failure with what happened, as a phrase that follows `error: `.
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self {
            exit,
            what: what.into(),
            notes: Vec::new(),
            code: None,
            problem: None,
        }
    }

    /// A value that is refused before anything is sent.
    pub(crate) fn invalid(what: impl Into<String>) -> Self {
        Self::new(Exit::Validation, what).code("invalid_value")
    }

    /// Adds why it happened or what to do next, as a sentence.
    #[must_use]
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds the stable word.
    #[must_use]
    pub(crate) fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Whoever read our output has enough, as in `casemate logs | head`. Nobody is left to tell.
    pub(crate) fn of_output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(Exit::Ok, ""),
            _ => Self::new(Exit::Failure, "cannot write the result").note(error.to_string()),
        }
    }

    /// An error answer of the gateway, or of whatever answered in its place.
    pub(crate) fn of_answer(status: StatusCode, body: &str, url: &str) -> Self {
        let Ok(problem) = serde_json::from_str::<Problem>(body) else {
            return Self::new(
                Exit::of_status(status),
                format!("{url} answered HTTP {status}"),
            )
            .note("Set CASEMATE_URL to the admin address of the gateway, not to an MCP URL.")
            .code("not_casemate");
        };
        let what = problem.detail.unwrap_or(problem.title);
        // Each kind of a rejected upload is a code of its own, with a page that helps.
        let code = problem.kind.unwrap_or(problem.code);
        let mut failure = Self::new(Exit::of_status(status), what).code(code);
        failure.problem = serde_json::from_str(body).ok();
        failure.notes.extend(problem.hint);
        if let Some(id) = problem.request_id {
            failure.notes.push(format!("Request id: {id}"));
        }
        failure
    }

    /// The same for programs.
    pub(crate) fn to_json(&self) -> Value {
        let mut object = json!({
            "code": self.code.as_deref().unwrap_or("failure"),
            "detail": self.what,
            "exit": self.exit as u8,
        });
        if !self.notes.is_empty() {
            object["hint"] = Value::from(self.notes.join("\n"));
        }
        if let Some(problem) = &self.problem {
            object["problem"] = problem.clone();
        }
        object
    }

    /// The code for the shell.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// Whether there is anything to say.
    pub(crate) fn is_silent(&self) -> bool {
        self.what.is_empty()
    }

    /// The stable word, if there is one.
    pub(crate) fn word(&self) -> Option<&str> {
        self.code.as_deref()
    }
}

/// Everything after `error: `.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        for note in &self.notes {
            write!(f, "\n  {}", note.replace('\n', "\n  "))?;
        }
        match &self.code {
            Some(code) => write!(f, "\n  [{code}]"),
            None => Ok(()),
        }
    }
}

/// A problem document (RFC 9457) with our extensions.
#[derive(Debug, Deserialize)]
struct Problem {
    title: String,
    detail: Option<String>,
    code: String,
    kind: Option<String>,
    hint: Option<String>,
    request_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_becomes_what_why_and_code() {
        let body = r#"{"type":"urn:x","title":"There is no such thing","status":404,
            "detail":"There is no server `wether`.","code":"not_found","hint":"casemate server list"}"#;
        let failure = Failure::of_answer(StatusCode::NOT_FOUND, body, "http://127.0.0.1:8081");
        assert_eq!(failure.exit(), Exit::Validation);
        insta::assert_snapshot!(failure, @r"
        There is no server `wether`.
          casemate server list
          [not_found]
        ");
    }

    #[test]
    fn a_failure_of_the_gateway_carries_its_request_id() {
        let body = r#"{"title":"The gateway failed","code":"internal","request_id":"0198"}"#;
        let failure = Failure::of_answer(StatusCode::INTERNAL_SERVER_ERROR, body, "http://h");
        assert_eq!(failure.exit(), Exit::Failure);
        insta::assert_snapshot!(failure, @r"
        The gateway failed
          Request id: 0198
          [internal]
        ");
    }

    #[test]
    fn an_answer_of_somebody_else_is_not_shown() {
        let failure =
            Failure::of_answer(StatusCode::NOT_FOUND, "<html>hello", "http://127.0.0.1:80");
        assert_eq!(failure.word(), Some("not_casemate"));
        assert!(!failure.to_string().contains("html"), "{failure}");
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        let failure = Failure::of_output(&io::ErrorKind::BrokenPipe.into());
        assert_eq!((failure.exit(), failure.is_silent()), (Exit::Ok, true));
    }
}
