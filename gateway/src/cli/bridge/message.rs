//! A line that a client wrote, as far as its transport has to understand it.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use std::{borrow::Cow, collections::BTreeMap};

/// One JSON-RPC message, or several in a batch.
#[derive(Debug)]
pub(super) struct Message<'a> {
    /// The id of a request, as it is written; none of anything else.
    pub(super) id: Option<&'a str>,
    pub(super) method: Option<Cow<'a, str>>,
    pub(super) params: Params<'a>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Params<'a> {
    #[serde(default, borrow)]
    pub(super) name: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub(super) uri: Option<Cow<'a, str>>,
    #[serde(default, borrow, rename = "taskId")]
    pub(super) task: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub(super) arguments: Option<&'a RawValue>,
    #[serde(default, borrow, rename = "requestId")]
    pub(super) request: Option<&'a RawValue>,
    #[serde(default, borrow, rename = "_meta")]
    pub(super) meta: Option<BTreeMap<Cow<'a, str>, &'a RawValue>>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default, borrow)]
    id: Option<&'a RawValue>,
    #[serde(default, borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    params: Option<&'a RawValue>,
}

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";

impl<'a> Message<'a> {
    /// Reads a message. What cannot be read is for the gateway to refuse: it says best why.
    pub(super) fn read(line: &'a str) -> Self {
        let nothing = Self {
            id: None,
            method: None,
            params: Params::default(),
        };
        let Ok(envelope) = serde_json::from_str::<Envelope<'a>>(line) else {
            return nothing;
        };
        let params = envelope.params.map(RawValue::get);
        let params = params.and_then(|params| serde_json::from_str(params).ok());
        Self {
            id: envelope
                .id
                .filter(|_| envelope.method.is_some())
                .map(RawValue::get),
            method: envelope.method,
            params: params.unwrap_or_default(),
        }
    }

    /// The version in the metadata: with it the message is of the stateless revision.
    pub(super) fn version(&self) -> Option<String> {
        let meta = self.params.meta.as_ref()?;
        serde_json::from_str(meta.get(VERSION)?.get()).ok()
    }

    /// Whether it is of this method.
    pub(super) fn is(&self, method: &str) -> bool {
        self.method.as_deref() == Some(method)
    }
}

/// The ids of the requests in a line, as they are written: more than one in a batch.
pub(super) fn ids(line: &str) -> Vec<String> {
    let messages: Vec<&RawValue> = if line.trim_start().starts_with('[') {
        serde_json::from_str(line).unwrap_or_default()
    } else {
        return Message::read(line)
            .id
            .map(str::to_owned)
            .into_iter()
            .collect();
    };
    let id = |message: &&RawValue| Message::read(message.get()).id.map(str::to_owned);
    messages.iter().filter_map(id).collect()
}

/// Whether a line holds nothing but notifications and answers. Of what is neither, and no request
/// that can be read, somebody may wait for an answer all the same.
pub(super) fn wants_no_answer(line: &str) -> bool {
    let is_silent = |message: &Value| {
        message.as_object().is_some_and(|members| {
            let has = |name: &str| members.contains_key(name);
            if has("method") {
                !has("id")
            } else {
                has("result") || has("error")
            }
        })
    };
    match serde_json::from_str::<Value>(line) {
        Ok(Value::Array(messages)) => !messages.is_empty() && messages.iter().all(is_silent),
        Ok(message) => is_silent(&message),
        Err(_) => false,
    }
}

/// Whether a message of the gateway is the answer to a request.
pub(super) fn answers(line: &str, id: &str) -> bool {
    serde_json::from_str::<Envelope<'_>>(line).is_ok_and(|envelope| {
        envelope.method.is_none() && envelope.id.is_some_and(|found| found.get() == id)
    })
}

/// One line of a JSON text: line breaks in it mean nothing.
pub(super) fn one_line(text: &str) -> String {
    text.trim().replace(['\n', '\r'], " ")
}

/// The answer to a request that never got one from the gateway.
pub(super) fn refusal(id: &str, code: i64, message: &str, word: &str, hint: &str) -> String {
    let error = serde_json::json!({
        "code": code,
        "message": message,
        "data": { "code": word, "hint": hint },
    });
    answer(id, &error.to_string())
}

/// An answer with an error, as it came.
pub(super) fn answer(id: &str, error: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#)
}

/// The error in an answer of the gateway that names no request: it did not read the body.
pub(super) fn error_of(body: &str) -> Option<&str> {
    #[derive(Deserialize)]
    struct Failed<'a> {
        #[serde(borrow)]
        error: &'a RawValue,
    }
    let failed: Failed<'_> = serde_json::from_str(body).ok()?;
    failed
        .error
        .get()
        .starts_with('{')
        .then(|| failed.error.get())
}

/// The code and the words of an error.
pub(super) fn told(error: &str) -> (i64, String) {
    let error: serde_json::Value = serde_json::from_str(error).unwrap_or_default();
    let message = error["message"].as_str().unwrap_or_default().to_owned();
    (error["code"].as_i64().unwrap_or_default(), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_a_notification_and_an_answer_are_told_apart() {
        let call = r#"{"id": "a\u0062", "method": "tools/call", "params": {"name": "x",
            "_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}}}"#;
        let message = Message::read(call);
        assert_eq!(
            (message.id, message.is("tools/call")),
            (Some(r#""a\u0062""#), true)
        );
        assert_eq!(message.version().as_deref(), Some("2026-07-28"));
        let notification =
            Message::read(r#"{"method": "notifications/cancelled", "params": {"requestId": 7}}"#);
        assert_eq!(notification.id, None);
        assert_eq!(notification.params.request.unwrap().get(), "7");
        assert_eq!(Message::read(r#"{"id": 1, "result": {}}"#).id, None);
        assert_eq!(
            ids(r#"[{"id": 1, "method": "a"}, {"method": "b"}, {"id": "2", "method": "c"}]"#),
            ["1", "\"2\""]
        );
    }

    #[test]
    fn an_answer_is_known_by_its_id() {
        assert!(answers(r#"{"jsonrpc":"2.0","id":7,"result":{}}"#, "7"));
        assert!(!answers(r#"{"jsonrpc":"2.0","id":"7","result":{}}"#, "7"));
        assert!(!answers(r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#, "7"));
    }

    proptest::proptest! {
        #[test]
        fn no_line_makes_it_panic(line in "\\PC{0,80}") {
            drop(Message::read(&line));
            drop(ids(&line));
            let _ = error_of(&line);
        }
    }
}
