//! What the calls of one workspace share: its gates, and its parts of what all share.

use super::{
    aside,
    gate::{Full, Gate, Pass, Share},
    rate::Rate,
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
    time::Duration,
};
use tokio::{sync::Semaphore, time::Instant};

/// What the calls of one workspace share.
#[derive(Debug)]
pub struct Traffic {
    tenant: Tenant,
    gate: Arc<Gate>,
    /// Gates of servers and tools that have a limit of their own.
    below: Mutex<HashMap<Below, Arc<Gate>>>,
    /// What may begin in a minute.
    rate: Rate,
    /// The same of servers and tools that have a limit of their own.
    rates_below: Mutex<HashMap<Below, Arc<Rate>>>,
    /// From when on the time of rates is counted.
    since: Instant,
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
            rate: Rate::default(),
            rates_below: Mutex::default(),
            since: Instant::now(),
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

/// Why a call has no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPlace {
    /// At this level, as many run as may at once.
    Full(Level),
    /// At this level, as many began as may in a minute; after this time another one may.
    TooManyInAMinute(Level, Duration),
}

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
        now: Instant,
        latest: Instant,
    ) -> Result<Passes, NoPlace> {
        let mut below = Vec::new();
        if book.is_set_below_platform() {
            below.extend(tool.map(|tool| {
                let scope = Scope::Tool(workspace, server, tool.clone());
                (scope, (server, Some(tool.clone())))
            }));
            below.push((Scope::Server(workspace, server), (server, None)));
        }
        let limits = book.limits(&Scope::Workspace(workspace));
        let now = now.saturating_duration_since(self.since);
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        self.count(book, &below, limits.calls_per_minute, now)?;
        let mut passes = Vec::new();
        // The narrow gates first: who waits there must not take up room in the wide one.
        for (scope, key) in below {
            if book.sets(&scope, Limit::CallsAtOnce) {
                let gate = self.gate_below(key);
                let at_once = book.limits(&scope).calls_at_once;
                let pass = gate.enter(at_once, None, latest).await;
                passes.push(pass.map_err(|Full| NoPlace::Full(scope.level()))?);
            }
        }
        let pass = self.gate.enter(limits.calls_at_once, None, latest).await;
        Ok(Passes {
            _below: passes,
            _workspace: pass.map_err(|Full| NoPlace::Full(Level::Workspace))?,
        })
    }

    /// Counts a call among those of this minute.
    fn count(
        &self,
        book: &LimitBook,
        below: &[(Scope, Below)],
        of_workspace: u64,
        now: u64,
    ) -> Result<(), NoPlace> {
        let limit = Limit::CallsPerMinute;
        for (scope, key) in below.iter().filter(|(scope, _)| book.sets(scope, limit)) {
            let rate = self.rate_below(key, now);
            let taken = rate.take(book.limits(scope).get(limit), now);
            taken.map_err(|wait| NoPlace::TooManyInAMinute(scope.level(), wait))?;
        }
        let taken = self.rate.take(of_workspace, now);
        taken.map_err(|wait| NoPlace::TooManyInAMinute(Level::Workspace, wait))
    }

    fn rate_below(&self, key: &Below, now: u64) -> Arc<Rate> {
        let rates = self.rates_below.lock();
        let mut rates = rates.unwrap_or_else(PoisonError::into_inner);
        if rates.len() >= MANY_GATES && !rates.contains_key(key) {
            // One that is full is like a new one.
            rates.retain(|_, rate| !rate.is_full(now));
        }
        Arc::clone(rates.entry(key.clone()).or_default())
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
