//! A context that is not real.

use crate::{
    Caller, Cx,
    cx::CallInfo,
    host::Host,
    http::{HttpError, Request, Response},
    log::Level,
};
use serde_json::Value;
use std::{collections::BTreeMap, ops::Deref};

/// A line that a tool logged.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// How severe.
    pub level: Level,
    /// What it says.
    pub message: String,
    /// Fields, if there are any.
    pub fields: Option<Value>,
}

/// A report of progress.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// How far.
    pub done: f64,
    /// Of how much, if that is known.
    pub total: Option<f64>,
    /// What is being done.
    pub message: Option<String>,
}

/// What a mock may answer: a [`Response`], or a `Result` of it.
pub trait Mocked {
    /// The answer.
    fn into_result(self) -> Result<Response, HttpError>;
}

impl Mocked for Response {
    fn into_result(self) -> Result<Response, HttpError> {
        Ok(self)
    }
}

impl Mocked for Result<Response, HttpError> {
    fn into_result(self) -> Result<Response, HttpError> {
        self
    }
}

impl Cx {
    /// A context for tests. It grants nothing until told to.
    pub fn test() -> TestCx {
        let host = Host::default();
        host.remaining_ms.set(30_000);
        let info = CallInfo {
            call_id: "call_test".to_owned(),
            caller: Caller {
                workspace: "test".to_owned(),
                server: "test".to_owned(),
                ..Caller::default()
            },
            progress_wanted: true,
            ..CallInfo::default()
        };
        TestCx {
            cx: Cx { host, info },
        }
    }
}

/// A context for tests, and what a tool did with it. Pass it as `&cx`.
#[derive(Debug)]
pub struct TestCx {
    cx: Cx,
}

impl Deref for TestCx {
    type Target = Cx;

    fn deref(&self) -> &Cx {
        &self.cx
    }
}

impl TestCx {
    /// Grants a secret and sets it.
    pub fn secret(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.cx.host.secrets.insert(name.into(), Some(value.into()));
        self
    }

    /// Grants a secret that nobody has set.
    pub fn unset_secret(mut self, name: impl Into<String>) -> Self {
        self.cx.host.secrets.insert(name.into(), None);
        self
    }

    /// Sets a plain setting.
    pub fn config(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.cx.host.config.insert(name.into(), value.into());
        self
    }

    /// Grants the server's store, empty.
    pub fn key_value(self) -> Self {
        self.cx.host.store.replace(Some(BTreeMap::new()));
        self
    }

    /// Answers every request. Secrets are filled into its headers, as the host does.
    pub fn http_mock<R: Mocked>(mut self, answer: impl Fn(&Request) -> R + 'static) -> Self {
        self.cx.host.mock = Some(Box::new(move |request| answer(request).into_result()));
        self
    }

    /// Answers the next request; call it once for each.
    pub fn http_reply(self, reply: impl Mocked) -> Self {
        self.cx
            .host
            .replies
            .borrow_mut()
            .push_back(reply.into_result());
        self
    }

    /// Answers a question of an earlier round with a result object of the protocol.
    pub fn answer(mut self, key: impl Into<String>, value: Value) -> Self {
        self.cx.info.answers.push((key.into(), value));
        self
    }

    /// Leaves state of an earlier round.
    pub fn state(mut self, state: impl Into<Vec<u8>>) -> Self {
        self.cx.info.state = Some(state.into());
        self
    }

    /// Says who calls.
    pub fn caller(mut self, caller: Caller) -> Self {
        self.cx.info.caller = caller;
        self
    }

    /// Says what the client can do.
    pub fn client_capability(mut self, capability: impl Into<String>) -> Self {
        self.cx.info.client_capabilities.push(capability.into());
        self
    }

    /// Lets only so much time remain.
    pub fn remaining_ms(self, milliseconds: u64) -> Self {
        self.cx.host.remaining_ms.set(milliseconds);
        self
    }

    /// Withdraws the call.
    pub fn cancel(&self) {
        self.cx.host.cancelled.set(true);
    }

    /// What was logged, in order.
    pub fn logs(&self) -> Vec<Log> {
        self.cx.host.logs.borrow().clone()
    }

    /// What progress was reported, in order.
    pub fn progress_reports(&self) -> Vec<Progress> {
        self.cx.host.progress.borrow().clone()
    }

    /// What was sent, in order, with secrets filled in.
    pub fn requests(&self) -> Vec<Request> {
        self.cx.host.requests.borrow().clone()
    }
}
