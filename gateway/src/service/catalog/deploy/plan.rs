//! What a deployment changes for clients.

use super::Candidate;
use crate::service::{error::Error, snapshot::ServerView};
use casemate_domain::{
    ComponentName, Definitions, Digest, Grant, PromptName, ResourceUri, ToolName, UriTemplate,
};
use casemate_store::records::VersionRecord;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt};

/// How something that clients see changes.
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

/// Something that clients see, unique in its server. In JSON one member, named after its kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Item {
    /// A tool.
    Tool(ToolName),
    /// A resource of a fixed URI.
    Resource(ResourceUri),
    /// A family of resources.
    Template(UriTemplate),
    /// A prompt.
    Prompt(PromptName),
}

/// A tool by its name, anything else with the word for its kind.
impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tool(name) => write!(f, "{name}"),
            other => write!(f, "{} {}", other.kind(), other.name()),
        }
    }
}

impl Item {
    /// The word for its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Tool(_) => "tool",
            Self::Resource(_) => "resource",
            Self::Template(_) => "resource template",
            Self::Prompt(_) => "prompt",
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Tool(name) => name.as_str(),
            Self::Resource(uri) => uri.as_str(),
            Self::Template(template) => template.as_str(),
            Self::Prompt(name) => name.as_str(),
        }
    }
}

/// How one thing that clients see changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemChange {
    /// Which one.
    #[serde(flatten)]
    pub item: Item,
    /// How.
    pub change: Change,
    /// If it is changed, what of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
}

/// What is different about something. Both sides whole: nobody can agree to what they cannot read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// A field of the definition, or `grant`, or `code`, whose sides are digests.
    pub field: String,
    /// As it is; null if it is not there.
    pub old: Value,
    /// As it would be.
    pub new: Value,
}

/// The field that stands for the code behind something.
const CODE: &str = "code";

impl ItemChange {
    /// Whether somebody has to agree: clients already rely on what it changes. New code behind the
    /// same definition is not what they were told.
    pub fn needs_consent(&self) -> bool {
        match self.change {
            Change::Added | Change::Unchanged => false,
            Change::Removed => true,
            Change::Changed => self.differences.iter().any(|one| one.field != CODE),
        }
    }

    fn without_differences(item: Item, change: Change) -> Self {
        Self {
            item,
            change,
            differences: Vec::new(),
        }
    }
}

/// Something as it is now.
struct Pin<'a> {
    component: &'a ComponentName,
    definition: Value,
    grant: &'a Grant,
    digest: Digest,
}

/// Everything of a server, whether clients see it or not.
fn pins(server: &ServerView) -> BTreeMap<Item, Pin<'_>> {
    let mut pins = BTreeMap::new();
    for (name, tool) in &server.tools {
        let pin = Pin {
            component: &tool.record.component,
            definition: json!(*tool.definition),
            grant: &tool.grant,
            digest: tool.digest,
        };
        pins.insert(Item::Tool(name.clone()), pin);
    }
    for (component, offer) in &server.offers {
        let pin = |definition| Pin {
            component,
            definition,
            grant: &offer.grant,
            digest: offer.digest,
        };
        let resources = offer.resources.iter();
        pins.extend(resources.map(|(uri, one)| (Item::Resource(uri.clone()), pin(json!(one)))));
        let templates = offer.templates.iter();
        pins.extend(templates.map(|(uri, one)| (Item::Template(uri.clone()), pin(json!(one)))));
        let prompts = offer.prompts.iter();
        pins.extend(prompts.map(|(name, one)| (Item::Prompt(name.clone()), pin(json!(one)))));
    }
    pins
}

/// Everything that a component provides.
fn provided(definitions: &Definitions) -> BTreeMap<Item, Value> {
    let tools = definitions.tools.iter();
    let tools = tools.map(|one| (Item::Tool(one.name.clone()), json!(one)));
    let resources = definitions.resources.iter();
    let resources = resources.map(|one| (Item::Resource(one.uri.clone()), json!(one)));
    let templates = definitions.templates.iter();
    let templates = templates.map(|one| (Item::Template(one.uri_template.clone()), json!(one)));
    let prompts = definitions.prompts.iter();
    let prompts = prompts.map(|one| (Item::Prompt(one.name.clone()), json!(one)));
    tools
        .chain(resources)
        .chain(templates)
        .chain(prompts)
        .collect()
}

/// Compares a server with what the deployment would make of it: tools, resources, templates, prompts,
/// each in order of their names.
pub(super) fn changes(
    server: &ServerView,
    version: &VersionRecord,
    definitions: &Definitions,
) -> Result<Vec<ItemChange>, Error> {
    let mut pins = pins(server);
    let mut changes = Vec::new();
    for (item, definition) in provided(definitions) {
        changes.push(match pins.remove(&item) {
            None => ItemChange::without_differences(item, Change::Added),
            Some(pin) if *pin.component != version.component => {
                return Err(Error::NameTaken {
                    what: item.kind(),
                    name: item.name().to_owned(),
                    component: pin.component.to_string(),
                });
            }
            Some(pin) => compare(item, pin, version, definition),
        });
    }
    let gone = pins
        .into_iter()
        .filter(|(_, pin)| *pin.component == version.component);
    changes.extend(gone.map(|(item, _)| ItemChange::without_differences(item, Change::Removed)));
    changes.sort_by(|a, b| a.item.cmp(&b.item));
    Ok(changes)
}

fn compare(item: Item, pin: Pin<'_>, version: &VersionRecord, definition: Value) -> ItemChange {
    let mut differences = changed_fields(pin.definition, definition);
    let mut differ = |field: &str, old: Value, new: Value| {
        if old != new {
            let field = field.to_owned();
            differences.push(Difference { field, old, new });
        }
    };
    differ("grant", json!(pin.grant), json!(version.grant));
    differ(CODE, json!(pin.digest), json!(version.digest));
    let change = if differences.is_empty() {
        Change::Unchanged
    } else {
        Change::Changed
    };
    ItemChange {
        item,
        change,
        differences,
    }
}

fn changed_fields(old: Value, new: Value) -> Vec<Difference> {
    let fields = |definition: Value| match definition {
        Value::Object(fields) => fields,
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

/// What stands for a plan: everything as it is and as it would be. Another server, another version,
/// a grant more, or somebody else's deployment in between give another one.
pub(super) fn fingerprint(server: &ServerView, candidate: &Candidate) -> String {
    let version = &candidate.version;
    let pins = pins(server).into_iter();
    let pins = pins.filter(|(_, pin)| *pin.component == version.component);
    let pins: Vec<_> = pins
        .map(|(item, pin)| json!([item, pin.digest, pin.definition, pin.grant]))
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
