//! The protocol in both its eras, as raw JSON: tests see exactly what went over the wire.
//!
//! These clients check nothing and repair nothing. Whether other people's clients are content is
//! a promise of its own.

mod events;
mod legacy;
mod modern;

pub use events::Events;
pub use legacy::Legacy;
pub use modern::{Message, Modern};

use crate::http::Response;
use serde_json::Value;

/// The answer to one JSON-RPC message.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The HTTP answer.
    pub http: Response,
    /// Every JSON-RPC message in it: one, unless it is an event stream; none, if it has no body
    /// or one that is not JSON.
    pub messages: Vec<Value>,
}

impl Reply {
    /// Reads the messages out of an HTTP answer.
    pub fn of(http: Response) -> Self {
        let is_stream = http
            .header("content-type")
            .is_some_and(|t| t.starts_with("text/event-stream"));
        let messages = if is_stream {
            Events::new(Box::new(std::io::Cursor::new(http.body.clone()))).collect()
        } else {
            serde_json::from_slice(&http.body).into_iter().collect()
        };
        Self { http, messages }
    }

    /// The HTTP status code.
    pub fn status(&self) -> u16 {
        self.http.status
    }

    /// The JSON-RPC response: the last message, notifications come before it.
    #[track_caller]
    pub fn message(&self) -> &Value {
        self.messages
            .last()
            .unwrap_or_else(|| panic!("no JSON-RPC message: {}", self.http))
    }

    /// The result, if it is one.
    #[track_caller]
    pub fn result(&self) -> &Value {
        let message = self.message();
        message
            .get("result")
            .unwrap_or_else(|| panic!("not a result: {}", self.http))
    }

    /// The JSON-RPC error, if it is one.
    #[track_caller]
    pub fn error(&self) -> &Value {
        let message = self.message();
        message
            .get("error")
            .unwrap_or_else(|| panic!("not an error: {}", self.http))
    }

    /// The code of the JSON-RPC error.
    #[track_caller]
    pub fn code(&self) -> i64 {
        self.error()["code"]
            .as_i64()
            .unwrap_or_else(|| panic!("no error code: {}", self.http))
    }

    /// Whether the result of a tool call is marked as an error.
    #[track_caller]
    pub fn is_tool_error(&self) -> bool {
        self.result()["isError"].as_bool().unwrap_or(false)
    }

    /// The text blocks of a tool's result, one after the other.
    #[track_caller]
    pub fn text(&self) -> String {
        let content = self.result()["content"].as_array();
        let content = content.unwrap_or_else(|| panic!("no content: {}", self.http));
        content
            .iter()
            .filter_map(|block| block["text"].as_str())
            .collect()
    }

    /// The structured content of a tool's result.
    #[track_caller]
    pub fn structured(&self) -> &Value {
        let result = self.result();
        result
            .get("structuredContent")
            .unwrap_or_else(|| panic!("none is there: {}", self.http))
    }

    /// The names of the tools in a `tools/list` result, in its order.
    #[track_caller]
    pub fn tool_names(&self) -> Vec<&str> {
        let tools = self.result()["tools"].as_array();
        let tools = tools.unwrap_or_else(|| panic!("no tools: {}", self.http));
        tools
            .iter()
            .filter_map(|tool| tool["name"].as_str())
            .collect()
    }

    /// The notifications before the response, of one method.
    pub fn notifications(&self, method: &str) -> Vec<&Value> {
        self.messages
            .iter()
            .filter(|message| message["method"] == method)
            .collect()
    }
}
