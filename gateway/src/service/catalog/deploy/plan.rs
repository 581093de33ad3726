//! What a deployment changes for clients.

use super::Candidate;
use crate::service::{
    error::Error,
    snapshot::{ServerView, ToolView},
};
use casemate_domain::{ToolDefinition, ToolName};
use casemate_store::records::VersionRecord;
use serde::Serialize;
use serde_json::{Value, json};

/// How a tool changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is new.
    Added,
    /// Its definition, its grant or its code is another.
    Changed,
    /// It goes away.
    Removed,
    /// Nothing about it is different.
    Unchanged,
}

/// How one tool changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToolChange {
    /// Which one.
    pub tool: ToolName,
    /// How.
    pub change: Change,
    /// For a changed tool, what of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
}

/// What is different about a tool. Both sides whole: nobody can agree to what they cannot read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// A field of the definition, or `grant`, or `code`, whose sides are digests.
    pub field: String,
    /// As it is; null if it is not there.
    pub old: Value,
    /// As it would be.
    pub new: Value,
}

/// The field that stands for the component behind a tool.
const CODE: &str = "code";

impl ToolChange {
    /// Whether somebody has to agree: clients already rely on what it changes. New code behind the
    /// same definition is not what they were told.
    pub fn needs_consent(&self) -> bool {
        match self.change {
            Change::Added | Change::Unchanged => false,
            Change::Removed => true,
            Change::Changed => self.differences.iter().any(|one| one.field != CODE),
        }
    }

    fn without_differences(tool: &ToolName, change: Change) -> Self {
        Self {
            tool: tool.clone(),
            change,
            differences: Vec::new(),
        }
    }
}

/// Compares a server with what the deployment would make of it, in order of tool names.
pub(super) fn changes(
    server: &ServerView,
    version: &VersionRecord,
    definitions: &[ToolDefinition],
) -> Result<Vec<ToolChange>, Error> {
    let mut changes = Vec::with_capacity(definitions.len());
    for definition in definitions {
        changes.push(match server.tools.get(&definition.name) {
            None => ToolChange::without_differences(&definition.name, Change::Added),
            Some(tool) if tool.record.component != version.component => {
                return Err(Error::NameTaken {
                    tool: definition.name.to_string(),
                    component: tool.record.component.to_string(),
                });
            }
            Some(tool) => compare(tool, version, definition),
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
        .filter(|tool| tool.record.component == version.component && !is_kept(&tool.record.name));
    changes.extend(
        gone.map(|tool| ToolChange::without_differences(&tool.record.name, Change::Removed)),
    );
    changes.sort_by(|a, b| a.tool.cmp(&b.tool));
    Ok(changes)
}

fn compare(tool: &ToolView, version: &VersionRecord, definition: &ToolDefinition) -> ToolChange {
    let mut differences = changed_fields(&tool.definition, definition);
    let mut differ = |field: &str, old: Value, new: Value| {
        if old != new {
            let field = field.to_owned();
            differences.push(Difference { field, old, new });
        }
    };
    differ("grant", json!(*tool.grant), json!(version.grant));
    differ(CODE, json!(tool.digest), json!(version.digest));
    let change = if differences.is_empty() {
        Change::Unchanged
    } else {
        Change::Changed
    };
    ToolChange {
        tool: definition.name.clone(),
        change,
        differences,
    }
}

fn changed_fields(old: &ToolDefinition, new: &ToolDefinition) -> Vec<Difference> {
    let fields = |tool: &ToolDefinition| match serde_json::to_value(tool) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (mut old, mut new) = (fields(old), fields(new));
    let mut names: Vec<String> = old.keys().chain(new.keys()).cloned().collect();
    names.sort();
    names.dedup();
    let both = names.into_iter().map(|field| Difference {
        old: old.remove(&field).unwrap_or_default(),
        new: new.remove(&field).unwrap_or_default(),
        field,
    });
    both.filter(|one| one.old != one.new).collect()
}

/// What stands for a plan: the tools as they are and as they would be. Another server, another
/// version, a grant more, or somebody else's deployment in between give another one.
pub(super) fn fingerprint(server: &ServerView, candidate: &Candidate) -> String {
    let version = &candidate.version;
    let pins = server.tools.values();
    let pins = pins.filter(|tool| tool.record.component == version.component);
    let pins: Vec<_> = pins
        .map(|tool| json!([tool.digest, *tool.definition, *tool.grant]))
        .collect();
    let plan = json!({
        "server": server.record.id,
        "component": version.component,
        "activate": candidate.activate,
        "pins": pins,
        "digest": version.digest,
        "definitions": candidate.definitions,
        "grant": version.grant,
    });
    let mut hasher = blake3::Hasher::new_derive_key("casemate 2026-11 deployment plan");
    hasher.update(plan.to_string().as_bytes());
    hasher.finalize().to_hex().to_string()
}
