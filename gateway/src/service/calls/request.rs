//! What a door asks for.

use casemate_domain::{ClaimedClient, Continuation, Json, TraceParent};
use std::time::Instant;

/// What is asked for, as the caller wrote it.
#[derive(Debug, Clone)]
pub enum Asked {
    /// To run a tool.
    Tool {
        /// Its name.
        name: String,
        /// The arguments; anything but an object is refused.
        arguments: Json,
    },
    /// To read a resource.
    Resource {
        /// Its URI.
        uri: String,
    },
    /// To fill in a prompt.
    Prompt {
        /// Its name.
        name: String,
        /// What to fill in, each name once.
        arguments: Vec<(String, String)>,
    },
    /// To complete what is being typed.
    Completion {
        /// Of what.
        of: Reference,
        /// The argument or variable.
        argument: String,
        /// What is there so far.
        value: String,
        /// What is filled in already, each name once.
        filled: Vec<(String, String)>,
    },
}

/// What has arguments or variables to be completed.
#[derive(Debug, Clone)]
pub enum Reference {
    /// The prompt of this name.
    Prompt(String),
    /// The family of resources with this URI template.
    Template(String),
}

impl Asked {
    /// The name or URI of it.
    pub fn name(&self) -> &str {
        match self {
            Self::Tool { name, .. }
            | Self::Prompt { name, .. }
            | Self::Resource { uri: name }
            | Self::Completion {
                of: Reference::Prompt(name) | Reference::Template(name),
                ..
            } => name,
        }
    }

    /// The size of the arguments of a tool.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Tool { arguments, .. } => arguments.get().len(),
            _ => 0,
        }
    }
}

/// What a door asks for.
#[derive(Debug, Clone)]
pub struct CallRequest {
    /// What for.
    pub asked: Asked,
    /// What the client calls itself.
    pub client: Option<ClaimedClient>,
    /// What the client says that it can do.
    pub client_capabilities: Vec<String>,
    /// Whether anybody listens to progress.
    pub progress_wanted: bool,
    /// W3C trace context.
    pub trace_parent: Option<TraceParent>,
    /// W3C trace context.
    pub trace_state: Option<String>,
    /// Answers and state of an earlier round.
    pub continuation: Continuation,
    /// When the request arrived.
    pub received: Instant,
}

impl CallRequest {
    /// A request with nothing but what it asks for.
    pub fn new(asked: Asked, received: Instant) -> Self {
        Self {
            asked,
            client: None,
            client_capabilities: Vec::new(),
            progress_wanted: false,
            trace_parent: None,
            trace_state: None,
            continuation: Continuation::default(),
            received,
        }
    }
}
