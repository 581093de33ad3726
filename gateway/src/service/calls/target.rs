//! What a call is of: found among what a server shows to its caller.

use super::{
    UnknownTool,
    refusal::shown_name,
    request::{Asked, Reference},
};
use crate::service::{
    access::OpenServer,
    snapshot::{OfferView, ToolView},
};
use casemate_domain::{
    Completion, CompletionSubject, Digest, Grant, PromptName, Request, ResourceUri, ToolName,
    UriTemplate,
};
use std::sync::Arc;

/// The server has no such thing that clients may see.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// No such tool.
    #[error(transparent)]
    Tool(UnknownTool),
    /// No resource at this URI.
    #[error("Resource not found: {uri}")]
    Resource {
        /// As the caller wrote it.
        uri: String,
    },
    /// No such prompt.
    #[error("Unknown prompt: {name}")]
    Prompt {
        /// As the caller wrote it.
        name: String,
    },
    /// No family of resources with this template.
    #[error("Unknown resource template: {template}")]
    Template {
        /// As the caller wrote it.
        template: String,
    },
    /// Nothing of this name can be filled in there.
    #[error("Unknown argument: {name}")]
    Argument {
        /// As the caller wrote it.
        name: String,
    },
}

/// What is asked: a tool, or what its component provides besides.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Tool(Arc<ToolView>),
    Offer(Arc<OfferView>),
}

impl Target {
    pub(super) fn digest(&self) -> Digest {
        match self {
            Self::Tool(tool) => tool.digest,
            Self::Offer(offer) => offer.digest,
        }
    }

    pub(super) fn grant(&self) -> &Arc<Grant> {
        match self {
            Self::Tool(tool) => &tool.grant,
            Self::Offer(offer) => &offer.grant,
        }
    }

    /// The tool whose limits apply; for all else those of the server do.
    pub(super) fn tool(&self) -> Option<&ToolName> {
        match self {
            Self::Tool(tool) => Some(&tool.record.name),
            Self::Offer(_) => None,
        }
    }
}

/// Finds what is asked for, and says it in words of the domain.
pub(super) fn find(open: &OpenServer, asked: Asked) -> Result<(Target, Request), Unknown> {
    match asked {
        Asked::Tool { name, arguments } => {
            let tool = open.tool(&name).cloned().ok_or_else(|| UnknownTool {
                name: shown_name(&name),
            });
            let tool = tool.map_err(Unknown::Tool)?;
            let name = tool.record.name.clone();
            Ok((Target::Tool(tool), Request::Tool { name, arguments }))
        }
        Asked::Resource { uri } => {
            let found = uri.parse::<ResourceUri>().ok();
            let found = found.and_then(|uri| Some((open.resource(&uri)?, uri)));
            let (offer, uri) = found.ok_or(Unknown::Resource { uri })?;
            Ok((Target::Offer(Arc::clone(offer)), Request::Read(uri)))
        }
        Asked::Prompt { name, arguments } => {
            let (offer, name) = prompt(open, &name)?;
            Ok((Target::Offer(offer), Request::Prompt { name, arguments }))
        }
        Asked::Completion {
            of,
            argument,
            value,
            filled,
        } => {
            let (offer, subject) = subject(open, &of)?;
            let is_there = match &subject {
                CompletionSubject::Prompt(name) => offer.prompts.get(name).is_some_and(|prompt| {
                    prompt.arguments.iter().any(|known| known.name == argument)
                }),
                CompletionSubject::Template(template) => {
                    template.variables().any(|name| name == argument)
                }
            };
            if !is_there {
                let name = shown_name(&argument);
                return Err(Unknown::Argument { name });
            }
            let completion = Completion {
                subject,
                argument,
                value,
                filled,
            };
            Ok((Target::Offer(offer), Request::Complete(completion)))
        }
    }
}

fn prompt(open: &OpenServer, name: &str) -> Result<(Arc<OfferView>, PromptName), Unknown> {
    let found = name.parse::<PromptName>().ok();
    let found = found.and_then(|name| Some((Arc::clone(open.prompt(&name)?), name)));
    found.ok_or_else(|| Unknown::Prompt {
        name: shown_name(name),
    })
}

fn subject(
    open: &OpenServer,
    of: &Reference,
) -> Result<(Arc<OfferView>, CompletionSubject), Unknown> {
    match of {
        Reference::Prompt(name) => {
            let (offer, name) = prompt(open, name)?;
            Ok((offer, CompletionSubject::Prompt(name)))
        }
        Reference::Template(text) => {
            let found = text.parse::<UriTemplate>().ok();
            let found = found.and_then(|one| Some((Arc::clone(open.template(&one)?), one)));
            let (offer, template) = found.ok_or_else(|| Unknown::Template {
                template: shown_name(text),
            })?;
            Ok((offer, CompletionSubject::Template(template)))
        }
    }
}
