//! What a gateway said, message by message, with what each was said to.

use casemate_tests::mcp::Reply;
use serde_json::Value;
use std::fmt;

/// Everything that was said.
#[derive(Debug, Default)]
pub(super) struct Tape {
    said: Vec<Said>,
}

/// One message of the gateway.
#[derive(Debug, Clone)]
pub(super) struct Said {
    /// The revision that was spoken.
    pub(super) revision: &'static str,
    /// The method of the request that it answers, or in whose stream it came.
    pub(super) method: String,
    /// The message.
    pub(super) message: Value,
}

impl Tape {
    /// Keeps all messages of an answer.
    #[track_caller]
    pub(super) fn keep(&mut self, revision: &'static str, method: &str, reply: &Reply) {
        assert!(!reply.messages.is_empty(), "{method}: {}", reply.http);
        for message in &reply.messages {
            self.keep_one(revision, method, message);
        }
    }

    /// Keeps a message.
    pub(super) fn keep_one(&mut self, revision: &'static str, method: &str, message: &Value) {
        // Answers to a batch are an array of messages.
        if let Some(messages) = message.as_array() {
            for message in messages {
                self.keep_one(revision, method, message);
            }
            return;
        }
        self.said.push(Said {
            revision,
            method: method.to_owned(),
            message: message.clone(),
        });
    }

    pub(super) fn all(&self) -> &[Said] {
        &self.said
    }
}

impl Said {
    /// What kind of message it is: the method of what is said by itself, the code of an error, the
    /// method that a result answers, or `input_required`.
    pub(super) fn kind(&self) -> String {
        let message = &self.message;
        if let Some(method) = message["method"].as_str() {
            return method.to_owned();
        }
        if let Some(error) = message.get("error") {
            return error["code"].to_string();
        }
        match message["result"]["resultType"].as_str() {
            None | Some("complete") => self.method.clone(),
            Some(other) => other.to_owned(),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} in {}, to {}",
            self.kind(),
            self.revision,
            self.method
        )
    }
}
