//! What one call asks for.

use crate::{
    CallId, Caller, Completion, CompletionSubject, Json, PromptName, ResourceUri, ServerName,
    Subject, ToolName, TraceParent, WorkspaceName,
};

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

/// What is asked of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Run a tool.
    Tool {
        /// Which one.
        name: ToolName,
        /// A JSON object that fits the tool's schema.
        arguments: Json,
    },
    /// Read a resource.
    Read(ResourceUri),
    /// Fill in a prompt.
    Prompt {
        /// Which one.
        name: PromptName,
        /// What is filled in, each name once.
        arguments: Vec<(String, String)>,
    },
    /// Complete what is being typed.
    Complete(Completion),
}

impl Request {
    /// What it is of, as the record of the call has it.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Tool { name, .. } => Subject::Tool(name.clone()),
            Self::Read(uri) => Subject::Resource(uri.clone()),
            Self::Prompt { name, .. } => Subject::Prompt(name.clone()),
            Self::Complete(completion) => Subject::Completion(match &completion.subject {
                CompletionSubject::Prompt(name) => name.to_string(),
                CompletionSubject::Template(template) => template.to_string(),
            }),
        }
    }

    /// How much is handed over, in bytes.
    pub fn size(&self) -> usize {
        let pairs = |pairs: &[(String, String)]| -> usize {
            pairs
                .iter()
                .map(|(name, value)| name.len() + value.len())
                .sum()
        };
        match self {
            Self::Tool { arguments, .. } => arguments.get().len(),
            Self::Read(uri) => uri.as_str().len(),
            Self::Prompt { arguments, .. } => pairs(arguments),
            Self::Complete(completion) => {
                completion.argument.len() + completion.value.len() + pairs(&completion.filled)
            }
        }
    }
}

/// One call of one component: everything it is told.
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
    /// What is asked.
    pub request: Request,
    /// What the client declares that it can do, such as `elicitation.url`.
    pub client_capabilities: Vec<String>,
    /// Whether anybody listens to progress.
    pub progress_wanted: bool,
    /// W3C trace context.
    pub trace_parent: Option<TraceParent>,
    /// W3C trace context.
    pub trace_state: Option<String>,
    /// Answers and state of an earlier round.
    pub continuation: Continuation,
}
