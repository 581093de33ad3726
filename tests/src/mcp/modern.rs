//! The stateless revision: every request says everything.

use super::{Events, Reply};
use crate::http::{Opened, Request, post};
use serde_json::{Map, Value, json};

/// A client of revision 2026-07-28. It holds no state, so it is one value for any number of
/// threads.
#[derive(Debug, Clone)]
pub struct Modern {
    url: String,
    key: String,
}

impl Modern {
    /// The revision it speaks.
    pub const VERSION: &str = "2026-07-28";

    /// A client of the endpoint at this URL.
    pub fn new(url: impl Into<String>, key: &str) -> Self {
        Self {
            url: url.into(),
            key: key.to_owned(),
        }
    }

    /// `server/discover`.
    #[track_caller]
    pub fn discover(&self) -> Reply {
        self.message("server/discover", json!({})).send()
    }

    /// `tools/list`.
    #[track_caller]
    pub fn list(&self) -> Reply {
        self.message("tools/list", json!({})).send()
    }

    /// `tools/call`.
    #[track_caller]
    pub fn call(&self, tool: &str, arguments: Value) -> Reply {
        self.calling(tool, arguments).send()
    }

    /// `tools/call`, to be changed before it is sent.
    pub fn calling(&self, tool: &str, arguments: Value) -> Message {
        self.message(
            "tools/call",
            json!({ "name": tool, "arguments": arguments }),
        )
    }

    /// Any request, to be changed before it is sent.
    pub fn message(&self, method: &str, params: Value) -> Message {
        let Value::Object(mut params) = params else {
            panic!("params are an object: {params}")
        };
        params.insert(
            "_meta".into(),
            json!({
                "io.modelcontextprotocol/protocolVersion": Self::VERSION,
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": { "name": "casemate-tests", "version": "1.0.0" },
            }),
        );
        let mut http = post(&self.url)
            .header("Accept", "application/json, text/event-stream")
            .header("Content-Type", "application/json")
            .header("MCP-Protocol-Version", Self::VERSION)
            .header("Mcp-Method", method)
            .bearer(&self.key);
        if let Some(name) = params
            .get("name")
            .or_else(|| params.get("uri"))
            .or_else(|| params.get("taskId"))
            .and_then(Value::as_str)
        {
            http = http.header("Mcp-Name", name);
        }
        Message {
            http,
            id: json!(1),
            method: method.to_owned(),
            params,
        }
    }
}

/// One request of the stateless revision, before it is sent.
#[derive(Debug, Clone)]
pub struct Message {
    http: Request,
    id: Value,
    method: String,
    params: Map<String, Value>,
}

impl Message {
    /// Replaces the request id.
    #[must_use]
    pub fn id(mut self, id: Value) -> Self {
        self.id = id;
        self
    }

    /// Replaces a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.http = self.http.with(name, value);
        self
    }

    /// Takes a header out.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.http = self.http.without(name);
        self
    }

    /// Sets a member of `params`; null takes it out.
    #[must_use]
    pub fn param(mut self, name: &str, value: Value) -> Self {
        set(&mut self.params, name, value);
        self
    }

    /// Sets a member of `_meta`; null takes it out. A name without a slash or a dot gets the
    /// protocol's prefix, except the bare names `progressToken` and those of trace context.
    #[must_use]
    pub fn meta(mut self, name: &str, value: Value) -> Self {
        let bare = ["progressToken", "traceparent", "tracestate", "baggage"];
        let name = if name.contains(['/', '.']) || bare.contains(&name) {
            name.to_owned()
        } else {
            format!("io.modelcontextprotocol/{name}")
        };
        let meta = self.params.entry("_meta").or_insert_with(|| json!({}));
        set(
            meta.as_object_mut().expect("_meta is an object"),
            &name,
            value,
        );
        self
    }

    /// Declares client capabilities.
    #[must_use]
    pub fn capabilities(self, capabilities: Value) -> Self {
        self.meta("clientCapabilities", capabilities)
    }

    /// The JSON-RPC message as it will be sent.
    pub fn body(&self) -> Value {
        json!({ "jsonrpc": "2.0", "id": self.id, "method": self.method, "params": self.params })
    }

    /// The HTTP request as it will be sent, for changes that this type has no word for.
    pub fn request(&self) -> Request {
        self.http.clone().body(self.body().to_string())
    }

    /// Sends it and reads the whole answer.
    #[track_caller]
    pub fn send(&self) -> Reply {
        Reply::of(self.request().send())
    }

    /// Sends it and returns when the head of the answer is there.
    #[track_caller]
    pub fn open(&self) -> Opened {
        self.request().open()
    }

    /// Sends it and reads the answer as a stream of messages.
    #[track_caller]
    pub fn stream(&self) -> Events {
        let opened = self.open();
        assert_eq!(opened.status, 200, "no stream");
        Events::new(opened.into_reader())
    }
}

fn set(object: &mut Map<String, Value>, name: &str, value: Value) {
    if value.is_null() {
        object.remove(name);
    } else {
        object.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::Modern;
    use serde_json::json;

    #[test]
    fn a_call_says_its_version_and_what_the_client_can_do() {
        let message = Modern::new("http://127.0.0.1:1/mcp/x", "mcp_k").calling("echo", json!({}));
        let params = &message.body()["params"];
        assert_eq!(
            params["_meta"]["io.modelcontextprotocol/protocolVersion"],
            "2026-07-28"
        );
        assert!(params["_meta"]["io.modelcontextprotocol/clientCapabilities"].is_object());
        assert!(format!("{:?}", message.request()).contains("(\"Mcp-Name\", \"echo\")"));
    }

    #[test]
    fn meta_can_be_changed_and_taken_out() {
        let modern = Modern::new("http://127.0.0.1:1/mcp/x", "mcp_k");
        let message = modern.message("tools/list", json!({}));
        let message = message
            .meta("clientCapabilities", json!(null))
            .meta("progressToken", json!(7));
        let meta = &message.body()["params"]["_meta"];
        assert_eq!(meta.get("io.modelcontextprotocol/clientCapabilities"), None);
        assert_eq!(meta["progressToken"], 7);
    }
}
