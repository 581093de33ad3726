//! Prompts: messages that a person picks from a menu, and completing what they type meanwhile.

use crate::{Audience, Content, Icon, Json, PromptName, UriTemplate};
use serde::{Deserialize, Serialize};

/// One argument of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptArgument {
    /// Unique in its prompt.
    pub name: String,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What to fill in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Without it the prompt is refused.
    #[serde(default)]
    pub required: bool,
}

/// One prompt, as a component describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptDefinition {
    /// Unique in its server.
    pub name: PromptName,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What can be filled in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<PromptArgument>,
    /// Pictures for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Icon>,
    /// Protocol metadata, a JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Json>,
}

/// One message of a prompt that was filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct PromptMessage {
    /// Who says it.
    pub role: Audience,
    /// What is said.
    pub content: Content,
}

/// A prompt that was filled in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FilledPrompt {
    /// What it is for.
    pub description: Option<String>,
    /// What it says, in order.
    pub messages: Vec<PromptMessage>,
}

/// Of what something is to be completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompletionSubject {
    /// An argument of a prompt.
    Prompt(PromptName),
    /// A variable of a family of resources.
    Template(UriTemplate),
}

/// What is to be completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// Of what.
    pub subject: CompletionSubject,
    /// The argument or variable that is being typed.
    pub argument: String,
    /// What is there so far.
    pub value: String,
    /// Those that are filled in already.
    pub filled: Vec<(String, String)>,
}

/// What could be filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suggestions {
    /// At most 100.
    pub values: Vec<String>,
    /// How many there are in all, if known.
    pub total: Option<u32>,
    /// Whether there are more than these.
    pub has_more: bool,
}
