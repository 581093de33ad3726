//! What a component may say about its tools.
//!
//! Descriptions reach a model and an administrator as text, so nothing in them may be invisible to
//! the one and readable to the other; schemas are run by us and by clients, so they are bounded.

mod header_mark;

use super::schema::{self, Schema};
use casemate_domain::{HostPattern, Icon, ToolDefinition};
use casemate_runtime::{Rejection, RejectionKind};
use std::collections::BTreeSet;

/// The longest description of a tool, in characters.
const MAX_DESCRIPTION: usize = 4_096;
/// The longest title, in characters.
const MAX_TITLE: usize = 128;
/// The most tools of one component.
const MAX_TOOLS: usize = 256;
/// The largest icon, in bytes of its URI.
const MAX_ICON: usize = 32 << 10;
/// What a client may be asked to be able to do.
const CLIENT_CAPABILITIES: [&str; 7] = [
    "elicitation",
    "elicitation.url",
    "sampling",
    "sampling.tools",
    "sampling.context",
    "roots",
    "tasks",
];

/// Checks everything that a component says about its tools.
pub fn check_all(tools: &[ToolDefinition]) -> Result<(), Rejection> {
    if tools.is_empty() {
        return Err(metadata("the component describes no tools".to_owned()));
    }
    if tools.len() > MAX_TOOLS {
        return Err(metadata(format!(
            "the component describes more than {MAX_TOOLS} tools"
        )));
    }
    let mut names = BTreeSet::new();
    for tool in tools {
        if !names.insert(&tool.name) {
            return Err(metadata(format!(
                "the component describes the tool `{}` twice",
                tool.name
            )));
        }
        check(tool)?;
    }
    Ok(())
}

fn check(tool: &ToolDefinition) -> Result<(), Rejection> {
    let of_tool = |problem: String| metadata(format!("the tool `{}` {problem}", tool.name));
    check_text("description", &tool.description, MAX_DESCRIPTION).map_err(of_tool)?;
    if tool.description.trim().is_empty() {
        return Err(of_tool(
            "has no description; models choose tools by it".to_owned(),
        ));
    }
    if let Some(title) = &tool.title {
        check_text("title", title, MAX_TITLE).map_err(of_tool)?;
    }
    tool.icons
        .iter()
        .try_for_each(check_icon)
        .map_err(of_tool)?;
    for capability in &tool.needs.client_capabilities {
        if !CLIENT_CAPABILITIES.contains(&capability.as_str()) {
            return Err(of_tool(format!(
                "needs the client capability `{}`, which is not known; known are {}",
                capability.escape_debug(),
                CLIENT_CAPABILITIES.join(", ")
            )));
        }
    }
    check_schemas(tool)
}

fn check_schemas(tool: &ToolDefinition) -> Result<(), Rejection> {
    let rejected = |which: &str, problem: String| Rejection {
        kind: RejectionKind::SchemaRejected,
        message: format!("the {which} schema of the tool `{}` {problem}", tool.name),
    };
    let input = &tool.input_schema;
    schema::check_input_root(input).map_err(|problem| rejected("input", problem))?;
    Schema::compile(input).map_err(|problem| rejected("input", problem))?;
    header_mark::check(&input.to_value()).map_err(|problem| rejected("input", problem))?;
    check_text("input schema", input.get(), usize::MAX)
        .map_err(|problem| rejected("input", problem))?;
    if let Some(output) = &tool.output_schema {
        Schema::compile(output).map_err(|problem| rejected("output", problem))?;
        check_text("output schema", output.get(), usize::MAX)
            .map_err(|problem| rejected("output", problem))?;
    }
    Ok(())
}

fn check_icon(icon: &Icon) -> Result<(), String> {
    if !(icon.src.starts_with("https://") || icon.src.starts_with("data:image/")) {
        return Err("has an icon that is neither `https:` nor `data:image/`".to_owned());
    }
    if icon.src.len() > MAX_ICON {
        return Err(format!("has an icon larger than {MAX_ICON} bytes"));
    }
    Ok(())
}

fn check_text(what: &str, text: &str, max: usize) -> Result<(), String> {
    if text.chars().count() > max {
        return Err(format!("has a {what} longer than {max} characters"));
    }
    match text.chars().find(|c| is_hidden(*c)) {
        Some(c) => Err(format!(
            "has a {what} with the hidden character U+{:04X}; hidden text is refused",
            u32::from(c)
        )),
        None => Ok(()),
    }
}

/// Characters that a person does not see but a model reads: controls, zero-width, bidirectional
/// overrides, tags, and variation selectors used as a code.
fn is_hidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}' | '\u{E0100}'..='\u{E01EF}')
}

fn metadata(message: String) -> Rejection {
    Rejection {
        kind: RejectionKind::MetadataRejected,
        message,
    }
}

/// Hosts that are declared but that no pattern of a grant covers word for word.
pub(crate) fn ungranted<'a>(
    declared: &'a [HostPattern],
    granted: &'a [HostPattern],
) -> impl Iterator<Item = &'a HostPattern> {
    declared.iter().filter(|host| !granted.contains(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use casemate_domain::{Annotations, Json, Needs, TaskSupport};
    use serde_json::json;

    fn tool(name: &str) -> ToolDefinition {
        ToolDefinition {
            name: name.parse().unwrap(),
            title: None,
            description: "Does a thing.".to_owned(),
            input_schema: Json::from(&json!({ "type": "object" })),
            output_schema: None,
            annotations: Annotations::default(),
            icons: Vec::new(),
            task_support: TaskSupport::default(),
            needs: Needs::default(),
            meta: None,
        }
    }

    #[test]
    fn an_honest_tool_passes() {
        assert!(check_all(&[tool("a"), tool("b")]).is_ok());
        let multilingual = ToolDefinition {
            description: "天気 — погода\n\tمرحبا".to_owned(),
            ..tool("a")
        };
        assert!(check_all(&[multilingual]).is_ok());
    }

    #[test]
    fn no_tools_and_twice_the_same_name_are_refused() {
        assert!(check_all(&[]).is_err());
        assert!(check_all(&[tool("a"), tool("a")]).is_err());
    }

    #[test]
    fn hidden_text_is_refused() {
        for hidden in [
            "\u{200B}",
            "\u{202E}",
            "\u{E0041}",
            "\u{7}",
            "\u{FEFF}",
            "\u{E0100}",
        ] {
            let poisoned = ToolDefinition {
                description: format!("Adds.{hidden}"),
                ..tool("a")
            };
            let rejection = check_all(&[poisoned]).unwrap_err();
            assert_eq!(rejection.kind, RejectionKind::MetadataRejected);
        }
    }

    #[test]
    fn a_schema_that_is_not_one_is_refused() {
        let broken = ToolDefinition {
            input_schema: Json::from(
                &json!({ "type": "object", "properties": { "a": { "type": "nonsense" } } }),
            ),
            ..tool("a")
        };
        assert_eq!(
            check_all(&[broken]).unwrap_err().kind,
            RejectionKind::SchemaRejected
        );
    }

    #[test]
    fn a_missing_description_is_refused() {
        assert!(
            check_all(&[ToolDefinition {
                description: "  ".to_owned(),
                ..tool("a")
            }])
            .is_err()
        );
    }
}
