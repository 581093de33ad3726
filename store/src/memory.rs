//! Metadata in memory: the reference that other engines are compared with, and the engine of tests.
//!
//! It does exactly what the trait says in the plainest way. Nothing is kept when it is dropped.

use crate::metadata::{
    Change, CommitError, Entry, Error, History, Metadata, Revision, Transaction, Write,
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

/// Metadata that lives as long as this value.
#[derive(Debug)]
pub struct MemoryMetadata {
    state: Mutex<State>,
    revision: watch::Sender<Revision>,
}

#[derive(Debug)]
struct State {
    entries: BTreeMap<Vec<u8>, Entry>,
    history: History,
    revision: Revision,
}

impl MemoryMetadata {
    /// An empty one.
    pub fn new() -> Self {
        Self {
            state: Mutex::new(State {
                entries: BTreeMap::new(),
                history: History::starting_at(Revision(0)),
                revision: Revision(0),
            }),
            revision: watch::Sender::new(Revision(0)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs between two changes of the state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryMetadata {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    fn commit(&mut self, transaction: Transaction) -> Result<Revision, CommitError> {
        transaction.check()?;
        for precondition in &transaction.preconditions {
            let entry = self.entries.get(precondition.key());
            if !precondition.holds(entry.map(|entry| entry.revision)) {
                let key = precondition.key().to_vec();
                return Err(CommitError::Conflict { key });
            }
        }
        let revision = self.revision.next();
        let mut changes = Vec::new();
        for write in transaction.writes {
            let changed = match &write {
                Write::Put { key, value } => {
                    let entry = Entry {
                        key: key.clone(),
                        value: value.clone(),
                        revision,
                    };
                    self.entries.insert(key.clone(), entry);
                    true
                }
                Write::Delete { key } => self.entries.remove(key).is_some(),
            };
            if changed {
                changes.push(Change { revision, write });
            }
        }
        if !changes.is_empty() {
            self.revision = revision;
            self.history.record(revision, changes);
        }
        Ok(self.revision)
    }
}

#[async_trait::async_trait]
impl Metadata for MemoryMetadata {
    async fn get(&self, key: &[u8]) -> Result<Option<Entry>, Error> {
        Ok(self.state().entries.get(key).cloned())
    }

    async fn scan_from(
        &self,
        prefix: &[u8],
        start: &[u8],
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        let first = prefix.max(start).to_vec();
        Ok(self
            .state()
            .entries
            .range(first..)
            .map(|(_, entry)| entry)
            .take_while(|entry| entry.key.starts_with(prefix))
            .take(limit)
            .cloned()
            .collect())
    }

    async fn commit(&self, transaction: Transaction) -> Result<Revision, CommitError> {
        let mut state = self.state();
        let revision = state.commit(transaction)?;
        // Inside the lock, so that the watched revision never goes back.
        self.revision.send_if_modified(|shown| {
            let modified = *shown != revision;
            *shown = revision;
            modified
        });
        Ok(revision)
    }

    async fn changes_since(&self, revision: Revision) -> Result<Vec<Change>, Error> {
        self.state().history.since(revision)
    }

    fn revision(&self) -> Revision {
        *self.revision.borrow()
    }

    fn watch(&self) -> watch::Receiver<Revision> {
        self.revision.subscribe()
    }
}
