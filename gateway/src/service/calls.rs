//! The way of a call: authorized, admitted, run, recorded.
//!
//! Each step is a type that only the step before can make, so that a call cannot run unless it was
//! authorized and admitted. Every authorized call ends in exactly one record, also when its caller
//! goes away in the middle.

mod admission;
mod aside;
mod gate;
mod numbers;
mod prepare;
mod rate;
mod recorder;
mod refusal;
mod request;
mod running;
mod target;
mod traffic;

pub(super) use aside::is_large;
pub(crate) use aside::threads_of_all;
pub use request::{Asked, CallRequest, Reference};
pub use running::Running;
pub use target::Unknown;
pub use traffic::Traffic;

use super::{access::OpenServer, components::Components, state::State, vault::Vault};
use admission::AdmittedCall;
use casemate_domain::{Call, CallId, Conclusion, Limits, Outcome, Stop, ToolName};
use casemate_runtime::{Component, Control, Meter, Observer, Runtime};
use casemate_store::call_log::CallLog;
use gate::Gate;
use recorder::Recorder;
use refusal::{not_loaded_in_time, stopped, unloadable};
use std::{sync::Arc, time::Duration};
use target::Target;
use tokio::{sync::Semaphore, time::sleep};
use uuid::Uuid;

/// The server has no such tool, or it is inactive, or the key was made for others: to a caller
/// these are the same.
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
    target: Target,
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

    /// The tool that it calls, if it calls one.
    pub fn tool(&self) -> Option<&ToolName> {
        self.target.tool()
    }

    /// By which it can be stopped.
    pub fn control(&self) -> Control {
        self.control.clone()
    }
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
    /// Threads for large arguments and answers, of all workspaces.
    aside: Arc<Semaphore>,
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
            aside: Arc::new(Semaphore::new(threads_of_all())),
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

    /// Measures what is done for workspaces around their calls.
    pub fn meter(&self) -> Meter {
        self.parts.runtime.meter()
    }

    /// Stops every running call, because the gateway stops.
    pub fn stop_all(&self) {
        self.parts.running.stop_all();
    }

    /// Finds what is asked for among what this caller may use.
    pub fn authorize(
        &self,
        open: &OpenServer,
        request: CallRequest,
    ) -> Result<Box<AuthorizedCall>, Unknown> {
        let server = open.server();
        let (target, asked) = target::find(open, request.asked)?;
        let call = Call {
            id: CallId::from_uuid(Uuid::now_v7()),
            workspace: server.workspace.name.clone(),
            server: server.record.name.clone(),
            caller: open.caller(request.client),
            request: asked,
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
            target.digest(),
            &call,
            request.received,
            control.clone(),
        );
        let (workspace, server) = (server.workspace.id, server.record.id);
        // Boxed: it is handed on from step to step, and each step would have room for it.
        Ok(Box::new(AuthorizedCall {
            limits: open.limits().of_call(workspace, server, target.tool()),
            open: open.clone(),
            target,
            call,
            control,
            recorder,
        }))
    }

    /// Runs a call to its end. Dropping the returned future cancels the call.
    pub async fn run(
        &self,
        authorized: Box<AuthorizedCall>,
        observer: Arc<dyn Observer>,
    ) -> FinishedCall {
        match self.admit(authorized).await {
            Ok(admitted) => self.run_admitted(admitted, observer).await,
            Err((authorized, stop)) => self.finish(authorized, stopped(stop)),
        }
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
        let component = match self.component(&authorized).await {
            Ok(component) => component,
            Err(stop) => return self.finish(authorized, stopped(stop)),
        };
        let outcome = self
            .parts
            .runtime
            .call(
                &component,
                &authorized.call,
                environment,
                &authorized.limits,
                observer,
            )
            .await;
        let outcome = self.checked(&authorized, outcome).await;
        self.finish(authorized, outcome)
    }

    /// The component of a call, loaded or even compiled now if it is not in memory.
    async fn component(&self, authorized: &AuthorizedCall) -> Result<Component, Stop> {
        let components = &self.parts.components;
        let digest = authorized.target.digest();
        if let Some(component) = components.get(&digest) {
            return Ok(component);
        }
        let wall_ms = authorized.limits.wall_ms;
        tokio::select! {
            stop = authorized.control.stopped() => Err(stop),
            // Loading may mean compiling, which goes on for whoever calls next.
            () = sleep(Duration::from_millis(wall_ms)) => Err(not_loaded_in_time(wall_ms)),
            loaded = components.load(digest, authorized.open.traffic()) => {
                loaded.map_err(|error| unloadable(&error, authorized.call.id))
            }
        }
    }

    /// The outcome, unless it is a structured answer that the tool never promised.
    async fn checked(&self, authorized: &AuthorizedCall, mut outcome: Outcome) -> Outcome {
        let target = authorized.target.clone();
        let bytes = prepare::structured_bytes(&outcome.conclusion);
        let check = move || {
            if let Some(stop) = prepare::check_output(&target, &outcome.conclusion) {
                outcome.conclusion = Conclusion::Stopped(stop);
            }
            outcome
        };
        match authorized.open.traffic() {
            Some(traffic) if aside::is_large(bytes) => {
                aside::run(traffic, &self.aside, self.meter(), check).await
            }
            _ => check(),
        }
    }

    fn finish(&self, authorized: Box<AuthorizedCall>, outcome: Outcome) -> FinishedCall {
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
