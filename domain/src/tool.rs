//! What a component says about a tool.

use crate::{HostPattern, Icon, Json, SecretName, ToolName};
use serde::{Deserialize, Serialize};

/// Hints for clients; `None` means MCP's cautious default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Annotations {
    /// It changes nothing.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        rename = "readOnlyHint"
    )]
    pub read_only: Option<bool>,
    /// It may destroy something.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        rename = "destructiveHint"
    )]
    pub destructive: Option<bool>,
    /// Twice is the same as once.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        rename = "idempotentHint"
    )]
    pub idempotent: Option<bool>,
    /// It reaches beyond the server.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        rename = "openWorldHint"
    )]
    pub open_world: Option<bool>,
}

/// Whether a call may, must or must not run as a task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskSupport {
    /// Never.
    #[default]
    Forbidden,
    /// If the client can.
    Optional,
    /// Only.
    Required,
}

/// A secret that a tool wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretNeed {
    /// Its name.
    pub name: SecretName,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Without it the call is refused.
    #[serde(default)]
    pub required: bool,
    /// The tool wants the value itself, not only a placeholder.
    #[serde(default)]
    pub reveal: bool,
}

/// What a client may declare that it can do, by the names of the contract.
pub const CLIENT_CAPABILITIES: [&str; 7] = [
    "elicitation",
    "elicitation.url",
    "roots",
    "sampling",
    "sampling.context",
    "sampling.tools",
    "tasks",
];

/// What a tool wants to reach. Wanting is not having: see [`crate::Grant`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needs {
    /// Secrets of the workspace.
    #[serde(default)]
    pub secrets: Vec<SecretNeed>,
    /// Hosts for outgoing HTTP.
    #[serde(default)]
    pub hosts: Vec<HostPattern>,
    /// Client capabilities without which it cannot work.
    #[serde(default)]
    pub client_capabilities: Vec<String>,
    /// It keeps values in the server's key-value store.
    #[serde(default)]
    pub key_value: bool,
}

/// One tool, as a component describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolDefinition {
    /// Unique in its server.
    pub name: ToolName,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// For the model.
    pub description: String,
    /// JSON Schema 2020-12 with an object at the root.
    pub input_schema: Json,
    /// JSON Schema of the structured answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Json>,
    /// Hints for clients.
    #[serde(default)]
    pub annotations: Annotations,
    /// Pictures for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Icon>,
    /// Whether it can run as a task.
    #[serde(default)]
    pub task_support: TaskSupport,
    /// What it wants to reach.
    #[serde(default)]
    pub needs: Needs,
    /// Protocol metadata, a JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Json>,
}
