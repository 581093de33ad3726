//! Everything that a component says about itself.

use crate::{
    Invalid, PromptDefinition, ResourceDefinition, ResourceTemplateDefinition, ToolDefinition,
};
use serde::{Deserialize, Serialize};

/// What a component provides, as it describes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Definitions {
    /// Its tools.
    pub tools: Vec<ToolDefinition>,
    /// Its resources of a fixed URI.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<ResourceDefinition>,
    /// Its families of resources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<ResourceTemplateDefinition>,
    /// Its prompts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<PromptDefinition>,
    /// Whether it completes arguments of its prompts and variables of its templates.
    #[serde(default)]
    pub completes: bool,
}

impl Definitions {
    /// Reads what was written as JSON. A list is one of tools: components had nothing else at first.
    pub fn from_json(text: &[u8]) -> Result<Self, Invalid> {
        let read = if text.trim_ascii_start().starts_with(b"[") {
            serde_json::from_slice(text).map(|tools| Self {
                tools,
                ..Self::default()
            })
        } else {
            serde_json::from_slice(text)
        };
        read.map_err(|error| Invalid::new("definitions of a component", error.to_string()))
    }

    /// Whether there is anything besides tools.
    pub fn has_more_than_tools(&self) -> bool {
        !(self.resources.is_empty() && self.templates.is_empty() && self.prompts.is_empty())
    }

    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.tools.is_empty() && !self.has_more_than_tools()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_one_of_tools_as_it_was_at_first() {
        let tool = r#"{"name":"ping","description":"Answers.","input_schema":{"type":"object"}}"#;
        let before = Definitions::from_json(format!("[{tool}]").as_bytes()).unwrap();
        assert_eq!(before.tools[0].name.as_str(), "ping");
        assert!(!before.has_more_than_tools());
        let now = serde_json::to_vec(&before).unwrap();
        assert_eq!(Definitions::from_json(&now).unwrap(), before);
    }

    #[test]
    fn all_kinds_are_read_as_they_are_written() {
        let text = r#"{"tools":[],
            "resources":[{"uri":"a://b","name":"b","annotations":{"audience":["user"],"priority":0.5}}],
            "templates":[{"uri_template":"a://{id}","name":"c"}],
            "prompts":[{"name":"greet","arguments":[{"name":"who","required":true}]}],
            "completes":true}"#;
        let read = Definitions::from_json(text.as_bytes()).unwrap();
        let again = Definitions::from_json(&serde_json::to_vec(&read).unwrap()).unwrap();
        assert_eq!(again, read);
        assert!(read.completes && read.prompts[0].arguments[0].required);
        assert!(Definitions::from_json(b"{").is_err());
    }
}
