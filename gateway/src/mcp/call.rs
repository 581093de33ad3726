//! `tools/call`, as far as it is the same in both eras.

use super::{
    Exchange, Params, Site, capability,
    client::{self, Trace},
    error::Error,
    object::{self, Object},
    unique,
};
use crate::service::{CallRequest, FinishedCall, ToolView};
use casemate_domain::{Json, ProtocolError};
use casemate_runtime::Observer;
use serde_json::value::RawValue;
use std::{borrow::Cow, sync::Arc};

/// The name of the tool.
pub(super) fn name<'a>(params: &Params<'a>) -> Result<Cow<'a, str>, Error> {
    let name = params.members.string("name");
    name.ok_or_else(|| Error::InvalidParams("`name` must be a string".into()))
}

/// The arguments, if there are any.
pub(super) fn arguments<'a>(params: &Params<'a>) -> Result<Option<&'a RawValue>, Error> {
    let arguments = params.members.get("arguments");
    if let Some(arguments) = arguments {
        if !object::is_object(arguments) {
            return Err(Error::InvalidParams("`arguments` must be an object".into()));
        }
        let refused = |problem| Error::InvalidParams(format!("`arguments` {problem}"));
        unique::check(arguments).map_err(refused)?;
    }
    Ok(arguments)
}

/// The tool of this name, if this caller may know it. Whether it may be called is decided by the
/// service.
pub(super) fn tool<'s>(site: &'s Site, name: &str) -> Option<&'s ToolView> {
    site.open.tool(name).map(|tool| &**tool)
}

/// A client that cannot do what a tool needs is told so before anything runs.
pub(super) fn check_capabilities(tool: &ToolView, declared: &[String]) -> Result<(), Error> {
    let needed = &tool.definition.needs.client_capabilities;
    let missing = capability::missing(needed.iter().map(String::as_str), declared);
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Error::MissingCapabilities(missing))
    }
}

/// A request with everything that both eras say in the same way.
pub(super) fn request(
    exchange: &Exchange,
    params: &Params<'_>,
    client_info: Option<&Object<'_>>,
    name: &str,
    arguments: Option<&RawValue>,
) -> CallRequest {
    let empty = || Json::parse("{}".to_owned()).expect("an empty object is JSON");
    let arguments = arguments.map_or_else(empty, |arguments| Json::from(arguments.to_owned()));
    let trace = Trace::of(&params.meta, &exchange.headers);
    CallRequest {
        client: client::claimed(client_info, &exchange.headers),
        trace_parent: trace.parent,
        trace_state: trace.state,
        received: exchange.received,
        ..CallRequest::new(name, arguments)
    }
}

/// Makes the call and waits for its end. Dropping the returned future cancels it.
pub(super) async fn run(
    site: &Site,
    request: CallRequest,
    observer: Arc<dyn Observer>,
) -> Result<FinishedCall, Error> {
    let calls = site.inner.service.calls();
    let authorized = calls
        .authorize(&site.open, request)
        .map_err(Error::UnknownTool)?;
    Ok(calls.run(authorized, observer).await)
}

/// What a tool says about the request itself.
pub(super) fn refusal(error: &ProtocolError) -> Error {
    match error {
        ProtocolError::InvalidParams(message) => Error::RefusedByTool(message.clone()),
        ProtocolError::MissingClientCapabilities(names) => {
            Error::MissingCapabilities(names.clone())
        }
        ProtocolError::ResourceNotFound(uri) => Error::ResourceNotFound { uri: uri.clone() },
        ProtocolError::Other {
            code,
            message,
            data,
        } => Error::OfTool {
            code: *code,
            message: message.clone(),
            data: data.clone(),
        },
    }
}
