//! One tool as its component describes it, checked.

use super::{metadata, schema};
use crate::{
    bindings::tools::{Annotations, Needs, TaskSupport, Tool},
    convert,
    json::{self, Shape},
    rejection::Rejection,
};
use casemate_domain as domain;
use casemate_domain::{Icon, Json, SecretName, ToolDefinition, ToolName};

/// The longest title, in bytes.
const TITLE_BYTES: usize = 200;
/// The longest description, in bytes.
const DESCRIPTION_BYTES: usize = 16 << 10;
/// The longest picture, in bytes; `data:` URIs hold the whole of it.
const ICON_BYTES: usize = 64 << 10;
/// The largest metadata, in bytes.
const META_BYTES: usize = 16 << 10;
/// Pictures, secrets, hosts or capabilities of one tool.
const ITEMS: usize = 50;

pub(super) fn check(tool: Tool) -> Result<ToolDefinition, Rejection> {
    let name: ToolName = tool.name.parse().map_err(|error| {
        metadata(format!(
            "The component lists a tool with a bad name: {error}."
        ))
    })?;
    let about = |problem: String| metadata(format!("The tool `{name}` is refused: {problem}."));
    if tool.description.trim().is_empty() {
        return Err(about("it has no description, which models need".to_owned()));
    }
    readable("description", &tool.description, DESCRIPTION_BYTES).map_err(about)?;
    if let Some(title) = &tool.title {
        readable("title", title, TITLE_BYTES).map_err(about)?;
    }
    let input_schema = schema::check(&name, "input", tool.input_schema)?;
    let output_schema = tool
        .output_schema
        .map(|text| schema::check(&name, "output", text))
        .transpose()?;
    let meta = tool.meta.map(meta).transpose().map_err(about)?;
    Ok(ToolDefinition {
        title: tool.title,
        description: tool.description,
        input_schema,
        output_schema,
        annotations: annotations(tool.annotations),
        icons: icons(convert::icons(tool.icons)).map_err(about)?,
        task_support: task_support(tool.task_support),
        needs: needs(tool.needs).map_err(about)?,
        meta,
        name,
    })
}

/// Text that people and models read: no control characters, nothing that hides.
fn readable(what: &str, text: &str, longest: usize) -> Result<(), String> {
    if text.len() > longest {
        return Err(format!("its {what} is longer than {longest} bytes"));
    }
    match domain::hidden_character(text) {
        Some(c) => Err(format!(
            "its {what} holds the character U+{:04X}, which nobody sees",
            u32::from(c)
        )),
        None => Ok(()),
    }
}

fn meta(text: String) -> Result<Json, String> {
    if text.len() > META_BYTES {
        return Err(format!("its metadata is larger than {META_BYTES} bytes"));
    }
    json::parse(text, Shape::Object).map_err(|problem| format!("its metadata {problem}"))
}

fn icons(icons: Vec<Icon>) -> Result<Vec<Icon>, String> {
    few("pictures", icons.len())?;
    for icon in &icons {
        let scheme = icon.src.split_once(':').map(|(scheme, _)| scheme);
        if !matches!(scheme, Some("https" | "data")) {
            return Err("a picture of it is neither an https: nor a data: URI".to_owned());
        }
        if icon.src.len() > ICON_BYTES {
            return Err(format!("a picture of it is larger than {ICON_BYTES} bytes"));
        }
    }
    Ok(icons)
}

fn needs(needs: Needs) -> Result<domain::Needs, String> {
    few("secrets", needs.secrets.len())?;
    few("hosts", needs.hosts.len())?;
    few("client capabilities", needs.client_capabilities.len())?;
    let mut secrets = Vec::with_capacity(needs.secrets.len());
    for need in needs.secrets {
        let name: SecretName = need.name.parse().map_err(|error| format!("{error}"))?;
        if let Some(description) = &need.description {
            readable("description of a secret", description, DESCRIPTION_BYTES)?;
        }
        secrets.push(domain::SecretNeed {
            name,
            description: need.description,
            required: need.required,
            reveal: need.reveal,
        });
    }
    let unknown = |name: &&String| !domain::CLIENT_CAPABILITIES.contains(&name.as_str());
    if let Some(name) = needs.client_capabilities.iter().find(unknown) {
        return Err(format!(
            "it needs the client capability `{}`, which is not known; known are {}",
            name.escape_debug(),
            domain::CLIENT_CAPABILITIES.join(", ")
        ));
    }
    let hosts = needs.hosts.iter().map(|host| host.parse());
    Ok(domain::Needs {
        secrets,
        hosts: hosts
            .collect::<Result<_, domain::Invalid>>()
            .map_err(|error| error.to_string())?,
        client_capabilities: needs.client_capabilities,
        key_value: needs.key_value,
    })
}

fn few(what: &str, count: usize) -> Result<(), String> {
    if count > ITEMS {
        return Err(format!(
            "it lists {count} {what}; at most {ITEMS} are allowed"
        ));
    }
    Ok(())
}

fn annotations(hints: Annotations) -> domain::Annotations {
    domain::Annotations {
        read_only: hints.read_only,
        destructive: hints.destructive,
        idempotent: hints.idempotent,
        open_world: hints.open_world,
    }
}

fn task_support(support: TaskSupport) -> domain::TaskSupport {
    match support {
        TaskSupport::Forbidden => domain::TaskSupport::Forbidden,
        TaskSupport::Optional => domain::TaskSupport::Optional,
        TaskSupport::Required => domain::TaskSupport::Required,
    }
}
