//! What a door asks for.

use casemate_domain::{ClaimedClient, Continuation, Json};
use std::time::Instant;

/// What a door asks for.
#[derive(Debug, Clone)]
pub struct CallRequest {
    /// The tool, as the caller wrote it.
    pub tool: String,
    /// The arguments; anything but an object is refused.
    pub arguments: Json,
    /// What the client calls itself.
    pub client: Option<ClaimedClient>,
    /// What the client says that it can do.
    pub client_capabilities: Vec<String>,
    /// Whether anybody listens to progress.
    pub progress_wanted: bool,
    /// W3C trace context.
    pub trace_parent: Option<String>,
    /// W3C trace context.
    pub trace_state: Option<String>,
    /// Answers and state of an earlier round.
    pub continuation: Continuation,
    /// When the request arrived.
    pub received: Instant,
}

impl CallRequest {
    /// A request with nothing but a tool and arguments, received now.
    pub fn new(tool: impl Into<String>, arguments: Json) -> Self {
        Self {
            tool: tool.into(),
            arguments,
            client: None,
            client_capabilities: Vec::new(),
            progress_wanted: false,
            trace_parent: None,
            trace_state: None,
            continuation: Continuation::default(),
            received: Instant::now(),
        }
    }
}
