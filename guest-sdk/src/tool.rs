//! What a component says about its tools. [`#[tool]`](macro@crate::tool) writes it.

use crate::{Cx, ToolError, arguments::Arguments, export::Entry, output::Outcome};
use serde_json::Value;

/// A tool: the type with the name of a function that carries [`#[tool]`](macro@crate::tool).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tool",
    label = "not a tool",
    note = "a tool is a function with `#[tool]` on it; `export!` takes a prompt as `prompt name` and a resource as `resource name`"
)]
pub trait Tool {
    /// As clients call it.
    const NAME: &'static str;

    /// What it says about itself.
    fn describe() -> Descriptor;

    /// Runs it: arguments in, outcome out.
    #[doc(hidden)]
    fn call(arguments: Arguments, cx: &Cx) -> CallResult;

    /// All of it, for `export!`.
    #[doc(hidden)]
    const ENTRY: Entry = Entry {
        name: Self::NAME,
        describe: Self::describe,
        call: Self::call,
    };
}

/// How a call of a tool ends.
pub type CallResult = Result<Outcome, ToolError>;

/// What a tool says about itself, to clients and to the administrator.
#[derive(Debug, Clone, PartialEq)]
pub struct Descriptor {
    /// As clients call it.
    pub name: &'static str,
    /// A name for people.
    pub title: Option<&'static str>,
    /// For the model.
    pub description: &'static str,
    /// JSON Schema of the arguments.
    pub input_schema: Value,
    /// JSON Schema of the structured answer, if it has one.
    pub output_schema: Option<Value>,
    /// Hints for clients.
    pub annotations: Annotations,
    /// Whether calls run as tasks.
    pub task: TaskSupport,
    /// What it wants to reach.
    pub needs: Needs,
}

impl Descriptor {
    /// One that needs nothing and hints at nothing.
    pub fn new(
        name: &'static str,
        description: &'static str,
        input_schema: Value,
        output_schema: Option<Value>,
    ) -> Self {
        Self {
            name,
            title: None,
            description,
            input_schema,
            output_schema,
            annotations: Annotations::default(),
            task: TaskSupport::default(),
            needs: Needs::default(),
        }
    }
}

/// Hints for clients; `None` means the cautious default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Annotations {
    /// It changes nothing.
    pub read_only: Option<bool>,
    /// It may destroy something.
    pub destructive: Option<bool>,
    /// Twice is the same as once.
    pub idempotent: Option<bool>,
    /// It reaches beyond the server.
    pub open_world: Option<bool>,
}

/// Whether a call runs as a task that the client polls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TaskSupport {
    /// Never.
    #[default]
    Forbidden,
    /// If the client can poll.
    Optional,
    /// Always; clients that cannot poll cannot call it.
    Required,
}

/// What a tool wants to reach. Wanting is not having: an administrator grants it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Secrets of the workspace.
    pub secrets: Vec<SecretNeed>,
    /// Hosts for outgoing HTTP.
    pub hosts: Vec<&'static str>,
    /// It keeps values in the server's store.
    pub key_value: bool,
    /// Client capabilities without which it cannot work.
    pub client_capabilities: Vec<&'static str>,
}

/// A secret that a tool wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretNeed {
    /// Its name.
    pub name: &'static str,
    /// A call without it is refused.
    pub required: bool,
    /// The tool wants the value itself, not only a placeholder.
    pub reveal: bool,
}

impl SecretNeed {
    /// Used through a placeholder; needed.
    pub const fn required(name: &'static str) -> Self {
        Self {
            name,
            required: true,
            reveal: false,
        }
    }

    /// Used through a placeholder; the tool works without it.
    pub const fn optional(name: &'static str) -> Self {
        Self {
            name,
            required: false,
            reveal: false,
        }
    }

    /// Its value is read; needed.
    pub const fn revealed(name: &'static str) -> Self {
        Self {
            name,
            required: true,
            reveal: true,
        }
    }
}
