//! The context of a call: all that a tool can reach.

use crate::{Secret, ToolError, ask::Answer, host::Host, http::Client, kv::KeyValue, log::Level};
use serde_json::Value;
use std::{fmt, time::Duration};

/// Who made a call. The names that the client claims for itself prove nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// The workspace.
    pub workspace: String,
    /// The server.
    pub server: String,
    /// The label of the key or grant that was used; never the key.
    pub credential: Option<String>,
    /// The name that the client claims.
    pub client_name: Option<String>,
    /// The version that the client claims.
    pub client_version: Option<String>,
}

/// What the host says about a call.
#[derive(Debug, Default)]
pub(crate) struct CallInfo {
    pub(crate) call_id: String,
    pub(crate) caller: Caller,
    pub(crate) client_capabilities: Vec<String>,
    pub(crate) progress_wanted: bool,
    pub(crate) trace_parent: Option<String>,
    pub(crate) trace_state: Option<String>,
    pub(crate) answers: Vec<(String, Value)>,
    pub(crate) state: Option<Vec<u8>>,
}

/// The context of a call. A parameter of type `&Cx` gets it and does not show in the schema.
///
/// In tests, `Cx::test()` makes one that is not real.
#[derive(Debug)]
pub struct Cx {
    pub(crate) host: Host,
    pub(crate) info: CallInfo,
}

impl Cx {
    /// A stand-in for a secret, to be put into the header of a request. Use it whenever you can:
    /// what a tool never holds it cannot leak.
    pub fn secret(&self, name: &str) -> Result<Secret, ToolError> {
        let placeholder = self.host.placeholder(name);
        placeholder
            .map(Secret::new)
            .map_err(|refusal| refusal.into_error(name))
    }

    /// The value of a secret. Needs `reveal = ["…"]` in the attribute, and a grant that says so.
    pub fn reveal(&self, name: &str) -> Result<String, ToolError> {
        self.host
            .reveal(name)
            .map_err(|refusal| refusal.into_error(name))
    }

    /// A plain setting of the server, if it is set for this tool.
    pub fn config(&self, name: &str) -> Option<String> {
        self.host.config(name)
    }

    /// Makes HTTP requests to granted hosts.
    pub fn http(&self) -> Client<'_> {
        Client { host: &self.host }
    }

    /// The small store of the server. Needs `key_value` in the attribute.
    pub fn kv(&self) -> KeyValue<'_> {
        KeyValue { host: &self.host }
    }

    /// Writes a line to the call's log. See also [`log!`](macro@crate::log).
    pub fn log(&self, level: Level, message: impl fmt::Display) {
        self.host.log(level, &message.to_string(), None);
    }

    /// Writes a line with fields, which should be a JSON object.
    pub fn log_with(&self, level: Level, message: impl fmt::Display, fields: &Value) {
        self.host
            .log(level, &message.to_string(), Some(&fields.to_string()));
    }

    /// Reports how far the call has come. Must rise with each report; `total` is in the same unit,
    /// if it is known. Harmless when nobody listens.
    pub fn progress(&self, done: impl Into<f64>, total: Option<f64>, message: &str) {
        if self.info.progress_wanted {
            let message = Some(message).filter(|message| !message.is_empty());
            self.host.progress(done.into(), total, message);
        }
    }

    /// Whether the caller has gone, or withdrew the call.
    pub fn cancelled(&self) -> bool {
        self.host.is_cancelled()
    }

    /// How long until the host stops this call.
    pub fn remaining(&self) -> Duration {
        Duration::from_millis(self.host.remaining_ms())
    }

    /// Who made the call.
    pub fn caller(&self) -> &Caller {
        &self.info.caller
    }

    /// The id under which the call is recorded. Safe to show.
    pub fn call_id(&self) -> &str {
        &self.info.call_id
    }

    /// What the client can do, such as `elicitation`. Ask for nothing that is not in here.
    pub fn client_capabilities(&self) -> &[String] {
        &self.info.client_capabilities
    }

    /// W3C trace context, to be passed on to services that the tool calls. Requests through
    /// [`Cx::http`] carry it on by themselves, unless they have a `traceparent` of their own.
    pub fn trace_parent(&self) -> Option<&str> {
        self.info.trace_parent.as_deref()
    }

    /// W3C trace context, to be passed on to services that the tool calls.
    pub fn trace_state(&self) -> Option<&str> {
        self.info.trace_state.as_deref()
    }

    /// The client's answer to an earlier question. [`ask`](crate::ask) says how to ask.
    pub fn answer(&self, key: &str) -> Option<Answer<'_>> {
        let mut answers = self.info.answers.iter();
        let (_, value) = answers.find(|(known, _)| known == key)?;
        Some(Answer(value))
    }

    /// What an earlier round left for this one.
    pub fn state(&self) -> Option<&[u8]> {
        self.info.state.as_deref()
    }
}
