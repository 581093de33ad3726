//! A small ordered key-value store with revisions, in the manner of etcd: the trait that engines
//! implement.
//!
//! Every commit that changes something raises one global revision by one; each entry carries the
//! revision of its last change. Whoever remembers a revision can ask what changed since, and can
//! make a commit conditional on nothing having changed.
//!
//! What is acknowledged or read is durable: no engine shows a value that a power cut could take
//! back. Values are opaque here; what they mean is in [`crate::records`]. There is no way to read
//! an old revision, and no transaction that reads while it writes: read, decide, then commit with
//! preconditions, and try again on a conflict.

mod error;
mod history;
mod transaction;

pub(crate) use error::printable;
pub use error::{CommitError, Error};
pub(crate) use history::History;
pub use transaction::{Precondition, Transaction, Write};

use serde::{Deserialize, Serialize};
use std::fmt;
use tokio::sync::watch;

/// The most bytes that a key and its value may have together.
///
/// Engines keep many records in one page; larger ones would leave it for files of their own, which
/// not every engine syncs. What is larger belongs in a blob.
pub const MAX_RECORD_BYTES: usize = 4096;

/// The most bytes that a key may have.
pub const MAX_KEY_BYTES: usize = 256;

/// How many changes an engine keeps at least for [`Metadata::changes_since`].
pub const KEPT_CHANGES: usize = 4096;

/// The number of a commit. Starts at 0 for an empty store; rises by one with each commit that
/// changes something.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl Revision {
    /// The one after it.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A key, its value and when it was last changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
    /// The commit that last wrote it.
    pub revision: Revision,
}

/// One thing that a commit changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The commit. Changes of one commit follow each other.
    pub revision: Revision,
    /// What it did.
    pub write: Write,
}

/// A store of metadata.
///
/// Methods are called from async code of tokio and do not block its threads.
#[async_trait::async_trait]
pub trait Metadata: fmt::Debug + Send + Sync {
    /// The entry of a key, if there is one.
    async fn get(&self, key: &[u8]) -> Result<Option<Entry>, Error>;

    /// At most `limit` entries whose keys start with `prefix` and are not below `start`, in the
    /// order of their keys, all as of one revision.
    async fn scan_from(
        &self,
        prefix: &[u8],
        start: &[u8],
        limit: usize,
    ) -> Result<Vec<Entry>, Error>;

    /// Every entry whose key starts with `prefix`, in the order of their keys, all as of one
    /// revision.
    async fn scan(&self, prefix: &[u8]) -> Result<Vec<Entry>, Error> {
        self.scan_from(prefix, prefix, usize::MAX).await
    }

    /// Makes all writes if all preconditions hold, else none. Returns the revision at which the
    /// writes are in force, once they are durable.
    ///
    /// Writes that change nothing (a delete of an absent key) do not raise the revision. Dropping
    /// the future does not take a commit back.
    async fn commit(&self, transaction: Transaction) -> Result<Revision, CommitError>;

    /// What the commits after `revision` changed, in order: applied in order to a copy of the store
    /// as of `revision`, they make it current. Fails with [`Error::Compacted`] if the engine does
    /// not know all of them any more; read everything anew then.
    async fn changes_since(&self, revision: Revision) -> Result<Vec<Change>, Error>;

    /// The last durable revision.
    fn revision(&self) -> Revision;

    /// Follows [`Metadata::revision`]. When it shows a revision, everything up to it can be read.
    fn watch(&self) -> watch::Receiver<Revision>;
}
