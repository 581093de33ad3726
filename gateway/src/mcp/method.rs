//! The methods that run a component, and what a request wants of them.

use super::{
    Params,
    error::{Error, shown},
    object::{self, Object},
    unique,
};
use crate::service::{Asked, OpenServer, Reference};
use casemate_domain::Json;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The methods that run a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    CallTool,
    ReadResource,
    GetPrompt,
    Complete,
}

/// What a request wants, as far as both eras say it in the same way.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) method: Method,
    /// The name or the URI of what is asked for.
    pub(super) name: Cow<'a, str>,
    /// An object.
    pub(super) arguments: Option<&'a RawValue>,
}

impl Method {
    /// The method of this name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        [
            Self::CallTool,
            Self::ReadResource,
            Self::GetPrompt,
            Self::Complete,
        ]
        .into_iter()
        .find(|method| method.as_str() == name)
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::CallTool => "tools/call",
            Self::ReadResource => "resources/read",
            Self::GetPrompt => "prompts/get",
            Self::Complete => "completion/complete",
        }
    }

    /// The parameter that the header `Mcp-Name` repeats.
    pub(super) const fn named_by(self) -> Option<&'static str> {
        match self {
            Self::CallTool | Self::GetPrompt => Some("name"),
            Self::ReadResource => Some("uri"),
            Self::Complete => None,
        }
    }

    /// Whether a server provides what it is for.
    pub(super) fn is_served(self, open: &OpenServer) -> bool {
        match self {
            Self::CallTool => true,
            Self::ReadResource => has_resources(open),
            Self::GetPrompt => has_prompts(open),
            Self::Complete => completes(open),
        }
    }
}

/// Whether there are resources for this caller, or families of them.
pub(super) fn has_resources(open: &OpenServer) -> bool {
    let mut offers = open.offers();
    offers.any(|offer| !(offer.resources.is_empty() && offer.templates.is_empty()))
}

/// Whether there are prompts for this caller.
pub(super) fn has_prompts(open: &OpenServer) -> bool {
    open.offers().any(|offer| !offer.prompts.is_empty())
}

/// Whether what this caller types is completed.
pub(super) fn completes(open: &OpenServer) -> bool {
    open.offers().any(|offer| offer.completes)
}

impl<'a> Wanted<'a> {
    /// Reads what says which one is meant; the rest is read by [`Self::asked`].
    pub(super) fn read(method: Method, params: &Params<'a>) -> Result<Self, Error> {
        let must = |key: &str| Error::InvalidParams(format!("`{key}` must be a string"));
        let name = match method.named_by() {
            Some(key) => params.members.string(key).ok_or_else(|| must(key))?,
            None => Cow::Borrowed(""),
        };
        let arguments = params.members.get("arguments");
        let takes_arguments = matches!(method, Method::CallTool | Method::GetPrompt);
        Ok(Self {
            method,
            name,
            arguments: arguments.filter(|_| takes_arguments),
        })
    }

    /// What the service is asked for.
    pub(super) fn asked(&self, params: &Params<'_>) -> Result<Asked, Error> {
        let name = self.name.to_string();
        Ok(match self.method {
            Method::CallTool => Asked::Tool {
                name,
                arguments: self.tool_arguments()?,
            },
            Method::ReadResource => Asked::Resource { uri: name },
            Method::GetPrompt => Asked::Prompt {
                name,
                arguments: self
                    .arguments
                    .map_or(Ok(Vec::new()), |raw| texts("arguments", raw))?,
            },
            Method::Complete => completion(params)?,
        })
    }

    /// The arguments of a tool, as they came.
    fn tool_arguments(&self) -> Result<Json, Error> {
        let arguments = self.checked_arguments()?;
        Ok(match arguments {
            Some(arguments) => Json::from(arguments.to_owned()),
            None => Json::parse("{}".to_owned()).expect("an empty object is JSON"),
        })
    }

    /// The arguments of a tool: an object in which every key stands once.
    pub(super) fn checked_arguments(&self) -> Result<Option<&'a RawValue>, Error> {
        let Some(arguments) = self.arguments else {
            return Ok(None);
        };
        if !object::is_object(arguments) {
            return Err(Error::InvalidParams("`arguments` must be an object".into()));
        }
        let refused = |problem| Error::InvalidParams(format!("`arguments` {problem}"));
        unique::check(arguments).map_err(refused)?;
        Ok(Some(arguments))
    }
}

/// An object whose values are all strings.
fn texts(what: &str, raw: &RawValue) -> Result<Vec<(String, String)>, Error> {
    let invalid = |problem: String| Error::InvalidParams(format!("`{what}` {problem}"));
    let members = Object::of(raw).map_err(invalid)?;
    let text = |(name, value): (&str, &RawValue)| match object::string(value) {
        Some(value) => Ok((name.to_owned(), value.into_owned())),
        None => Err(invalid(format!(
            "has a `{}` that is no string",
            shown(name)
        ))),
    };
    members.iter().map(text).collect()
}

fn completion(params: &Params<'_>) -> Result<Asked, Error> {
    let invalid = |problem: &str| Error::InvalidParams(problem.to_owned());
    let part = |key: &str| {
        let raw = params.members.get(key);
        let part = raw.and_then(|raw| Object::of(raw).ok());
        part.ok_or_else(|| Error::InvalidParams(format!("`{key}` must be an object")))
    };
    let (reference, argument) = (part("ref")?, part("argument")?);
    let text = |of: &Object<'_>, key: &str| {
        let text = of.string(key).map(Cow::into_owned);
        text.ok_or_else(|| Error::InvalidParams(format!("`{key}` must be a string")))
    };
    let of = match reference.string("type").as_deref() {
        Some("ref/prompt") => Reference::Prompt(text(&reference, "name")?),
        Some("ref/resource") => Reference::Template(text(&reference, "uri")?),
        _ => return Err(invalid("`ref.type` must be `ref/prompt` or `ref/resource`")),
    };
    let context = params.members.get("context").map(Object::of).transpose();
    let context = context.map_err(|problem| invalid(&format!("`context` {problem}")))?;
    let filled = context.and_then(|context| context.get("arguments"));
    Ok(Asked::Completion {
        of,
        argument: text(&argument, "name")?,
        value: text(&argument, "value")?,
        filled: filled.map_or(Ok(Vec::new()), |raw| texts("context.arguments", raw))?,
    })
}
