//! The handshake revisions: initialize first, then speak.

use super::{Events, Reply};
use crate::http::{Opened, Request, Response, post};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// A client of one of the revisions from 2024-11-05 to 2025-11-25.
#[derive(Debug)]
pub struct Legacy {
    url: String,
    key: String,
    version: String,
    session: Option<String>,
    greeting: Reply,
    last_id: AtomicU64,
}

impl Legacy {
    /// The revisions with a handshake, oldest first.
    pub const VERSIONS: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", Self::NEWEST];
    /// The newest revision with a handshake.
    pub const NEWEST: &str = "2025-11-25";

    /// Shakes hands in this version, with no client capabilities.
    #[track_caller]
    pub fn connect(url: impl Into<String>, key: &str, version: &str) -> Self {
        Self::connect_with(url, key, version, json!({}))
    }

    /// Shakes hands in this version with these client capabilities.
    #[track_caller]
    pub fn connect_with(
        url: impl Into<String>,
        key: &str,
        version: &str,
        capabilities: Value,
    ) -> Self {
        let url = url.into();
        let greeting = Reply::of(Self::initialize(&url, key, version, capabilities).send());
        let agreed = greeting.result()["protocolVersion"].as_str();
        let version = agreed
            .expect("the answer to initialize names a version")
            .to_owned();
        let session = greeting.http.header("mcp-session-id").map(str::to_owned);
        let key = key.to_owned();
        let last_id = AtomicU64::new(0);
        let client = Self {
            url,
            key,
            version,
            session,
            greeting,
            last_id,
        };
        let accepted = client.notify("notifications/initialized", json!({}));
        assert_eq!(accepted.status, 202, "{accepted}");
        client
    }

    /// The `initialize` request alone.
    pub fn initialize(url: &str, key: &str, version: &str, capabilities: Value) -> Request {
        let params = json!({
            "protocolVersion": version,
            "capabilities": capabilities,
            "clientInfo": { "name": "casemate-tests", "version": "1.0.0" },
        });
        let body = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
        post(url)
            .header("Accept", "application/json, text/event-stream")
            .bearer(key)
            .json(&body)
    }

    /// The answer to `initialize`.
    pub fn greeting(&self) -> &Reply {
        &self.greeting
    }

    /// The version that was agreed on.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The session id, if the server gave one.
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// `tools/list`.
    #[track_caller]
    pub fn list(&self) -> Reply {
        self.send("tools/list", json!({}))
    }

    /// `tools/call`.
    #[track_caller]
    pub fn call(&self, tool: &str, arguments: Value) -> Reply {
        self.send(
            "tools/call",
            json!({ "name": tool, "arguments": arguments }),
        )
    }

    /// Any request.
    #[track_caller]
    pub fn send(&self, method: &str, params: Value) -> Reply {
        Reply::of(self.request(method, params).send())
    }

    /// Any request, answered as a stream of messages.
    #[track_caller]
    pub fn stream(&self, method: &str, params: Value) -> Events {
        let opened = self.request(method, params).open();
        assert_eq!(opened.status, 200, "no stream");
        Events::new(opened.into_reader())
    }

    /// Any notification.
    #[track_caller]
    pub fn notify(&self, method: &str, params: Value) -> Response {
        self.http()
            .json(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
            .send()
    }

    /// Answers a question of the server.
    #[track_caller]
    pub fn answer(&self, question: &Value, result: Value) -> Response {
        let id = &question["id"];
        self.http()
            .json(&json!({ "jsonrpc": "2.0", "id": id, "result": result }))
            .send()
    }

    /// Opens the stream for what the server says by itself.
    #[track_caller]
    pub fn listen(&self) -> Opened {
        self.without_body("GET").open()
    }

    /// Ends the session.
    #[track_caller]
    pub fn end(&self) -> Response {
        self.without_body("DELETE").send()
    }

    /// A request without a body, with the headers of this client.
    pub fn without_body(&self, method: &str) -> Request {
        let request = Request::new(method, &self.url)
            .header("Accept", "text/event-stream")
            .header("MCP-Protocol-Version", &self.version)
            .bearer(&self.key);
        self.in_session(request)
    }

    /// A request with a fresh id, not sent yet.
    pub fn request(&self, method: &str, params: Value) -> Request {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        self.http()
            .json(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
    }

    /// A POST with the headers of this client and no body.
    pub fn http(&self) -> Request {
        let request = post(&self.url)
            .header("Accept", "application/json, text/event-stream")
            .header("MCP-Protocol-Version", &self.version)
            .bearer(&self.key);
        self.in_session(request)
    }

    fn in_session(&self, request: Request) -> Request {
        match &self.session {
            Some(session) => request.header("Mcp-Session-Id", session),
            None => request,
        }
    }
}
