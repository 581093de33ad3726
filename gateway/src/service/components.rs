//! Compiled components, shared by every tool of the same digest.

use casemate_domain::Digest;
use casemate_runtime::{Component, Runtime};
use casemate_store::blobs::{self, Blobs};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, Weak},
};
use tokio::sync::OnceCell;

/// Where the compiled component of one digest is, or will be after the first call. The cell makes
/// simultaneous first calls wait for one compilation.
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
    slots: Mutex<HashMap<Digest, Weak<OnceCell<Component>>>>,
}

/// Why a component cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The stored file is not the uploaded one, or is gone.
    #[error("the stored file of component {0} is damaged or missing")]
    Integrity(Digest),
    /// It was accepted once, and is not now.
    #[error("component {digest} cannot be compiled: {why}")]
    Compile {
        /// Which component.
        digest: Digest,
        /// What the compiler said.
        why: String,
    },
    /// The store failed.
    #[error("component {0} cannot be read")]
    Store(Digest, #[source] blobs::Error),
}

impl Components {
    /// An empty collection over a runtime and the blobs behind it.
    pub fn new(runtime: Runtime, blobs: Blobs) -> Self {
        Self {
            runtime,
            blobs,
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

    /// The compiled component, compiled now if this is its first call.
    pub async fn load<'slot>(&self, slot: &'slot Slot) -> Result<&'slot Component, LoadError> {
        slot.cell
            .get_or_try_init(|| self.compile(slot.digest))
            .await
    }

    async fn compile(&self, digest: Digest) -> Result<Component, LoadError> {
        let wasm = match self.blobs.get(&digest).await {
            Ok(Some(wasm)) => wasm,
            Ok(None) | Err(blobs::Error::BlobDamaged { .. }) => {
                return Err(LoadError::Integrity(digest));
            }
            Err(error) => return Err(LoadError::Store(digest, error)),
        };
        let runtime = self.runtime.clone();
        tokio::task::spawn_blocking(move || runtime.compile(&wasm))
            .await
            .map_err(|error| LoadError::Compile {
                digest,
                why: error.to_string(),
            })?
            .map_err(|rejection| LoadError::Compile {
                digest,
                why: rejection.message,
            })
    }
}
