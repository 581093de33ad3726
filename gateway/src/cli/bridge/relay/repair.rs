//! What a second attempt needs.

use super::{Relay, is_mendable};
use crate::cli::bridge::{message::Message, mirror::Mirrors, session::INITIALIZED};
use http::{HeaderMap, StatusCode};
use reqwest::Response;
use serde_json::{Value, json};
use std::sync::Arc;

impl Relay {
    /// Mends what a second attempt needs: headers of arguments that were not known, or a session
    /// that was lost.
    pub(super) async fn repair(
        self: &Arc<Self>,
        message: &Message<'_>,
        status: StatusCode,
        body: &str,
    ) -> bool {
        if !is_mendable(status, body) {
            return false;
        }
        if message.version().is_some() {
            return message.is("tools/call") && self.list_tools(message).await;
        }
        self.session.is_open() && self.shake_hands_again().await
    }

    async fn list_tools(&self, message: &Message<'_>) -> bool {
        let version = message.version().unwrap_or_default();
        let kept = |name: &str| name.starts_with("io.modelcontextprotocol/");
        let meta: serde_json::Map<String, Value> = message
            .params
            .meta
            .iter()
            .flatten()
            .filter(|(name, _)| kept(name))
            .map(|(name, value)| {
                (
                    name.to_string(),
                    serde_json::from_str(value.get()).unwrap_or_default(),
                )
            })
            .collect();
        let mut cursor = Value::Null;
        loop {
            let mut params = json!({ "_meta": meta });
            if !cursor.is_null() {
                params["cursor"] = cursor;
            }
            let body = json!({ "jsonrpc": "2.0", "id": "bridge", "method": "tools/list", "params": params });
            let body = body.to_string();
            let headers = Mirrors::default().headers(&Message::read(&body), &version);
            let Ok(answer) = self.remote.post(headers, body.into_bytes()).send().await else {
                return false;
            };
            let Ok(text) = answer.text().await else {
                return false;
            };
            self.learn(&text);
            let page: Value = serde_json::from_str(&text).unwrap_or_default();
            cursor = page["result"]["nextCursor"].clone();
            if cursor.is_null() {
                return true;
            }
        }
    }

    async fn shake_hands_again(self: &Arc<Self>) -> bool {
        let Some(request) = self.session.request() else {
            return false;
        };
        let _under_way = self.handshake.write().await;
        let sent = self
            .remote
            .post(HeaderMap::new(), request.into_bytes())
            .send()
            .await;
        let Ok(answer) = sent.and_then(Response::error_for_status) else {
            return false;
        };
        let headers = answer.headers().clone();
        let Ok(text) = answer.text().await else {
            return false;
        };
        self.session.agree(&headers, &text);
        let headers = self.session.headers();
        let confirmed = self.remote.post(headers, INITIALIZED.into()).send().await;
        self.session.listen(self);
        confirmed.is_ok()
    }
}
