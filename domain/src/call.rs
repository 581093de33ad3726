//! What one call asks for.

use crate::{CallId, Caller, Json, ServerName, ToolName, WorkspaceName};

/// An answer of the client to an earlier request for input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The key under which it was asked for.
    pub key: String,
    /// The client's result object.
    pub value: Json,
}

/// What a call brings along when it continues an earlier one that needed input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Continuation {
    /// The client's answers.
    pub answers: Vec<Answer>,
    /// What the earlier round left for this one.
    pub state: Option<Vec<u8>>,
}

/// One call of one tool: everything the tool is told.
#[derive(Debug, Clone)]
pub struct Call {
    /// Under which it is recorded.
    pub id: CallId,
    /// Of the workspace it happens in.
    pub workspace: WorkspaceName,
    /// Of the server it came through.
    pub server: ServerName,
    /// Who made it.
    pub caller: Caller,
    /// Which tool.
    pub tool: ToolName,
    /// A JSON object that fits the tool's schema.
    pub arguments: Json,
    /// What the client declares that it can do, such as `elicitation.url`.
    pub client_capabilities: Vec<String>,
    /// Whether anybody listens to progress.
    pub progress_wanted: bool,
    /// W3C trace context.
    pub trace_parent: Option<String>,
    /// W3C trace context.
    pub trace_state: Option<String>,
    /// Answers and state of an earlier round.
    pub continuation: Continuation,
}
