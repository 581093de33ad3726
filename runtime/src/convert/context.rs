//! What a tool is told about its call, lent to it: the generated type would want copies.

use casemate_domain::{Call, Credential, TraceParent};
use wasmtime::component::{ComponentType, Lower};

/// The record `call-context` of the contract; its type is checked against that of each component.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct CallContext<'a> {
    #[component(name = "call-id")]
    call_id: String,
    caller: Caller<'a>,
    #[component(name = "client-capabilities")]
    client_capabilities: &'a [String],
    #[component(name = "progress-wanted")]
    progress_wanted: bool,
    #[component(name = "trace-parent")]
    trace_parent: Option<&'a str>,
    #[component(name = "trace-state")]
    trace_state: Option<&'a str>,
    answers: Vec<Answer<'a>>,
    state: Option<&'a [u8]>,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Caller<'a> {
    workspace: &'a str,
    server: &'a str,
    credential: Option<&'a str>,
    #[component(name = "client-name")]
    client_name: Option<&'a str>,
    #[component(name = "client-version")]
    client_version: Option<&'a str>,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Answer<'a> {
    key: &'a str,
    value: &'a str,
}

/// Everything a tool is told about its call.
pub(crate) fn context(call: &Call) -> CallContext<'_> {
    let client = call.caller.client.as_ref();
    let answers = call.continuation.answers.iter();
    CallContext {
        call_id: call.id.to_string(),
        caller: Caller {
            workspace: call.workspace.as_str(),
            server: call.server.as_str(),
            credential: match &call.caller.credential {
                Credential::Key { name, .. } => Some(name.as_str()),
                Credential::Token { .. } => None,
            },
            client_name: client.map(|client| &*client.name),
            client_version: client.map(|client| &*client.version),
        },
        client_capabilities: &call.client_capabilities,
        progress_wanted: call.progress_wanted,
        trace_parent: call.trace_parent.as_ref().map(TraceParent::as_str),
        trace_state: call.trace_state.as_deref(),
        answers: answers
            .map(|answer| Answer {
                key: &answer.key,
                value: answer.value.get(),
            })
            .collect(),
        state: call.continuation.state.as_deref(),
    }
}
