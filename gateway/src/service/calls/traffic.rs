//! What the calls of one workspace share: its gates, and its parts of what all share.

use super::{
    aside,
    gate::{Full, Gate, Pass, Share},
};
use crate::{
    portion::Portion,
    service::limits::{LimitBook, Scope},
};
use casemate_domain::{Level, Limit, ServerId, ToolName, WorkspaceId};
use casemate_runtime::Tenant;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{sync::Semaphore, time::Instant};

/// What the calls of one workspace share.
#[derive(Debug)]
pub struct Traffic {
    tenant: Tenant,
    gate: Arc<Gate>,
    /// Gates of servers and tools that have a limit of their own.
    below: Mutex<HashMap<Below, Arc<Gate>>>,
    /// Its part of the gate of all workspaces.
    share: Arc<Share>,
    /// Threads beside those that serve connections.
    aside: Arc<Semaphore>,
    /// Steps of reading large requests. Not the same: within such a step, a call may wait for a
    /// thread.
    reading: Arc<Semaphore>,
    bodies: Arc<Portion>,
    connections: Arc<Portion>,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            tenant: Tenant::default(),
            gate: Arc::default(),
            below: Mutex::default(),
            share: Arc::default(),
            bodies: Arc::default(),
            connections: Arc::default(),
            aside: Arc::new(Semaphore::new(aside::THREADS)),
            reading: Arc::new(Semaphore::new(aside::THREADS)),
        }
    }
}

/// Gates of servers and tools from which on those that nobody uses are let go of.
const MANY_GATES: usize = 256;

/// A server, or a tool of one.
type Below = (ServerId, Option<ToolName>);

/// The passes of one call.
#[derive(Debug)]
pub struct Passes {
    /// Nearly always none.
    _below: Vec<Pass>,
    _workspace: Pass,
}

impl Traffic {
    /// Whose share of the CPU the calls of the workspace use.
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Its part of the gate of all workspaces.
    pub(super) fn share(&self) -> &Arc<Share> {
        &self.share
    }

    /// Its part of the memory for requests that arrive.
    pub fn bodies(&self) -> &Arc<Portion> {
        &self.bodies
    }

    /// Its part of the connections.
    pub fn connections(&self) -> &Arc<Portion> {
        &self.connections
    }

    /// Permits for reading what is large.
    pub fn reading(&self) -> &Arc<Semaphore> {
        &self.reading
    }

    /// Permits for work that takes long.
    pub fn aside(&self) -> &Arc<Semaphore> {
        &self.aside
    }

    /// Goes through the gates of the tool and the server, if they have a limit of their own, and that
    /// of the workspace, by `latest`. Tells at which level there was no getting through.
    pub async fn enter(
        &self,
        book: &LimitBook,
        (workspace, server, tool): (WorkspaceId, ServerId, Option<&ToolName>),
        latest: Instant,
    ) -> Result<Passes, Level> {
        let at_once = |scope: &Scope| book.limits(scope).calls_at_once;
        let mut below = Vec::new();
        // The narrow gates first: who waits there must not take up room in the wide one.
        if book.is_set_below_platform() {
            let of_tool = tool.map(|tool| {
                let scope = Scope::Tool(workspace, server, tool.clone());
                (scope, (server, Some(tool.clone())))
            });
            let of_server = (Scope::Server(workspace, server), (server, None));
            for (scope, key) in of_tool.into_iter().chain([of_server]) {
                if book.sets(&scope, Limit::CallsAtOnce) {
                    let gate = self.gate_below(key);
                    let pass = gate.enter(at_once(&scope), None, latest).await;
                    below.push(pass.map_err(|Full| scope.level())?);
                }
            }
        }
        let limit = at_once(&Scope::Workspace(workspace));
        let pass = self.gate.enter(limit, None, latest).await;
        Ok(Passes {
            _below: below,
            _workspace: pass.map_err(|Full| Level::Workspace)?,
        })
    }

    /// How many calls wait at its gates.
    pub fn waiting(&self) -> usize {
        let below = self.below.lock().unwrap_or_else(PoisonError::into_inner);
        let gates = below.values().chain([&self.gate]);
        gates.map(|gate| gate.count().1).sum()
    }

    fn gate_below(&self, key: Below) -> Arc<Gate> {
        let mut below = self.below.lock().unwrap_or_else(PoisonError::into_inner);
        if below.len() >= MANY_GATES && !below.contains_key(&key) {
            // A gate that only this map holds has nobody in it and nobody before it.
            below.retain(|_, gate| Arc::strong_count(gate) > 1);
        }
        Arc::clone(below.entry(key).or_default())
    }
}
