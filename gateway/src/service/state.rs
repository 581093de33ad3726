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
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

/// The snapshot that everybody reads, and the store behind it.
pub struct State {
    snapshot: ArcSwap<Snapshot>,
    changes: watch::Sender<()>,
    metadata: Arc<dyn Metadata>,
    turns: Arc<Mutex<()>>,
}

/// The right to change state, held by one at a time. What is checked while holding it is still
/// true when the change is committed.
pub struct Writer {
    state: Arc<State>,
    turn: OwnedMutexGuard<()>,
}

impl State {
    /// State as loaded from the store.
    pub fn new(snapshot: Snapshot, metadata: Arc<dyn Metadata>) -> Self {
        Self {
            snapshot: ArcSwap::from_pointee(snapshot),
            changes: watch::Sender::new(()),
            metadata,
            turns: Arc::default(),
        }
    }

    /// The state now. Never blocks.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Tells of every change from now on, once it is visible. Several may be told as one.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// A record that is not held in memory.
    pub async fn read<R: Record>(&self, key: &Key<R>) -> Result<Option<R>, Error> {
        let stored = records::read(&*self.metadata, key).await?;
        Ok(stored.map(|stored| stored.record))
    }

    /// Waits for the turn to change something.
    pub async fn writer(self: &Arc<Self>) -> Writer {
        let turn = Arc::clone(&self.turns).lock_owned().await;
        Writer {
            state: Arc::clone(self),
            turn,
        }
    }
}

impl Writer {
    /// The state that the change starts from.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.state.snapshot()
    }

    /// A record as it is stored now, to be changed under this turn.
    pub async fn stored<R: Record>(&self, key: &Key<R>) -> Result<Stored<R>, Error> {
        self.find(key).await?.ok_or(Error::Conflict)
    }

    /// The same where there may be none.
    pub async fn find<R: Record>(&self, key: &Key<R>) -> Result<Option<Stored<R>>, Error> {
        Ok(records::read(&*self.state.metadata, key).await?)
    }

    /// Makes a change durable, then visible. If the commit fails, nothing is visible.
    ///
    /// Runs on its own: whoever asked may go away in the middle, and a change that is in the store
    /// but not in memory would be a key that is revoked and still opens.
    pub async fn commit(
        self,
        batch: Batch,
        apply: impl FnOnce(&mut Snapshot) + Send + 'static,
    ) -> Result<(), Error> {
        let Self { state, turn } = self;
        let committing = tokio::spawn(async move {
            batch
                .commit(&*state.metadata)
                .await
                .map_err(|error| match error {
                    BatchError::NameTaken { .. } | BatchError::Changed { .. } => Error::Conflict,
                    BatchError::Failed(error) => Error::from(error),
                })?;
            let mut next = Snapshot::clone(&state.snapshot());
            apply(&mut next);
            state.snapshot.store(Arc::new(next));
            state.changes.send_replace(());
            drop(turn);
            Ok(())
        });
        committing
            .await
            .unwrap_or_else(|error| Err(Error::Internal(format!("a commit ended early: {error}"))))
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State")
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::{access::keys, audit, snapshot::Snapshot};
    use casemate_domain::{KeyId, TokenId, WorkspaceId};
    use casemate_store::{
        memory::MemoryMetadata,
        metadata::{Change, CommitError, Entry, Revision, Transaction},
        records::{KeyRecord, TokenHash},
    };
    use std::time::Duration;
    use uuid::Uuid;

    /// A store that takes its time to make a commit durable, as disks do.
    #[derive(Debug)]
    struct Slow(MemoryMetadata);

    #[async_trait::async_trait]
    impl Metadata for Slow {
        async fn get(&self, key: &[u8]) -> Result<Option<Entry>, casemate_store::metadata::Error> {
            self.0.get(key).await
        }

        async fn scan_from(
            &self,
            prefix: &[u8],
            start: &[u8],
            limit: usize,
        ) -> Result<Vec<Entry>, casemate_store::metadata::Error> {
            self.0.scan_from(prefix, start, limit).await
        }

        async fn commit(&self, transaction: Transaction) -> Result<Revision, CommitError> {
            let revision = self.0.commit(transaction).await?;
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(revision)
        }

        async fn changes_since(
            &self,
            revision: Revision,
        ) -> Result<Vec<Change>, casemate_store::metadata::Error> {
            self.0.changes_since(revision).await
        }

        fn revision(&self) -> Revision {
            self.0.revision()
        }

        fn watch(&self) -> watch::Receiver<Revision> {
            self.0.watch()
        }
    }

    fn key() -> Arc<KeyRecord> {
        Arc::new(KeyRecord {
            id: KeyId::from_uuid(Uuid::now_v7()),
            workspace_id: WorkspaceId::from_uuid(Uuid::now_v7()),
            name: "test".parse().unwrap(),
            servers: Vec::new(),
            tools: None,
            hash: TokenHash::from_bytes([1; 32]),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            expires_at: None,
            revoked_at: None,
        })
    }

    #[tokio::test]
    async fn a_change_whose_caller_goes_away_is_in_memory_too() {
        let metadata = Arc::new(Slow(MemoryMetadata::new()));
        let state = Arc::new(State::new(Snapshot::default(), metadata.clone()));
        let record = key();
        let id = record.id;
        let writer = state.writer().await;
        let batch = audit::made_by(TokenId::from_uuid(Uuid::now_v7())).create(&*record);
        let change = writer.commit(batch, move |next| keys::put(next, record));
        let went_away = tokio::time::timeout(Duration::from_millis(10), change).await;
        assert!(
            went_away.is_err(),
            "the caller was gone before the commit was done"
        );
        assert_ne!(
            metadata.revision(),
            Revision::default(),
            "the store has the change"
        );
        // The next turn starts when the change is over.
        let next = state.writer().await;
        assert!(next.snapshot().keys.contains_key(&id), "and so has memory");
    }
}
