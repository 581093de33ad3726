//! Changes of records that happen together.

use super::{AuditRecord, Record, Stored, encode, key::is_claim};
use crate::metadata::{
    CommitError, Error, Metadata, Precondition, Revision, Transaction, printable,
};
use serde::Serialize;

/// Changes of records, with the one audit record that tells of them. All happen or none.
#[derive(Debug)]
#[must_use = "nothing changes until the batch is committed"]
pub struct Batch {
    transaction: Transaction,
}

/// Why a batch did not happen.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// Another record has the name.
    #[error("the name behind `{}` is taken", printable(claim))]
    NameTaken {
        /// The key that claims the name.
        claim: Vec<u8>,
    },
    /// A record is not as it was when it was read. Nothing was written; read again and decide anew.
    #[error("`{}` changed in the meantime", printable(key))]
    Changed {
        /// Its key.
        key: Vec<u8>,
    },
    /// The store could not do it.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// What is stored under a name: which record has it.
#[derive(Serialize)]
struct Claim {
    key: String,
}

impl Batch {
    /// A batch that so far only tells what it does.
    pub fn new(audit: &AuditRecord) -> Self {
        let key = audit.key();
        let transaction = Transaction::new()
            .require(Precondition::Absent(key.clone()))
            .put(key, audit.value());
        Self { transaction }
    }

    /// Adds a record that must not be there yet, with its names.
    pub fn create<R: Record>(self, record: &R) -> Self {
        let key = record.key().as_bytes().to_vec();
        self.map(|t| {
            t.require(Precondition::Absent(key.clone()))
                .put(key.clone(), encode(record))
        })
        .claim(&key, record.claims())
    }

    /// Puts a record in place of one that must still be as it was read.
    ///
    /// # Panics
    ///
    /// If the two belong under different keys: ids do not change.
    pub fn replace<R: Record>(self, old: &Stored<R>, new: &R) -> Self {
        let key = old.key().as_bytes().to_vec();
        assert_eq!(key, new.key().as_bytes(), "a record keeps its key");
        let (before, after) = (old.claims(), new.claims());
        let given_up = before.iter().filter(|name| !after.contains(name)).cloned();
        let taken = after.iter().filter(|name| !before.contains(name)).cloned();
        self.unchanged(old)
            .map(|t| given_up.fold(t.put(key.clone(), encode(new)), Transaction::delete))
            .claim(&key, taken.collect())
    }

    /// Removes a record that must still be as it was read, with its names.
    pub fn remove<R: Record>(self, old: &Stored<R>) -> Self {
        let claims = old.claims().into_iter();
        self.unchanged(old)
            .map(|t| claims.fold(t.delete(old.key().as_bytes().to_vec()), Transaction::delete))
    }

    /// Requires that a record is still as it was read.
    pub fn unchanged<R: Record>(self, seen: &Stored<R>) -> Self {
        let key = seen.key().as_bytes().to_vec();
        self.map(|t| t.require(Precondition::AtRevision(key, seen.revision)))
    }

    /// Makes the changes. When this returns, they are durable.
    pub async fn commit(self, metadata: &dyn Metadata) -> Result<Revision, BatchError> {
        metadata
            .commit(self.transaction)
            .await
            .map_err(|error| match error {
                CommitError::Conflict { key } if is_claim(&key) => {
                    BatchError::NameTaken { claim: key }
                }
                CommitError::Conflict { key } => BatchError::Changed { key },
                CommitError::Failed(error) => BatchError::Failed(error),
            })
    }

    fn claim(self, key: &[u8], names: Vec<Vec<u8>>) -> Self {
        let value = encode(&Claim {
            key: printable(key),
        });
        names.into_iter().fold(self, |batch, name| {
            batch.map(|t| {
                t.require(Precondition::Absent(name.clone()))
                    .put(name, value.clone())
            })
        })
    }

    fn map(self, change: impl FnOnce(Transaction) -> Transaction) -> Self {
        Self {
            transaction: change(self.transaction),
        }
    }
}
