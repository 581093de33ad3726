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
pub mod limits;
pub mod profile;
mod schema;
pub mod search;
pub mod snapshot;
mod state;
pub mod tasks;
mod vault;

pub use access::{
    Access, Administrator, FirstToken, KeyStatus, KeySummary, NewKey, NewToken, OpenServer, Opens,
    Refused, TokenSummary,
};
pub use calls::{
    Asked, AuthorizedCall, CallRequest, Calls, FinishedCall, Reference, Unknown, UnknownTool,
};
pub use catalog::{
    Catalog, Change, Consent, DeployRequest, Deployment, Difference, Item, ItemChange, LimitChange,
    Missing, Presentation, ScopeLimits, ScopeName, SecretSummary, Uploaded, VersionSummary,
};
pub use components::{InMemory, Room};
pub use definition::accept as accept_definitions;
pub use error::Error;
pub use snapshot::{OfferView, ServerView, ToolView};
pub use tasks::{TaskSettings, TaskView, Tasks};

pub(crate) use calls::threads_of_all;

use calls::Running;
use casemate_domain::{LimitSettings, PlatformLimits};
use casemate_runtime::{Artifacts, Runtime};
use casemate_store::{blobs::Blobs, call_log::CallLog, metadata::Metadata, records};
use components::Components;
use credential::Pepper;
use keyring::Keyring;
use state::State;
use std::{path::PathBuf, sync::Arc};
use vault::Vault;

/// Everything that the doors call.
#[derive(Debug)]
pub struct Service {
    access: Arc<Access>,
    catalog: Catalog,
    calls: Arc<Calls>,
    tasks: Tasks,
    log: Arc<CallLog>,
    platform: PlatformLimits,
}

/// What a service is made of.
#[derive(Debug)]
pub struct Parts {
    /// Where metadata is.
    pub metadata: Arc<dyn Metadata>,
    /// Where components are.
    pub blobs: Blobs,
    /// Where the results of tasks are.
    pub task_blobs: Blobs,
    /// The folder of what was compiled from them.
    pub artifacts: PathBuf,
    /// Where calls are recorded.
    pub log: Arc<CallLog>,
    /// What runs them.
    pub runtime: Runtime,
    /// The root of all keys.
    pub keyring: Keyring,
    /// The limits of every call.
    pub limits: LimitSettings,
    /// The limits of the installation as a whole.
    pub platform: PlatformLimits,
    /// The room for loaded components.
    pub room: Room,
    /// When calls become tasks, and how many of these there may be.
    pub tasks: TaskSettings,
    /// Whether callers are told what their calls used.
    pub receipts: bool,
}

impl Service {
    /// Loads what is stored and makes it ready to serve.
    pub async fn load(parts: Parts) -> Result<Self, Error> {
        let Parts {
            metadata,
            blobs,
            task_blobs,
            artifacts,
            log,
            runtime,
            keyring,
            limits,
            platform,
            room,
            tasks,
            receipts,
        } = parts;
        let key = keyring.derive("compiled artifacts");
        let artifacts = Artifacts::open(artifacts, key, &runtime)
            .map_err(|error| Error::Store(error.into()))?;
        let components = Arc::new(Components::new(
            runtime.clone(),
            blobs.clone(),
            artifacts,
            platform.compile,
            room,
        ));
        let vault = Arc::new(Vault::new(&keyring));
        let everything = records::load_all(&*metadata).await?;
        let snapshot = catalog::load(everything, &blobs, limits).await;
        let state = Arc::new(State::new(snapshot, Arc::clone(&metadata)));
        let pepper = Pepper::new(keyring.derive("credential hashes"));
        let running = Arc::new(Running::default());
        let calls = Arc::new(Calls::new(calls::Parts {
            runtime: runtime.clone(),
            components: Arc::clone(&components),
            vault: Arc::clone(&vault),
            log: Arc::clone(&log),
            running: Arc::clone(&running),
            state: Arc::clone(&state),
            places: platform.sandbox.places,
            receipts,
        }));
        let access = Arc::new(Access::new(Arc::clone(&state), pepper, running));
        let tasks = tasks::Parts {
            settings: tasks,
            state: Arc::clone(&state),
            access: Arc::clone(&access),
            calls: Arc::clone(&calls),
            metadata,
            blobs: task_blobs,
        };
        let tasks = Tasks::load(tasks, &keyring).await?;
        Ok(Self {
            access,
            catalog: Catalog::new(state, blobs, runtime, components, vault),
            calls,
            tasks,
            log,
            platform,
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

    /// Calls that go on without their connections.
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// The limits of the installation as a whole.
    pub fn platform_limits(&self) -> &PlatformLimits {
        &self.platform
    }

    /// The records of calls.
    pub fn log(&self) -> &CallLog {
        &self.log
    }
}
