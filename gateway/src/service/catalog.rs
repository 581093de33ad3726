//! Workspaces, servers, and the tools behind them.

mod deploy;
mod limits;
mod load;
mod presentation;
mod secrets;
mod servers;
mod tools;
mod upload;
mod versions;
mod workspaces;

pub use deploy::{
    Change, Consent, DeployRequest, Deployment, Difference, Item, ItemChange, Missing,
};
pub use limits::{LimitChange, ScopeLimits, ScopeName};
pub use presentation::Presentation;
pub use secrets::SecretSummary;
pub use upload::Uploaded;
pub use versions::VersionSummary;

use super::{
    components::{Components, Slot},
    state::State,
    vault::Vault,
};
use casemate_runtime::Runtime;
use casemate_store::blobs::Blobs;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

pub(crate) use load::load;

/// Manages what there is.
#[derive(Debug)]
pub struct Catalog {
    state: Arc<State>,
    blobs: Blobs,
    runtime: Runtime,
    components: Arc<Components>,
    vault: Arc<Vault>,
    /// The latest uploads, so that the deployment that follows need not compile again.
    recent: Mutex<VecDeque<Slot>>,
}

/// How many uploads stay compiled while they wait to be deployed.
const RECENT_UPLOADS: usize = 8;

impl Catalog {
    /// A catalog over the given parts.
    pub fn new(
        state: Arc<State>,
        blobs: Blobs,
        runtime: Runtime,
        components: Arc<Components>,
        vault: Arc<Vault>,
    ) -> Self {
        Self {
            state,
            blobs,
            runtime,
            components,
            vault,
            recent: Mutex::default(),
        }
    }

    fn remember(&self, slot: Slot) {
        let mut recent = self
            .recent
            .lock()
            .expect("nothing panics while it holds this lock");
        recent.push_front(slot);
        recent.truncate(RECENT_UPLOADS);
    }
}
