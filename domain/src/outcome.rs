//! How one call ended.

use crate::{Content, Digest, FilledPrompt, Json, LogLine, ResourceContents, Suggestions};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a tool answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ToolResult {
    /// For people and models.
    pub content: Vec<Content>,
    /// For programs.
    pub structured: Option<Json>,
    /// Protocol metadata, a JSON object.
    pub meta: Option<Json>,
}

/// One thing to ask the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputBody {
    /// A form for the person.
    ElicitForm {
        /// What to say above it.
        message: String,
        /// The schema of the form.
        schema: Json,
    },
    /// A page for the person.
    ElicitUrl {
        /// What to say about it.
        message: String,
        /// Where it is.
        url: String,
        /// By which the page and the call find each other.
        id: String,
    },
    /// A question to the client's model: the parameters of `sampling/createMessage`.
    Sample(Json),
    /// Which roots the client works on.
    ListRoots,
}

/// One thing to ask the client, with a name for the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputRequest {
    /// Unique in its round.
    pub key: String,
    /// What is asked.
    pub body: InputBody,
}

/// "Ask these, then call again."
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NeedInput {
    /// What to ask.
    pub requests: Vec<InputRequest>,
    /// What the next round needs.
    pub state: Option<Vec<u8>>,
}

/// A failure that the model should read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ToolError {
    /// What went wrong and what would work.
    pub message: String,
    /// A stable word for programs.
    pub code: Option<String>,
    /// When it makes sense to try again.
    pub retry_after_ms: Option<u64>,
    /// More content after the message.
    pub content: Vec<Content>,
    /// For the log only.
    pub detail: Option<String>,
}

/// A failure of the request itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProtocolError {
    /// The parameters cannot be understood.
    InvalidParams(String),
    /// The client did not declare what the call needs.
    MissingClientCapabilities(Vec<String>),
    /// No resource at this URI.
    ResourceNotFound(String),
    /// Anything else.
    Other {
        /// A JSON-RPC error code outside the reserved range.
        code: i32,
        /// What went wrong.
        message: String,
        /// More about it.
        data: Option<Json>,
    },
}

/// Why the host ended or refused a call. The words are stable: callers, logs and documentation
/// use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// It used up its fuel.
    FuelExhausted,
    /// It ran past its wall clock limit.
    DeadlineExceeded,
    /// It asked for more memory than it may have.
    MemoryLimit,
    /// It asked for more table elements than it may have.
    TableLimit,
    /// Its stack overflowed.
    StackOverflow,
    /// It held too many handles.
    HandleLimit,
    /// It called the host too often or moved too much.
    HostcallLimit,
    /// Its answer was too large.
    OutputTooLarge,
    /// It trapped: a crash of the tool.
    Trap,
    /// It broke the rules of the component interface.
    AbiError,
    /// Its answer is not what it promised.
    InvalidOutput,
    /// A secret it needs is not granted or not set.
    SecretDenied,
    /// The arguments do not fit.
    InputRejected,
    /// The host has no room for the call now.
    Overloaded,
    /// More calls came in a minute than may.
    RateLimited,
    /// The caller went away or withdrew it.
    Cancelled,
    /// The key behind it was revoked.
    KeyRevoked,
    /// What was stored is not what was uploaded.
    ArtifactIntegrity,
    /// The host failed.
    Internal,
}

impl StopReason {
    /// Every one.
    pub const ALL: [Self; 19] = [
        Self::FuelExhausted,
        Self::DeadlineExceeded,
        Self::MemoryLimit,
        Self::TableLimit,
        Self::StackOverflow,
        Self::HandleLimit,
        Self::HostcallLimit,
        Self::OutputTooLarge,
        Self::Trap,
        Self::AbiError,
        Self::InvalidOutput,
        Self::SecretDenied,
        Self::InputRejected,
        Self::Overloaded,
        Self::RateLimited,
        Self::Cancelled,
        Self::KeyRevoked,
        Self::ArtifactIntegrity,
        Self::Internal,
    ];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FuelExhausted => "fuel_exhausted",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::MemoryLimit => "memory_limit",
            Self::TableLimit => "table_limit",
            Self::StackOverflow => "stack_overflow",
            Self::HandleLimit => "handle_limit",
            Self::HostcallLimit => "hostcall_limit",
            Self::OutputTooLarge => "output_too_large",
            Self::Trap => "trap",
            Self::AbiError => "abi_error",
            Self::InvalidOutput => "invalid_output",
            Self::SecretDenied => "secret_denied",
            Self::InputRejected => "input_rejected",
            Self::Overloaded => "overloaded",
            Self::RateLimited => "rate_limited",
            Self::Cancelled => "cancelled",
            Self::KeyRevoked => "key_revoked",
            Self::ArtifactIntegrity => "artifact_integrity",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A call that the host ended or refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// Why.
    pub reason: StopReason,
    /// What happened, why and what to do, for the caller: no internals.
    pub message: String,
}

/// The ways a call ends.
#[derive(Debug, Clone, PartialEq)]
pub enum Conclusion {
    /// A tool: with a result.
    Complete(ToolResult),
    /// A resource: with what is in it.
    Contents(Vec<ResourceContents>),
    /// A prompt: with its messages.
    Filled(FilledPrompt),
    /// With what could be filled in.
    Suggested(Suggestions),
    /// With a request for input.
    NeedInput(NeedInput),
    /// With a failure that the model should read.
    ToolError(ToolError),
    /// With a failure of the request.
    ProtocolError(ProtocolError),
    /// By the host.
    Stopped(Stop),
}

/// What a call used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// wasmtime's fuel. After a trap, a lower bound.
    pub fuel: u64,
    /// From start to end, in microseconds.
    pub wall_us: u64,
    /// CPU of the thread that ran it, in microseconds; its time on that thread while no other guest
    /// waits for one.
    pub cpu_us: u64,
    /// The most memory it held at once, in bytes, tables included.
    pub peak_memory_bytes: u64,
    /// Arguments, in bytes.
    pub bytes_in: u64,
    /// Its answer, in bytes.
    pub bytes_out: u64,
    /// Calls from the guest to the host.
    pub host_calls: u64,
    /// Outgoing HTTP requests, redirects included.
    #[serde(default)]
    pub http_requests: u64,
    /// Hosts it contacted, in order of first contact.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Names of the secrets it used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// What ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
}

/// Everything that came of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// How it ended.
    pub conclusion: Conclusion,
    /// What it used.
    pub receipt: Receipt,
    /// What it logged, capped.
    pub log: Vec<LogLine>,
    /// Log lines that did not fit.
    pub log_dropped: u32,
}
