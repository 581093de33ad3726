//! The interface `resources`.

use super::{ResourceEntry, convert, log_panics};
use crate::{
    bindings::{
        casemate::tool::types::{CallContext, CallError, ProtocolError},
        resources::exports::casemate::tool::resources as wit,
    },
    error::Kind,
    resource::{Descriptor, ReadOutcome},
    texts::Texts,
};

/// Exports resources; `export!` writes it.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_resources {
    ($resources:expr) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            mod component {
                pub struct Component;
                $crate::bindings::resources::export_resources!(
                    Component with_types_in $crate::bindings::resources
                );
            }
            use $crate::bindings::{
                casemate::tool::types::{CallContext, CallError},
                resources::exports::casemate::tool::resources::{Guest, ReadOutcome, ResourceList},
            };

            impl Guest for component::Component {
                fn describe() -> ResourceList {
                    $crate::__private::resources::describe($resources)
                }

                fn read(
                    uri: ::std::string::String,
                    context: CallContext,
                ) -> ::core::result::Result<ReadOutcome, CallError> {
                    $crate::__private::resources::read($resources, &uri, context)
                }
            }
        };
    };
}

/// `resources.describe`.
pub fn describe(resources: &[ResourceEntry]) -> wit::ResourceList {
    let (templates, fixed): (Vec<_>, Vec<_>) = resources
        .iter()
        .partition(|resource| resource.uri.is_template());
    wit::ResourceList {
        resources: fixed.into_iter().map(fixed_resource).collect(),
        templates: templates.into_iter().map(template).collect(),
    }
}

/// `resources.read`. What has a URI of its own comes before what has a template.
pub fn read(
    resources: &[ResourceEntry],
    uri: &str,
    context: CallContext,
) -> Result<wit::ReadOutcome, CallError> {
    let Some((resource, variables)) = found(resources, uri) else {
        return Err(not_found(uri));
    };
    log_panics();
    let cx = convert::cx(context);
    match (resource.read)(uri, variables, &cx) {
        Ok(ReadOutcome::Contents(contents)) => {
            let contents = contents.into_iter().map(convert::contents);
            Ok(wit::ReadOutcome::Contents(contents.collect()))
        }
        Ok(ReadOutcome::Ask(ask)) => Ok(wit::ReadOutcome::NeedInput(convert::need_input(ask))),
        Err(error) if *error.kind() == Kind::NotFound => Err(not_found(uri)),
        Err(error) => Err(convert::error(error)),
    }
}

fn found<'all>(
    resources: &'all [ResourceEntry],
    uri: &str,
) -> Option<(&'all ResourceEntry, Texts)> {
    let matching = |templates: bool| {
        let some =
            (resources.iter()).filter(move |resource| resource.uri.is_template() == templates);
        some.filter_map(|resource| Some((resource, resource.uri.variables(uri)?)))
    };
    matching(false).chain(matching(true)).next()
}

fn not_found(uri: &str) -> CallError {
    CallError::Protocol(ProtocolError::ResourceNotFound(uri.to_owned()))
}

fn fixed_resource(resource: &ResourceEntry) -> wit::ResourceInfo {
    let Descriptor {
        name,
        title,
        description,
        mime_type,
    } = (resource.describe)();
    wit::ResourceInfo {
        uri: resource.uri.text.to_owned(),
        name: name.to_owned(),
        title: title.map(str::to_owned),
        description: Some(description.to_owned()),
        mime_type: mime_type.map(str::to_owned),
        size: None,
        annotations: None,
        icons: Vec::new(),
        meta: None,
    }
}

fn template(resource: &ResourceEntry) -> wit::ResourceTemplate {
    let Descriptor {
        name,
        title,
        description,
        mime_type,
    } = (resource.describe)();
    wit::ResourceTemplate {
        uri_template: resource.uri.text.to_owned(),
        name: name.to_owned(),
        title: title.map(str::to_owned),
        description: Some(description.to_owned()),
        mime_type: mime_type.map(str::to_owned),
        annotations: None,
        icons: Vec::new(),
        meta: None,
    }
}
