//! The way of a call: authorized, admitted, run, recorded.
//!
//! Each step is a type that only the step before can make, so that a call cannot run unless it was
//! authorized and admitted. Every authorized call ends in exactly one record, also when its caller
//! goes away in the middle.

mod gate;
mod prepare;
mod recorder;
mod running;
mod traffic;

pub use running::Running;
pub use traffic::Traffic;

use super::{
    access::{OpenServer, still_stands},
    components::{Components, LoadError},
    snapshot::ToolView,
    state::State,
    vault::Vault,
};
use casemate_domain::{
    Call, CallId, ClaimedClient, Conclusion, Continuation, Json, Level, Limits, Outcome, Receipt,
    Stop, StopReason, ToolName,
};
use casemate_runtime::{Control, Environment, Observer, Runtime, Tenant};
use casemate_store::call_log::CallLog;
use gate::{Full, Gate, Pass};
use recorder::Recorder;
use running::Registered;
use std::{sync::Arc, time::Instant};
use traffic::Passes;
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
    limits: Limits,
    call: Call,
    control: Control,
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
    _passes: Passes,
    _place: Pass,
    _registered: Registered,
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
    /// Whether its caller is told what it used.
    pub shows_receipt: bool,
}

/// Runs calls.
#[derive(Debug)]
pub struct Calls {
    parts: Parts,
    gate: Arc<Gate>,
}

/// What running calls needs.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) runtime: Runtime,
    pub(super) components: Arc<Components>,
    pub(super) vault: Arc<Vault>,
    pub(super) log: Arc<CallLog>,
    pub(super) running: Arc<Running>,
    pub(super) state: Arc<State>,
    /// Calls at once, of all workspaces.
    pub(super) places: u64,
    /// Whether callers are told what their calls used.
    pub(super) receipts: bool,
}

/// What runs at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Load {
    /// Calls in a sandbox.
    pub running: usize,
    /// Calls that wait for a place in one.
    pub waiting: usize,
    /// The memory that running calls hold, in bytes.
    pub memory_bytes: u64,
}

impl Calls {
    /// A service with nothing running yet.
    pub(super) fn new(parts: Parts) -> Self {
        Self {
            parts,
            gate: Arc::default(),
        }
    }

    /// What runs at this moment.
    pub fn load(&self) -> Load {
        let snapshot = self.parts.state.snapshot();
        let workspaces = snapshot.workspaces.values();
        let waiting = workspaces.map(|workspace| workspace.traffic.waiting());
        Load {
            running: self.parts.running.count(),
            waiting: waiting.sum::<usize>() + self.gate.count().1,
            memory_bytes: self.parts.runtime.memory_held(),
        }
    }

    /// Stops every running call, because the gateway stops.
    pub fn stop_all(&self) {
        self.parts.running.stop_all();
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
        let control = Control::new();
        let recorder = Recorder::start(
            Arc::clone(&self.parts.log),
            server,
            &tool,
            &call,
            request.received,
            control.clone(),
        );
        let (workspace, server) = (server.workspace.id, server.record.id);
        Ok(AuthorizedCall {
            limits: open.limits().of_call(workspace, server, &tool.record.name),
            open: open.clone(),
            tool,
            call,
            control,
            recorder,
        })
    }

    /// Runs a call to its end. Dropping the returned future cancels the call.
    pub async fn run(
        &self,
        authorized: AuthorizedCall,
        observer: Arc<dyn Observer>,
    ) -> FinishedCall {
        match self.admit(authorized).await {
            Ok(admitted) => self.run_admitted(admitted, observer).await,
            Err((authorized, stop)) => self.finish(authorized, stopped(stop)),
        }
    }

    /// Checks arguments and secrets, and takes a place.
    async fn admit(
        &self,
        authorized: AuthorizedCall,
    ) -> Result<AdmittedCall, (AuthorizedCall, Stop)> {
        let AuthorizedCall {
            open, tool, call, ..
        } = &authorized;
        let prepared = prepare::check_arguments(tool, call, &authorized.limits)
            .and_then(|()| prepare::environment(&self.parts.vault, open, tool));
        let environment = match prepared {
            Ok(environment) => environment,
            Err(stop) => return Err((authorized, stop)),
        };
        let (passes, place) = match self.enter(&authorized).await {
            Ok(entered) => entered,
            Err(stop) => return Err((authorized, stop)),
        };
        let AuthorizedCall {
            open,
            call,
            control,
            ..
        } = &authorized;
        let registered = self
            .parts
            .running
            .register(call.id, open.credential(), control);
        // From here on a revocation finds the call; one that came before is seen here.
        if !still_stands(&self.parts.state.snapshot(), open.credential()) {
            return Err((authorized, running::key_revoked()));
        }
        let environment = Environment {
            tenant: open
                .traffic()
                .map_or_else(Tenant::new, |traffic| traffic.tenant().clone()),
            control: control.clone(),
            ..environment
        };
        Ok(AdmittedCall {
            environment,
            _passes: passes,
            _place: place,
            _registered: registered,
            authorized,
        })
    }

    /// Waits for a place, first among the calls of the workspace, then among all.
    async fn enter(&self, authorized: &AuthorizedCall) -> Result<(Passes, Pass), Stop> {
        let AuthorizedCall { open, tool, .. } = authorized;
        let server = open.server();
        let who = (server.workspace.id, server.record.id, &tool.record.name);
        let Some(traffic) = open.traffic() else {
            return Err(overloaded(Level::Workspace));
        };
        let passes = traffic
            .enter(open.limits(), who)
            .await
            .map_err(overloaded)?;
        let place = self.gate.enter(self.parts.places).await;
        let place = place.map_err(|Full| overloaded(Level::Platform))?;
        Ok((passes, place))
    }

    async fn run_admitted(
        &self,
        admitted: AdmittedCall,
        observer: Arc<dyn Observer>,
    ) -> FinishedCall {
        // The rest of it is given back at the end.
        let AdmittedCall {
            authorized,
            environment,
            ..
        } = admitted;
        let component = match self.parts.components.load(&authorized.tool.component).await {
            Ok(component) => component,
            Err(error) => {
                let stop = unloadable(&error, authorized.call.id);
                return self.finish(authorized, stopped(stop));
            }
        };
        let mut outcome = self
            .parts
            .runtime
            .call(
                component,
                &authorized.call,
                environment,
                &authorized.limits,
                observer,
            )
            .await;
        if let Some(stop) = prepare::check_output(&authorized.tool, &outcome.conclusion) {
            outcome.conclusion = Conclusion::Stopped(stop);
        }
        self.finish(authorized, outcome)
    }

    fn finish(&self, authorized: AuthorizedCall, outcome: Outcome) -> FinishedCall {
        let id = authorized.call.id;
        let duration_us = authorized.recorder.finish(&outcome);
        FinishedCall {
            id,
            outcome,
            duration_us,
            shows_receipt: self.parts.receipts,
        }
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

fn overloaded(level: Level) -> Stop {
    let message = match level {
        Level::Platform => {
            "The gateway is running as many calls as it can. Try again in a second.".to_owned()
        }
        Level::Workspace | Level::Server | Level::Tool => format!(
            "The {0} is running as many calls as it may at once. Try again in a second, or have an \
             operator raise its limit `calls_at_once`.",
            level.as_str()
        ),
    };
    Stop {
        reason: StopReason::Overloaded,
        message,
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
