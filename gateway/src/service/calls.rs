//! The way of a call: authorized, admitted, run, recorded.
//!
//! Each step is a type that only the step before can make, so that a call cannot run unless it was
//! authorized and admitted. Every authorized call ends in exactly one record, also when its caller
//! goes away in the middle.

mod prepare;
mod recorder;

use super::{
    access::OpenServer,
    components::{Components, LoadError},
    snapshot::ToolView,
    vault::Vault,
};
use casemate_domain::{
    Call, CallId, ClaimedClient, Conclusion, Continuation, Json, Limits, Outcome, Receipt, Stop,
    StopReason, ToolName,
};
use casemate_runtime::{Environment, Observer, Runtime};
use casemate_store::call_log::CallLog;
use recorder::Recorder;
use std::{sync::Arc, time::Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

/// What a door asks for.
#[derive(Debug)]
pub struct CallRequest {
    /// The tool, as the caller wrote it.
    pub tool: String,
    /// The arguments; anything but an object is refused.
    pub arguments: Json,
    /// What the client calls itself.
    pub client: Option<ClaimedClient>,
    /// What the client says that it can do.
    pub client_capabilities: Vec<String>,
    /// Whether anybody listens to progress.
    pub progress_wanted: bool,
    /// W3C trace context.
    pub trace_parent: Option<String>,
    /// W3C trace context.
    pub trace_state: Option<String>,
    /// Answers and state of an earlier round.
    pub continuation: Continuation,
    /// When the request arrived.
    pub received: Instant,
}

impl CallRequest {
    /// A request with nothing but a tool and arguments, received now.
    pub fn new(tool: impl Into<String>, arguments: Json) -> Self {
        Self {
            tool: tool.into(),
            arguments,
            client: None,
            client_capabilities: Vec::new(),
            progress_wanted: false,
            trace_parent: None,
            trace_state: None,
            continuation: Continuation::default(),
            received: Instant::now(),
        }
    }
}

/// The server has no such tool, or it is inactive: to a caller the two are the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Unknown tool: {name}")]
pub struct UnknownTool {
    /// As the caller wrote it.
    pub name: String,
}

/// A call whose caller may make it. Only [`Calls::authorize`] makes one.
#[derive(Debug)]
pub struct AuthorizedCall {
    open: OpenServer,
    tool: Arc<ToolView>,
    call: Call,
    recorder: Recorder,
}

impl AuthorizedCall {
    /// Under which it will be recorded.
    pub fn id(&self) -> CallId {
        self.call.id
    }
}

/// A call that has its place in the sandbox, given back when this is dropped.
struct AdmittedCall {
    authorized: AuthorizedCall,
    environment: Environment,
    _place: OwnedSemaphorePermit,
}

/// A call that has ended and is recorded.
#[derive(Debug)]
pub struct FinishedCall {
    /// Under which it is recorded.
    pub id: CallId,
    /// What came of it.
    pub outcome: Outcome,
    /// From arrival to end, in microseconds.
    pub duration_us: u64,
}

/// Runs calls.
#[derive(Debug)]
pub struct Calls {
    runtime: Runtime,
    components: Arc<Components>,
    vault: Arc<Vault>,
    log: Arc<CallLog>,
    limits: Limits,
    places: Arc<Semaphore>,
}

impl Calls {
    /// A service that runs at most `places` calls at once.
    pub fn new(
        runtime: Runtime,
        components: Arc<Components>,
        vault: Arc<Vault>,
        log: Arc<CallLog>,
        limits: Limits,
        places: usize,
    ) -> Self {
        Self {
            runtime,
            components,
            vault,
            log,
            limits,
            places: Arc::new(Semaphore::new(places)),
        }
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Finds the tool among those that this caller may use.
    pub fn authorize(
        &self,
        open: &OpenServer,
        request: CallRequest,
    ) -> Result<AuthorizedCall, UnknownTool> {
        let server = open.server();
        let tool = server
            .tools
            .get(request.tool.as_str())
            .filter(|tool| tool.record.active)
            .cloned()
            .ok_or_else(|| UnknownTool {
                name: shown_name(&request.tool),
            })?;
        let call = Call {
            id: CallId::from_uuid(Uuid::now_v7()),
            workspace: server.workspace.name.clone(),
            server: server.record.name.clone(),
            caller: open.caller(request.client),
            tool: tool.record.name.clone(),
            arguments: request.arguments,
            client_capabilities: request.client_capabilities,
            progress_wanted: request.progress_wanted,
            trace_parent: request.trace_parent,
            trace_state: request.trace_state,
            continuation: request.continuation,
        };
        let recorder = Recorder::start(
            Arc::clone(&self.log),
            server,
            &tool,
            &call,
            request.received,
        );
        Ok(AuthorizedCall {
            open: open.clone(),
            tool,
            call,
            recorder,
        })
    }

    /// Runs a call to its end. Dropping the returned future cancels the call.
    pub async fn run(
        &self,
        authorized: AuthorizedCall,
        observer: Arc<dyn Observer>,
    ) -> FinishedCall {
        match self.admit(authorized) {
            Ok(admitted) => self.run_admitted(admitted, observer).await,
            Err((authorized, stop)) => finish(authorized, stopped(stop)),
        }
    }

    /// Checks arguments and secrets and takes a place. Refuses at once rather than queue without
    /// bound: a caller that is told can try again, one that waits cannot.
    #[expect(
        clippy::result_large_err,
        reason = "the call comes back so that it can be recorded"
    )]
    fn admit(&self, authorized: AuthorizedCall) -> Result<AdmittedCall, (AuthorizedCall, Stop)> {
        let prepared = prepare::check_arguments(&authorized.tool, &authorized.call, &self.limits)
            .and_then(|()| prepare::environment(&self.vault, &authorized.open, &authorized.tool));
        let environment = match prepared {
            Ok(environment) => environment,
            Err(stop) => return Err((authorized, stop)),
        };
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => Ok(AdmittedCall {
                authorized,
                environment,
                _place: place,
            }),
            Err(_) => Err((authorized, overloaded())),
        }
    }

    async fn run_admitted(
        &self,
        admitted: AdmittedCall,
        observer: Arc<dyn Observer>,
    ) -> FinishedCall {
        let AdmittedCall {
            authorized,
            environment,
            _place,
        } = admitted;
        let component = match self.components.load(&authorized.tool.component).await {
            Ok(component) => component,
            Err(error) => {
                let stop = unloadable(&error, authorized.call.id);
                return finish(authorized, stopped(stop));
            }
        };
        let mut outcome = self
            .runtime
            .call(
                component,
                &authorized.call,
                environment,
                &self.limits,
                observer,
            )
            .await;
        if let Some(stop) = prepare::check_output(&authorized.tool, &outcome.conclusion) {
            outcome.conclusion = Conclusion::Stopped(stop);
        }
        finish(authorized, outcome)
    }
}

fn finish(authorized: AuthorizedCall, outcome: Outcome) -> FinishedCall {
    let id = authorized.call.id;
    let duration_us = authorized.recorder.finish(&outcome);
    FinishedCall {
        id,
        outcome,
        duration_us,
    }
}

/// An outcome of a call that never reached the sandbox.
fn stopped(stop: Stop) -> Outcome {
    Outcome {
        conclusion: Conclusion::Stopped(stop),
        receipt: Receipt::default(),
        log: Vec::new(),
        log_dropped: 0,
    }
}

fn overloaded() -> Stop {
    Stop {
        reason: StopReason::Overloaded,
        message: "The gateway is running as many calls as it can. Try again in a second."
            .to_owned(),
    }
}

fn unloadable(error: &LoadError, id: CallId) -> Stop {
    tracing::error!(%id, error = error as &dyn std::error::Error, "a component cannot be loaded");
    let reason = match error {
        LoadError::Integrity(_) => StopReason::ArtifactIntegrity,
        LoadError::Rejected { .. } | LoadError::Host { .. } | LoadError::Store(..) => {
            StopReason::Internal
        }
    };
    let message = format!(
        "The tool cannot be loaded ({reason}). Tell the operator the call id {id}; \
         uploading the component again may help."
    );
    Stop { reason, message }
}

/// A name that a caller wrote, short enough and without control characters.
fn shown_name(name: &str) -> String {
    match name.parse::<ToolName>() {
        Ok(name) => name.to_string(),
        Err(_) => name
            .chars()
            .take(128)
            .collect::<String>()
            .escape_debug()
            .to_string(),
    }
}
