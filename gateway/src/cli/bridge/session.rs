//! What a handshake agreed on, and the stream on which the server says things by itself.

use super::{
    events::Events,
    pace::Pace,
    relay::{Relay, missed},
};
use crate::cli::remote::is_stream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::AbortHandle;

const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
/// What a server lists, by the names of the capabilities.
const LISTS: [&str; 3] = ["tools", "resources", "prompts"];
/// What a client sends when it has read the answer to its handshake.
pub(super) const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

/// The handshake of the client of this process.
#[derive(Debug, Default)]
pub(super) struct Session {
    agreed: Mutex<Agreed>,
}

#[derive(Debug, Default)]
struct Agreed {
    /// The client's request, to be sent again if the session is lost.
    request: Option<String>,
    id: Option<HeaderValue>,
    version: Option<HeaderValue>,
    /// The lists of whose changes the gateway tells.
    announced: Vec<&'static str>,
    listening: Option<AbortHandle>,
}

impl Session {
    /// A client begins.
    pub(super) fn begin(&self, request: &str) {
        let mut agreed = self.agreed();
        if let Some(listening) = agreed.listening.take() {
            listening.abort();
        }
        *agreed = Agreed {
            request: Some(request.to_owned()),
            ..Agreed::default()
        };
    }

    /// The gateway agreed.
    pub(super) fn agree(&self, headers: &HeaderMap, answer: &str) {
        let answer: Value = serde_json::from_str(answer).unwrap_or_default();
        let result = &answer["result"];
        let version = result["protocolVersion"].as_str();
        let mut agreed = self.agreed();
        agreed.id = headers.get(SESSION).cloned();
        agreed.version = version.and_then(|version| version.parse().ok());
        let can = &result["capabilities"];
        agreed.announced = LISTS.to_vec();
        agreed
            .announced
            .retain(|list| can[list]["listChanged"] == true);
    }

    /// The headers of every message of the session.
    pub(super) fn headers(&self) -> HeaderMap {
        let agreed = self.agreed();
        let values = [(SESSION, &agreed.id), (VERSION, &agreed.version)];
        let known = values
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.clone()?)));
        known.collect()
    }

    /// Whether there is a session that can be lost.
    pub(super) fn is_open(&self) -> bool {
        self.agreed().id.is_some()
    }

    /// The request that opened it.
    pub(super) fn request(&self) -> Option<String> {
        self.agreed().request.clone()
    }

    /// Listens to what the server says by itself, instead of whoever listened before.
    pub(super) fn listen(&self, relay: &Arc<Relay>) {
        if !self.is_open() {
            return;
        }
        let relay = Arc::clone(relay);
        let task = tokio::spawn(async move { listen(&relay).await });
        if let Some(before) = self.agreed().listening.replace(task.abort_handle()) {
            before.abort();
        }
    }

    /// Stops listening.
    pub(super) fn stop(&self) {
        if let Some(listening) = self.agreed().listening.take() {
            listening.abort();
        }
    }

    /// What to tell a client that may have missed something: each list may be another by now.
    fn missed(&self) -> Vec<String> {
        let announced = self.agreed().announced.clone();
        let message = |list| {
            let method = missed::method(list);
            format!(r#"{{"jsonrpc":"2.0","method":"{method}"}}"#)
        };
        announced.into_iter().map(message).collect()
    }

    fn agreed(&self) -> MutexGuard<'_, Agreed> {
        self.agreed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn listen(relay: &Relay) {
    let session = relay.session();
    let mut pace = Pace::endless();
    let mut may_have_missed = false;
    loop {
        let sent = relay.remote().listen(session.headers()).send().await;
        match sent {
            Ok(answer) if answer.status().is_success() && is_stream(answer.headers()) => {
                pace.reset();
                // What changed while nobody listened is worth another look.
                if may_have_missed {
                    for missed in session.missed() {
                        relay.emit(&missed).await;
                    }
                }
                let mut events = Events::new(answer.bytes_stream());
                while let Ok(Some(message)) = events.next().await {
                    relay.emit(&message).await;
                }
            }
            Ok(answer) if answer.status() == StatusCode::METHOD_NOT_ALLOWED => return,
            // A gateway that is about to stop, or has too much to do, may want us later, and a
            // server that is switched off may be switched on again.
            Ok(_) | Err(_) => {}
        }
        may_have_missed = true;
        pace.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_named_from_the_answer_on() {
        let session = Session::default();
        session.begin("{}");
        assert!(session.headers().is_empty());
        let headers = HeaderMap::from_iter([(SESSION, HeaderValue::from_static("s1"))]);
        session.agree(&headers, r#"{"result": {"protocolVersion": "2025-06-18"}}"#);
        let headers = session.headers();
        assert_eq!(
            (&headers[SESSION], &headers[VERSION]),
            (&"s1".parse().unwrap(), &"2025-06-18".parse().unwrap())
        );
        session.begin("{}");
        assert!(!session.is_open());
    }

    #[test]
    fn a_client_looks_again_at_each_list_whose_changes_it_was_promised() {
        let session = Session::default();
        let promise = r#"{"result": {"capabilities": {"tools": {"listChanged": true},
            "prompts": {"listChanged": true}, "resources": {"subscribe": true}}}}"#;
        session.agree(&HeaderMap::new(), promise);
        let missed = session.missed();
        assert_eq!(missed.len(), 2, "{missed:?}");
        assert!(missed[0].contains("/tools/") && missed[1].contains("/prompts/"));
    }
}
