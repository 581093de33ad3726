//! What a deployment changes for clients.

use super::DeployRequest;
use crate::service::{
    error::Error,
    snapshot::{ServerView, ToolView},
};
use casemate_domain::{ToolDefinition, ToolName};
use serde::Serialize;
use serde_json::Value;

/// How a tool changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is new.
    Added,
    /// Its definition or its grant is another.
    Changed,
    /// It goes away.
    Removed,
    /// Clients see no difference.
    Unchanged,
}

/// How one tool changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToolChange {
    /// Which one.
    pub tool: ToolName,
    /// How.
    pub change: Change,
    /// For a changed tool, what of it: names of definition fields, or `grant`, or `code`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

impl ToolChange {
    /// Whether somebody has to agree: clients already rely on what it changes.
    pub fn needs_consent(&self) -> bool {
        match self.change {
            Change::Added | Change::Unchanged => false,
            Change::Removed => true,
            Change::Changed => self.fields.iter().any(|field| field != "code"),
        }
    }
}

/// Compares a server with what the deployment would make of it, in order of tool names.
pub(super) fn changes(
    server: &ServerView,
    request: &DeployRequest,
    definitions: &[ToolDefinition],
) -> Result<Vec<ToolChange>, Error> {
    let mut changes = Vec::with_capacity(definitions.len());
    for definition in definitions {
        changes.push(match server.tools.get(&definition.name) {
            None => ToolChange {
                tool: definition.name.clone(),
                change: Change::Added,
                fields: Vec::new(),
            },
            Some(tool) if tool.record.component != request.component => {
                return Err(Error::NameTaken {
                    tool: definition.name.to_string(),
                    component: tool.record.component.to_string(),
                });
            }
            Some(tool) => compare(tool, request, definition),
        });
    }
    let is_kept = |name: &ToolName| {
        definitions
            .iter()
            .any(|definition| definition.name == *name)
    };
    let gone = server
        .tools
        .values()
        .filter(|tool| tool.record.component == request.component && !is_kept(&tool.record.name));
    changes.extend(gone.map(|tool| ToolChange {
        tool: tool.record.name.clone(),
        change: Change::Removed,
        fields: Vec::new(),
    }));
    changes.sort_by(|a, b| a.tool.cmp(&b.tool));
    Ok(changes)
}

fn compare(tool: &ToolView, request: &DeployRequest, definition: &ToolDefinition) -> ToolChange {
    let mut fields = changed_fields(&tool.definition, definition);
    if *tool.grant != request.grant {
        fields.push("grant".to_owned());
    }
    if tool.digest != request.digest {
        fields.push("code".to_owned());
    }
    let change = if fields.is_empty() {
        Change::Unchanged
    } else {
        Change::Changed
    };
    ToolChange {
        tool: definition.name.clone(),
        change,
        fields,
    }
}

fn changed_fields(old: &ToolDefinition, new: &ToolDefinition) -> Vec<String> {
    let fields = |tool: &ToolDefinition| match serde_json::to_value(tool) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (old, new) = (fields(old), fields(new));
    let mut names: Vec<String> = old.keys().chain(new.keys()).cloned().collect();
    names.sort();
    names.dedup();
    names.retain(|name| old.get(name) != new.get(name));
    names
}
