//! What Casemate does, without a word about how it is asked: no HTTP, no MCP.
//!
//! Two doors (`admin`, `mcp`) call these services; no door touches the store or the runtime.

pub mod access;
mod audit;
pub mod calls;
pub mod catalog;
mod components;
mod credential;
mod definition;
mod error;
pub mod keyring;
mod schema;
pub mod snapshot;
mod state;
mod vault;

pub use access::{
    Access, Administrator, FirstToken, KeyStatus, KeySummary, NewKey, NewToken, OpenServer,
    Refused, TokenSummary,
};
pub use calls::{AuthorizedCall, CallRequest, Calls, FinishedCall, UnknownTool};
pub use catalog::{
    Catalog, Change, Consent, DeployRequest, Deployment, Difference, Missing, SecretSummary,
    ToolChange, Uploaded, VersionSummary,
};
pub use definition::check_all as check_definitions;
pub use error::Error;
pub use snapshot::{ServerView, ToolView};

use casemate_domain::Limits;
use casemate_runtime::{Artifacts, Runtime};
use casemate_store::{blobs::Blobs, call_log::CallLog, metadata::Metadata, records};
use components::Components;
use credential::Pepper;
use keyring::Keyring;
use state::State;
use std::{path::PathBuf, sync::Arc, time::Duration};
use vault::Vault;

/// Everything that the doors call.
#[derive(Debug)]
pub struct Service {
    access: Access,
    catalog: Catalog,
    calls: Calls,
    log: Arc<CallLog>,
}

/// What a service is made of.
#[derive(Debug)]
pub struct Parts {
    /// Where metadata is.
    pub metadata: Arc<dyn Metadata>,
    /// Where components are.
    pub blobs: Blobs,
    /// The folder of what was compiled from them.
    pub artifacts: PathBuf,
    /// How long one compilation may take.
    pub compile_budget: Duration,
    /// Where calls are recorded.
    pub log: Arc<CallLog>,
    /// What runs them.
    pub runtime: Runtime,
    /// The root of all keys.
    pub keyring: Keyring,
    /// The limits of every call.
    pub limits: Limits,
    /// How many calls run at once.
    pub places: usize,
}

impl Service {
    /// Loads what is stored and makes it ready to serve.
    pub async fn load(parts: Parts) -> Result<Self, Error> {
        let Parts {
            metadata,
            blobs,
            artifacts,
            compile_budget,
            log,
            runtime,
            keyring,
            limits,
            places,
        } = parts;
        let key = keyring.derive("compiled artifacts");
        let artifacts = Artifacts::open(artifacts, key, &runtime)
            .map_err(|error| Error::Store(error.into()))?;
        let components = Arc::new(Components::new(
            runtime.clone(),
            blobs.clone(),
            artifacts,
            compile_budget,
        ));
        let vault = Arc::new(Vault::new(&keyring));
        let everything = records::load_all(&*metadata).await?;
        let snapshot = catalog::load(everything, &blobs, &components).await;
        let state = Arc::new(State::new(snapshot, metadata));
        let pepper = Pepper::new(keyring.derive("credential hashes"));
        Ok(Self {
            access: Access::new(Arc::clone(&state), pepper),
            catalog: Catalog::new(
                state,
                blobs,
                runtime.clone(),
                Arc::clone(&components),
                Arc::clone(&vault),
            ),
            calls: Calls::new(runtime, components, vault, Arc::clone(&log), limits, places),
            log,
        })
    }

    /// Keys, tokens and what they open.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Workspaces, servers, tools, secrets.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Calls of tools.
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// The records of calls.
    pub fn log(&self) -> &CallLog {
        &self.log
    }
}
