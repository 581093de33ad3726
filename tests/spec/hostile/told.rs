//! All that a gateway has told anybody.

use casemate_tests::{http::Response, mcp::Reply};
use serde_json::Value;

/// Bytes as they travelled, and texts as a reader has them.
#[derive(Default)]
pub(super) struct Told(Vec<u8>);

impl Told {
    /// An answer of the admin API.
    pub(super) fn http(&mut self, answer: &Response) {
        self.0.extend_from_slice(&answer.body);
        self.0.extend(format!("{:?}", answer.headers).into_bytes());
        if let Ok(value) = serde_json::from_slice(&answer.body) {
            self.value(&value);
        }
    }

    /// An answer to a client, with what came before it.
    pub(super) fn reply(&mut self, reply: &Reply) {
        self.http(&reply.http);
        reply
            .messages
            .iter()
            .for_each(|message| self.value(message));
    }

    /// JSON: as it is written, and each text in it without escapes.
    pub(super) fn value(&mut self, value: &Value) {
        self.0.extend(value.to_string().into_bytes());
        self.texts(value);
    }

    /// Anything else.
    pub(super) fn text(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    fn texts(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                self.0.push(b'\n');
                self.0.extend_from_slice(text.as_bytes());
            }
            Value::Array(all) => all.iter().for_each(|value| self.texts(value)),
            Value::Object(all) => all.values().for_each(|value| self.texts(value)),
            _ => {}
        }
    }

    /// All of it.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}
