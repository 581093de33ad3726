//! Running a component, as far as it is the same in both eras.

use super::{
    Exchange, Params, Site,
    answer::Answer,
    capability,
    client::{self, Trace},
    envelope::Id,
    error::Error,
    method::Method,
    object::Object,
    result::{CallResult, OfferedResult, ServerInfo},
    revision::Revision,
};
use crate::service::{Asked, CallRequest, FinishedCall, ToolView};
use casemate_domain::{Conclusion, ProtocolError};
use casemate_runtime::Observer;
use std::sync::Arc;

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
    asked: Asked,
) -> CallRequest {
    let trace = Trace::of(&params.meta, &exchange.headers);
    CallRequest {
        client: client::claimed(client_info, &exchange.headers),
        trace_parent: trace.parent,
        trace_state: trace.state,
        ..CallRequest::new(asked, exchange.received)
    }
}

/// Makes the call and waits for its end. Dropping the returned future cancels it.
pub(super) async fn run(
    site: &Site,
    request: CallRequest,
    observer: Arc<dyn Observer>,
) -> Result<FinishedCall, Error> {
    let calls = site.inner.service.calls();
    let authorized = calls.authorize(&site.open, request)?;
    Ok(calls.run(authorized, observer).await)
}

/// The end of a call as the answer to its request, or why there is none. Questions are passed on
/// before, by those who can.
pub(super) fn answer(
    method: Method,
    id: Id<'_>,
    finished: &FinishedCall,
    (revision, server): (Revision, Option<ServerInfo<'_>>),
    dropped: u64,
) -> Result<Answer, Error> {
    if let Conclusion::ProtocolError(error) = &finished.outcome.conclusion {
        return Err(refusal(error));
    }
    let bytes = usize::try_from(finished.outcome.receipt.bytes_out).unwrap_or(0);
    Ok(if method == Method::CallTool {
        let result = CallResult::of(finished, revision, server);
        Answer::long_result(id, &result.without_notifications(dropped), bytes)
    } else {
        let result = OfferedResult::of(finished, revision, server)?;
        Answer::long_result(id, &result.without_notifications(dropped), bytes)
    })
}

/// What a component says about the request itself.
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
