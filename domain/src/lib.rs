//! The words of Casemate as types.
//!
//! What a workspace, a server, a tool, a grant, a limit, a call and a receipt *are*, and which
//! values of them are valid. Nothing here reads a clock, a file or a socket; nothing knows HTTP,
//! MCP, wasmtime or a database. Every type parses at its edge (`FromStr`, `TryFrom`,
//! `Deserialize`), so that whoever holds a value need not check it again.

#![deny(missing_docs)]

mod call;
mod caller;
mod content;
mod definitions;
mod digest;
mod grant;
mod header;
mod host;
mod id;
mod json;
mod limit;
mod meta;
mod name;
mod outcome;
mod prompt;
mod record;
mod resource;
mod task;
mod text;
mod tool;
mod trace;
mod uri;

pub use call::{Answer, Call, Continuation, Request};
pub use caller::{Caller, ClaimedClient, Credential};
pub use content::{
    Audience, Content, ContentAnnotations, ContentBody, Icon, Media, ResourceBody,
    ResourceContents, ResourceLink,
};
pub use definitions::Definitions;
pub use digest::Digest;
pub use grant::{Grant, SecretGrant};
pub use header::{SecretHeader, is_reserved_header};
pub use host::HostPattern;
pub use id::{CallId, KeyId, ServerId, TaskId, TokenId, VersionId, WorkspaceId};
pub use json::Json;
pub use limit::{
    CompileLimits, ExplainedLimit, InvalidAmount, Level, Limit, LimitChain, LimitSettings,
    LimitStep, Limits, PlatformLimit, PlatformLimits, Profile, SandboxLimits, Unit,
};
pub use meta::is_reserved_meta_key;
pub use name::{
    ComponentName, KeyName, PromptName, ResourceUri, SecretName, ServerName, TokenName, ToolName,
    ToolPattern, ToolPrefix, WorkspaceName,
};
pub use outcome::{
    Conclusion, InputBody, InputRequest, NeedInput, Outcome, ProtocolError, Receipt, Stop,
    StopReason, ToolError, ToolResult,
};
pub use prompt::{
    Completion, CompletionSubject, FilledPrompt, PromptArgument, PromptDefinition, PromptMessage,
    Suggestions,
};
pub use record::{CallRecord, LogLevel, LogLine, OutcomeKind, Subject};
pub use resource::{ResourceDefinition, ResourceTemplateDefinition};
pub use task::TaskStatus;
pub use text::{hidden_character, is_invisible};
pub use tool::{Annotations, CLIENT_CAPABILITIES, Needs, SecretNeed, TaskSupport, ToolDefinition};
pub use trace::TraceParent;
pub use uri::UriTemplate;

/// A value that does not parse. Says what is wrong and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {problem}")]
pub struct Invalid {
    /// The kind of value, such as `server name`.
    pub what: &'static str,
    /// What is wrong with it and what is allowed.
    pub problem: String,
}

impl Invalid {
    /// An error about one kind of value.
    pub fn new(what: &'static str, problem: impl Into<String>) -> Self {
        Self {
            what,
            problem: problem.into(),
        }
    }
}
