//! One tool as its component describes it, checked.

use super::{
    metadata, schema,
    texts::{DESCRIPTION_BYTES, few, icons, meta, readable, titled},
};
use crate::{
    bindings::tools::{Annotations, Needs, TaskSupport, Tool},
    rejection::Rejection,
};
use casemate_domain as domain;
use casemate_domain::{SecretName, ToolDefinition, ToolName};

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
    titled(tool.title.as_deref(), Some(&tool.description)).map_err(about)?;
    let input_schema = schema::check(&name, "input", tool.input_schema)?;
    let output_schema = tool
        .output_schema
        .map(|text| schema::check(&name, "output", text))
        .transpose()?;
    let meta = meta(tool.meta).map_err(about)?;
    Ok(ToolDefinition {
        title: tool.title,
        description: tool.description,
        input_schema,
        output_schema,
        annotations: annotations(tool.annotations),
        icons: icons(tool.icons).map_err(about)?,
        task_support: task_support(tool.task_support),
        needs: needs(tool.needs).map_err(about)?,
        meta,
        name,
    })
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
