//! Compiled components, shared by every tool of the same digest.
//!
//! A component is looked for [in memory](loaded), then among the artifacts on disk, and is compiled from its
//! blob only if neither has it. An artifact that is not authentic is deleted and made again.
//! Compiling happens in a [process of its own](worker), a few at a time, and what it
//! [refused](refused) is not tried again at once.

mod error;
mod loaded;
mod refused;
mod worker;

pub(super) use error::LoadError;
pub use loaded::Room;

use super::calls::Traffic;
use bytes::Bytes;
use casemate_domain::{CompileLimits, Digest};
use casemate_runtime::{Artifacts, Component, Runtime};
use casemate_store::blobs::{self, Blobs};
use error::{Unusable, host, report};
use loaded::Loaded;
use refused::Refused;
use std::{
    error::Error as StdError,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::available_parallelism,
    time::Instant,
};
use tokio::sync::Semaphore;
use worker::{Failure, Worker};

/// Everything that was compiled, in memory and on disk.
#[derive(Debug)]
pub struct Components {
    runtime: Runtime,
    blobs: Blobs,
    artifacts: Artifacts,
    worker: Worker,
    loaded: Loaded,
    room: Room,
    /// Components that are read from disk at once: that takes a core for each.
    loading: Semaphore,
    compiling: Semaphore,
    refused: Refused,
    loads: AtomicU64,
}

/// What is in memory of components.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct InMemory {
    /// How many are loaded.
    pub loaded: usize,
    /// The memory that they take, in bytes, calls aside.
    pub memory_bytes: u64,
    /// The memory that they may take.
    pub memory_limit: u64,
    /// How often one was loaded since the start.
    pub loads: u64,
    /// How often one had to make room for others since the start.
    pub evictions: u64,
}

impl Components {
    /// An empty collection over a runtime and what is on disk behind it.
    pub fn new(
        runtime: Runtime,
        blobs: Blobs,
        artifacts: Artifacts,
        limits: CompileLimits,
        room: Room,
    ) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            runtime,
            blobs,
            artifacts,
            worker: Worker { limits },
            loaded: Loaded::new(room),
            room,
            loading: Semaphore::new(cores),
            compiling: Semaphore::new(usize::try_from(limits.at_once).unwrap_or(1)),
            refused: Refused::default(),
            loads: AtomicU64::new(0),
        }
    }

    /// How far what is done for uploads stands behind calls.
    pub fn niceness(&self) -> u64 {
        self.worker.limits.niceness
    }

    /// The compiled component, if it is in memory.
    pub fn get(&self, digest: &Digest) -> Option<Component> {
        self.loaded.get(digest)
    }

    /// The compiled component, loaded or even compiled now if it is not in memory. However many ask
    /// for it at once, it is loaded once, on the account of the workspace that asked first.
    pub async fn load(
        self: &Arc<Self>,
        digest: Digest,
        payer: Option<&Arc<Traffic>>,
    ) -> Result<Component, LoadError> {
        let (this, payer) = (Arc::clone(self), payer.cloned());
        // In a task of its own: a caller that goes away must not undo what the next one needs too.
        let task = tokio::spawn(async move {
            if let Some(rejection) = this.refused.recall(&digest, Instant::now()) {
                return Err(LoadError::Rejected { digest, rejection });
            }
            let obtain = this.obtain(digest, None, payer.as_deref());
            let loaded = this.loaded.get_or(&digest, obtain).await;
            if let Err(LoadError::Rejected { rejection, .. }) = &loaded {
                this.refused.remember(digest, rejection, Instant::now());
            }
            loaded
        });
        task.await.map_err(|error| host(digest, &error))?
    }

    /// Keeps in memory what was just compiled, so that the first call finds it there.
    pub fn keep(&self, component: Component) {
        self.loaded.put(component);
    }

    /// What is in memory.
    pub fn in_memory(&self) -> InMemory {
        InMemory {
            loaded: self.loaded.count(),
            memory_bytes: self.loaded.bytes(),
            memory_limit: self.room.bytes,
            loads: self.loads.load(Ordering::Relaxed),
            evictions: self.loaded.gone(),
        }
    }

    /// Tries a component again that could not be compiled a moment ago.
    pub fn try_again(&self, digest: &Digest) {
        self.refused.forget(digest);
    }

    /// The compiled component of an upload.
    pub async fn take_in(
        self: &Arc<Self>,
        digest: Digest,
        wasm: Bytes,
    ) -> Result<Component, LoadError> {
        let this = Arc::clone(self);
        let task = tokio::spawn(async move { this.obtain(digest, Some(wasm), None).await });
        task.await.map_err(|error| host(digest, &error))?
    }

    /// Removes what was kept of an upload that was refused in the end.
    pub async fn forget(self: &Arc<Self>, digest: Digest) {
        let this = Arc::clone(self);
        drop(tokio::task::spawn_blocking(move || this.discard(&digest)).await);
    }

    async fn obtain(
        self: &Arc<Self>,
        digest: Digest,
        wasm: Option<Bytes>,
        payer: Option<&Traffic>,
    ) -> Result<Component, LoadError> {
        if let Some(component) = self.kept(digest, payer).await? {
            return Ok(component);
        }
        self.make(digest, wasm, payer).await
    }

    /// The component as it was kept on disk, if it is there and authentic. A workspace has as many
    /// loads under way as it may have other work aside; the rest of them wait behind each other, not
    /// before those of others.
    async fn kept(
        self: &Arc<Self>,
        digest: Digest,
        payer: Option<&Traffic>,
    ) -> Result<Option<Component>, LoadError> {
        let turn = match payer {
            Some(payer) => Some(Arc::clone(payer.aside()).acquire_owned().await),
            None => None,
        };
        let place = self.loading.acquire().await;
        let this = Arc::clone(self);
        let tenant = payer.map(|payer| payer.tenant().clone());
        let work = move || {
            let (found, took) = this.runtime.meter().measure(|| this.read(digest));
            if let Some(tenant) = tenant {
                tenant.owes(took);
            }
            found
        };
        let found = tokio::task::spawn_blocking(work).await;
        drop((place, turn));
        found.map_err(|error| host(digest, &error))?
    }

    /// Blocks.
    fn read(&self, digest: Digest) -> Result<Option<Component>, LoadError> {
        let started = Instant::now();
        let artifact = match self.artifacts.find(&digest) {
            Ok(Some(artifact)) => artifact,
            Ok(None) => return Ok(None),
            Err(error) => {
                match Unusable::from(&error) {
                    Unusable::Refused => {
                        report(&digest, &error);
                        self.discard(&digest);
                    }
                    Unusable::Unreadable => report(&digest, &error),
                    Unusable::Now => return Err(host(digest, &error)),
                }
                return Ok(None);
            }
        };
        let component = self
            .runtime
            .load(&artifact)
            .map_err(|rejection| LoadError::Rejected { digest, rejection })?;
        self.loads.fetch_add(1, Ordering::Relaxed);
        let took_us = micros(started);
        tracing::debug!(digest = %digest.short(), took_us, "a component was loaded from disk");
        Ok(Some(component))
    }

    /// Compiles a component and keeps the code.
    async fn make(
        self: &Arc<Self>,
        digest: Digest,
        wasm: Option<Bytes>,
        payer: Option<&Traffic>,
    ) -> Result<Component, LoadError> {
        let _turn = self
            .compiling
            .acquire()
            .await
            .expect("this semaphore is never closed");
        // Somebody else may have made it while this one waited.
        if let Some(component) = self.kept(digest, payer).await? {
            return Ok(component);
        }
        let wasm = match wasm {
            Some(wasm) => wasm,
            None => self.source(digest).await?,
        };
        let started = Instant::now();
        let code = self
            .worker
            .compile(&wasm)
            .await
            .map_err(|failure| match failure {
                Failure::Rejected(rejection) => LoadError::Rejected { digest, rejection },
                Failure::Host(why) => LoadError::Host { digest, why },
            })?;
        let took_us = micros(started);
        tracing::debug!(digest = %digest.short(), took_us, "a component was compiled");
        let this = Arc::clone(self);
        tokio::task::spawn_blocking(move || this.artifacts.keep(&digest, &code))
            .await
            .map_err(|error| host(digest, &error))?
            .map_err(|error| host(digest, &error))?;
        self.kept(digest, payer)
            .await?
            .ok_or_else(|| LoadError::Host {
                digest,
                why: "what was just written cannot be read back".to_owned(),
            })
    }

    /// The bytes that were uploaded.
    async fn source(&self, digest: Digest) -> Result<Bytes, LoadError> {
        match self.blobs.get(&digest).await {
            Ok(Some(wasm)) => Ok(wasm),
            Ok(None) | Err(blobs::Error::BlobDamaged { .. }) => Err(LoadError::Integrity(digest)),
            Err(error) => Err(LoadError::Store(digest, Box::new(error))),
        }
    }

    fn discard(&self, digest: &Digest) {
        if let Err(error) = self.artifacts.remove(digest) {
            let error: &dyn StdError = &error;
            tracing::error!(error, "an artifact cannot be removed");
        }
    }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
