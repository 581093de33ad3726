//! Resources and families of them as their component describes them, checked.

use super::{
    metadata,
    texts::{annotations, icons, meta, mime_type, name, titled},
};
use crate::{
    bindings::resources::{ResourceInfo, ResourceTemplate},
    rejection::Rejection,
};
use casemate_domain::{ResourceDefinition, ResourceTemplateDefinition, ResourceUri, UriTemplate};

pub(super) fn check(resource: ResourceInfo) -> Result<ResourceDefinition, Rejection> {
    let uri: ResourceUri = resource.uri.parse().map_err(|error| {
        metadata(format!(
            "The component lists a resource with a bad URI: {error}."
        ))
    })?;
    let about = |problem: String| metadata(format!("The resource `{uri}` is refused: {problem}."));
    name("name", &resource.name).map_err(about)?;
    titled(resource.title.as_deref(), resource.description.as_deref()).map_err(about)?;
    mime_type(resource.mime_type.as_deref()).map_err(about)?;
    Ok(ResourceDefinition {
        name: resource.name,
        title: resource.title,
        description: resource.description,
        mime_type: resource.mime_type,
        size: resource.size,
        annotations: annotations(resource.annotations).map_err(about)?,
        icons: icons(resource.icons).map_err(about)?,
        meta: meta(resource.meta).map_err(about)?,
        uri,
    })
}

pub(super) fn check_template(
    template: ResourceTemplate,
) -> Result<ResourceTemplateDefinition, Rejection> {
    let shown: String = template.uri_template.chars().take(80).collect();
    let uri_template: UriTemplate = template.uri_template.parse().map_err(|error| {
        metadata(format!(
            "The component lists a resource template that cannot be used, `{}`: {error}.",
            shown.escape_debug()
        ))
    })?;
    let about = |problem: String| {
        metadata(format!(
            "The resource template `{uri_template}` is refused: {problem}."
        ))
    };
    name("name", &template.name).map_err(about)?;
    titled(template.title.as_deref(), template.description.as_deref()).map_err(about)?;
    mime_type(template.mime_type.as_deref()).map_err(about)?;
    Ok(ResourceTemplateDefinition {
        name: template.name,
        title: template.title,
        description: template.description,
        mime_type: template.mime_type,
        annotations: annotations(template.annotations).map_err(about)?,
        icons: icons(template.icons).map_err(about)?,
        meta: meta(template.meta).map_err(about)?,
        uri_template,
    })
}
