//! Compiled components, shared by every tool of the same digest.
//!
//! A component is looked for in memory, then among the artifacts on disk, and is compiled from its
//! blob only if neither has it. An artifact that is not authentic is deleted and made again.
//! Compiling happens in a [process of its own](worker), at most two at a time.

mod worker;

use bytes::Bytes;
use casemate_domain::{CompileLimits, Digest};
use casemate_runtime::{ArtifactError, Artifacts, Component, Refusal, Rejection, Runtime};
use casemate_store::blobs::{self, Blobs};
use std::{
    collections::HashMap,
    error::Error as StdError,
    fmt,
    sync::{Arc, Mutex, Weak},
    thread::available_parallelism,
    time::Instant,
};
use tokio::sync::{OnceCell, Semaphore};
use worker::{Failure, Worker};

/// Compilations at once. Each takes every core it can get, so more gain nothing; a second one keeps
/// a component that takes long from holding up all others.
const COMPILATIONS: usize = 2;

/// Where the compiled component of one digest is, or will be after the first call. The cell makes
/// simultaneous first calls wait for one load.
#[derive(Clone)]
pub struct Slot {
    digest: Digest,
    cell: Arc<OnceCell<Component>>,
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Slot({}, {})",
            self.digest.short(),
            self.cell.initialized()
        )
    }
}

/// All slots by digest. A slot lives as long as a tool refers to it.
#[derive(Debug)]
pub struct Components {
    runtime: Runtime,
    blobs: Blobs,
    artifacts: Artifacts,
    worker: Worker,
    turns: Semaphore,
    slots: Mutex<HashMap<Digest, Weak<OnceCell<Component>>>>,
}

/// Why a component cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The stored file is not the uploaded one, or is gone.
    #[error("the stored file of component {0} is damaged or missing")]
    Integrity(Digest),
    /// It is not one that can run here.
    #[error("component {digest} is refused: {rejection}")]
    Rejected {
        /// Which component.
        digest: Digest,
        /// What the compiler said.
        rejection: Rejection,
    },
    /// The host failed.
    #[error("component {digest} cannot be loaded: {why}")]
    Host {
        /// Which component.
        digest: Digest,
        /// What failed.
        why: String,
    },
    /// The store failed.
    #[error("component {0} cannot be read")]
    Store(Digest, #[source] Box<blobs::Error>),
}

impl Components {
    /// An empty collection over a runtime and what is on disk behind it.
    pub fn new(
        runtime: Runtime,
        blobs: Blobs,
        artifacts: Artifacts,
        limits: CompileLimits,
    ) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            runtime,
            blobs,
            artifacts,
            worker: Worker { limits },
            turns: Semaphore::new(cores.min(COMPILATIONS)),
            slots: Mutex::default(),
        }
    }

    /// The slot of a digest.
    pub fn slot(&self, digest: Digest) -> Slot {
        let mut slots = self
            .slots
            .lock()
            .expect("nothing panics while it holds this lock");
        if let Some(cell) = slots.get(&digest).and_then(Weak::upgrade) {
            return Slot { digest, cell };
        }
        slots.retain(|_, cell| cell.strong_count() > 0);
        let cell = Arc::new(OnceCell::new());
        slots.insert(digest, Arc::downgrade(&cell));
        Slot { digest, cell }
    }

    /// The compiled component, if it is there already.
    pub fn get(&self, slot: &Slot) -> Option<Component> {
        slot.cell.get().cloned()
    }

    /// Remembers a component that was just compiled, at upload.
    pub fn fill(&self, slot: &Slot, component: Component) {
        // A slot that is already full holds the same component.
        let _ = slot.cell.set(component);
    }

    /// The compiled component, loaded or even compiled now if this is its first call.
    pub async fn load<'slot>(
        self: &Arc<Self>,
        slot: &'slot Slot,
    ) -> Result<&'slot Component, LoadError> {
        slot.cell
            .get_or_try_init(|| self.obtain(slot.digest, None))
            .await
    }

    /// The compiled component of an upload.
    pub async fn take_in(
        self: &Arc<Self>,
        digest: Digest,
        wasm: Bytes,
    ) -> Result<Component, LoadError> {
        self.obtain(digest, Some(wasm)).await
    }

    /// Removes what was kept of an upload that was refused in the end.
    pub async fn forget(self: &Arc<Self>, digest: Digest) {
        let this = Arc::clone(self);
        drop(tokio::task::spawn_blocking(move || this.discard(&digest)).await);
    }

    /// In a task of its own: a caller that goes away must not undo what the next one needs too.
    async fn obtain(
        self: &Arc<Self>,
        digest: Digest,
        wasm: Option<Bytes>,
    ) -> Result<Component, LoadError> {
        let this = Arc::clone(self);
        let task = tokio::spawn(async move {
            if let Some(component) = this.kept(digest).await? {
                return Ok(component);
            }
            this.make(digest, wasm).await
        });
        task.await.map_err(|error| host(digest, &error))?
    }

    /// The component as it was kept on disk, if it is there and authentic.
    async fn kept(self: &Arc<Self>, digest: Digest) -> Result<Option<Component>, LoadError> {
        let this = Arc::clone(self);
        let work = move || {
            let started = Instant::now();
            let artifact = match this.artifacts.find(&digest) {
                Ok(Some(artifact)) => artifact,
                Ok(None) => return Ok(None),
                Err(error) => {
                    report(&digest, &error);
                    this.discard(&digest);
                    return Ok(None);
                }
            };
            let component = this
                .runtime
                .load(&artifact)
                .map_err(|rejection| LoadError::Rejected { digest, rejection })?;
            let took_us = micros(started);
            tracing::debug!(digest = %digest.short(), took_us, "a component was loaded from disk");
            Ok(Some(component))
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| host(digest, &error))?
    }

    /// Compiles a component and keeps the code.
    async fn make(
        self: &Arc<Self>,
        digest: Digest,
        wasm: Option<Bytes>,
    ) -> Result<Component, LoadError> {
        let _turn = self
            .turns
            .acquire()
            .await
            .expect("this semaphore is never closed");
        // Somebody else may have made it while this one waited.
        if let Some(component) = self.kept(digest).await? {
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
        self.kept(digest).await?.ok_or_else(|| LoadError::Host {
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

/// Tells the operator why an artifact is thrown away. After an update that is how it should be.
fn report(digest: &Digest, error: &ArtifactError) {
    let digest = digest.short();
    if let ArtifactError::Refused {
        refusal: Refusal::OtherEngine,
        ..
    } = error
    {
        tracing::info!(%digest, "an artifact of another version is made again");
        return;
    }
    let error: &dyn StdError = error;
    tracing::error!(
        %digest,
        error,
        "an artifact is not usable and is made again; look for a failing disk, or for somebody \
         who writes into the data folder"
    );
}

fn host(digest: Digest, error: &dyn StdError) -> LoadError {
    let mut why = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        why = format!("{why}: {error}");
        cause = error.source();
    }
    LoadError::Host { digest, why }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
