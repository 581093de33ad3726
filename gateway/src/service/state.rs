//! The one place where state changes: store first, then memory.
//!
//! A change is committed to the store, and only when it is durable does the snapshot show it. One
//! change at a time, so that memory and store agree on the order.

use super::{error::Error, snapshot::Snapshot};
use arc_swap::ArcSwap;
use casemate_store::{
    metadata::Metadata,
    records::{self, Batch, BatchError, Key, Record, Stored},
};
use std::{fmt, sync::Arc};
use tokio::sync::{Mutex, MutexGuard};

/// The snapshot that everybody reads, and the store behind it.
pub struct State {
    snapshot: ArcSwap<Snapshot>,
    metadata: Arc<dyn Metadata>,
    writer: Mutex<()>,
}

/// The right to change state, held by one at a time. What is checked while holding it is still
/// true when the change is committed.
pub struct Writer<'state> {
    state: &'state State,
    _turn: MutexGuard<'state, ()>,
}

impl State {
    /// State as loaded from the store.
    pub fn new(snapshot: Snapshot, metadata: Arc<dyn Metadata>) -> Self {
        Self {
            snapshot: ArcSwap::from_pointee(snapshot),
            metadata,
            writer: Mutex::default(),
        }
    }

    /// The state now. Never blocks.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Waits for the turn to change something.
    pub async fn writer(&self) -> Writer<'_> {
        Writer {
            state: self,
            _turn: self.writer.lock().await,
        }
    }
}

impl Writer<'_> {
    /// The state that the change starts from.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.state.snapshot()
    }

    /// A record as it is stored now, to be changed under this turn.
    pub async fn stored<R: Record>(&self, key: &Key<R>) -> Result<Stored<R>, Error> {
        records::read(&*self.state.metadata, key)
            .await?
            .ok_or(Error::Conflict)
    }

    /// Makes a change durable, then visible. If the commit fails, nothing is visible.
    pub async fn commit(
        self,
        batch: Batch,
        apply: impl FnOnce(&mut Snapshot),
    ) -> Result<Arc<Snapshot>, Error> {
        batch
            .commit(&*self.state.metadata)
            .await
            .map_err(|error| match error {
                BatchError::NameTaken { .. } | BatchError::Changed { .. } => Error::Conflict,
                BatchError::Failed(error) => Error::from(error),
            })?;
        let mut next = Snapshot::clone(&self.snapshot());
        apply(&mut next);
        let next = Arc::new(next);
        self.state.snapshot.store(Arc::clone(&next));
        Ok(next)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State")
    }
}

impl fmt::Debug for Writer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}
