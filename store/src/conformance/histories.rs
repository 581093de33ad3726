//! Comparing an engine with the reference on arbitrary histories.

use super::Engine;
use crate::{
    memory::MemoryMetadata,
    metadata::{CommitError, Entry, Metadata, Precondition, Revision, Transaction},
};

/// One step of a history. Keys and revisions are small numbers, so that steps meet.
#[derive(Debug, Clone)]
pub enum Step {
    /// A commit.
    Commit {
        /// Keys that must be absent.
        absent: Vec<u8>,
        /// Keys that must be present.
        present: Vec<u8>,
        /// Keys that must be as they were this many commits ago.
        unchanged: Vec<(u8, u8)>,
        /// What to write.
        writes: Vec<StepWrite>,
    },
    /// Closing and opening again.
    Reopen,
}

/// One write of a step.
#[derive(Debug, Clone)]
pub struct StepWrite {
    /// Of which key.
    pub key: u8,
    /// How many bytes to put; none deletes.
    pub size: Option<u16>,
}

/// Takes the same steps with an engine and with the reference, and panics where they differ.
pub async fn follow_history(engine: &dyn Engine, steps: &[Step]) {
    let reference = MemoryMetadata::new();
    let mut store = Some(super::open(engine));
    // Changes from before an opening may be forgotten.
    let mut opened_at = Revision(0);
    for (number, step) in steps.iter().enumerate() {
        if let Step::Reopen = step {
            // The old one must be gone before the new one comes.
            store = None;
            opened_at = reference.revision();
        }
        let store = &**store.get_or_insert_with(|| super::open(engine));
        if let Step::Commit { .. } = step {
            let transaction = transaction(&reference, step, number).await;
            let expected = outcome(&reference, transaction.clone()).await;
            let got = outcome(store, transaction).await;
            assert_eq!(got, expected, "step {number}: {step:?}");
        }
        assert_eq!(store.revision(), reference.revision(), "step {number}");
        assert_eq!(
            entries(store).await,
            entries(&reference).await,
            "step {number}"
        );
        let told = store.changes_since(opened_at).await;
        let expected = reference.changes_since(opened_at).await;
        assert_eq!(
            told.expect("changes since the opening are known"),
            expected.expect("histories are short"),
            "step {number}"
        );
    }
}

/// Spells out a step. The values tell which step wrote them.
async fn transaction(reference: &MemoryMetadata, step: &Step, number: usize) -> Transaction {
    let Step::Commit {
        absent,
        present,
        unchanged,
        writes,
    } = step
    else {
        return Transaction::new();
    };
    let mut transaction = Transaction::new();
    for key in absent {
        transaction = transaction.require(Precondition::Absent(name(*key)));
    }
    for key in present {
        transaction = transaction.require(Precondition::Present(name(*key)));
    }
    for (key, ago) in unchanged {
        let entry = reference
            .get(&name(*key))
            .await
            .expect("memory does not fail");
        let revision = entry.map_or(Revision(0), |entry| entry.revision);
        let revision = Revision(revision.0.saturating_sub((*ago).into()));
        transaction = transaction.require(Precondition::AtRevision(name(*key), revision));
    }
    for StepWrite { key, size } in writes {
        let key = name(*key);
        transaction = match size {
            None => transaction.delete(key),
            Some(size) => transaction.put(key, vec![number as u8; (*size).into()]),
        };
    }
    transaction
}

/// Names of different lengths, some of which start with others.
fn name(key: u8) -> Vec<u8> {
    let mut name = vec![b'k'; 1 + usize::from(key % 3)];
    name.push(key);
    name
}

async fn outcome(store: &dyn Metadata, transaction: Transaction) -> Result<Revision, String> {
    store
        .commit(transaction)
        .await
        .map_err(|error| match error {
            CommitError::Conflict { key } => format!("conflict at {key:?}"),
            CommitError::Failed(error) => error.to_string(),
        })
}

async fn entries(store: &dyn Metadata) -> Vec<Entry> {
    store.scan(b"").await.expect("everything can be scanned")
}
