//! Who takes part: a victim, its hostile neighbors, and a listener that never answers, or with much.

use super::{guards::Guards, heavy::Heavy};
use crate::{gateway::Gateway, machine::Cores};
use anyhow::Result;
use casemate_tests::{Fixture, Reply, Server, guest};
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// What one call of the victim computes.
const VICTIM_CPU: Duration = Duration::from_millis(5);
/// Longer than any cell.
const NEVER: Duration = Duration::from_secs(86_400);

/// Where the listener answers, and with how many bytes: nearly as many as an answer may have.
pub(super) const LARGE: &str = "/large";
const LARGE_BYTES: usize = 5_000_000;

/// All that takes part, on one gateway.
pub(super) struct Scene {
    pub(super) gateway: Gateway,
    pub(super) victim: Server,
    /// Rounds of `burn` in one call of the victim.
    pub(super) rounds: u64,
    /// The CPU time of one call of the victim, by its receipt.
    pub(super) victim_cpu: Duration,
    pub(super) hostile: Vec<Server>,
    pub(super) heavy: Arc<Heavy>,
    listener: Fixture,
}

impl Scene {
    /// Starts the gateway, puts everybody on it and finds out how much work the victim has.
    pub(super) fn set_up(cores: Cores, tenants: usize) -> Result<Self> {
        let gateway = Gateway::start(&Guards::On.config(), cores)?;
        let victim = gateway.server("victim", &[]);
        let listener = Fixture::start(|request| match request.path.as_str() {
            LARGE => Reply::bytes(LARGE_BYTES),
            _ => Reply::status(204).after(NEVER),
        });
        let grant = ["--grant-host", &listener.host()];
        let hostile = (1..=tenants)
            .map(|number| gateway.server(&format!("hostile-{number}"), &grant))
            .collect();
        let (rounds, victim_cpu) = gateway.rounds_for(&victim, VICTIM_CPU)?;
        Ok(Self {
            gateway,
            victim,
            rounds,
            victim_cpu,
            hostile,
            heavy: Arc::new(Heavy::from_component(guest("bench"))?),
            listener,
        })
    }

    /// The listener that never answers, but for one path.
    pub(super) fn listener(&self) -> SocketAddr {
        self.listener.address()
    }
}
