//! Workspaces, servers, and the tools behind them.

mod deploy;
mod examiner;
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
    components::{Components, InMemory},
    state::State,
    vault::Vault,
};
use casemate_runtime::Runtime;
use casemate_store::blobs::Blobs;
use std::sync::Arc;

pub(crate) use load::load;

/// Manages what there is.
#[derive(Debug)]
pub struct Catalog {
    state: Arc<State>,
    blobs: Blobs,
    runtime: Runtime,
    components: Arc<Components>,
    vault: Arc<Vault>,
}

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
        }
    }

    /// What is in memory of components.
    pub fn in_memory(&self) -> InMemory {
        self.components.in_memory()
    }
}
