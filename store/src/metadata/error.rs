//! What can go wrong with metadata.

use super::Revision;
use crate::FileError;
use std::path::PathBuf;

/// Why the store could not do something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A record is over the limit.
    #[error(
        "record `{key}` has {size} bytes with its key, the limit is {limit}; make it smaller or keep its large part in a blob"
    )]
    RecordTooLarge {
        /// Its key, printable.
        key: String,
        /// Bytes of key and value.
        size: usize,
        /// The most there may be.
        limit: usize,
    },
    /// A key is empty or too long.
    #[error("a key has {size} bytes, allowed are 1 to {limit}")]
    InvalidKey {
        /// Its bytes.
        size: usize,
        /// The most there may be.
        limit: usize,
    },
    /// A transaction writes one key twice.
    #[error("a transaction writes `{key}` twice; keep only the last write")]
    DuplicateKey {
        /// The key, printable.
        key: String,
    },
    /// Changes that far back (or from the future) are not known.
    #[error(
        "changes since revision {asked} are not known, only those since {oldest} up to {newest}; read everything anew"
    )]
    Compacted {
        /// What was asked for.
        asked: Revision,
        /// The oldest revision that can be asked for.
        oldest: Revision,
        /// The newest revision.
        newest: Revision,
    },
    /// Another process has the store open.
    #[error(
        "{} is in use by another process; stop that one first, a store has one user at a time",
        path.display()
    )]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// An earlier write or sync failed, so nothing more is written.
    #[error("the store is read-only since a write failed ({cause}); check the disk, then restart")]
    ReadOnly {
        /// What failed.
        cause: String,
    },
    /// This commit was written, but syncing it failed: after a restart it may be there or not.
    #[error(
        "a commit could not be made durable ({cause}); the store is read-only now, and after a restart this commit is there or not"
    )]
    NotDurable {
        /// What failed.
        cause: String,
    },
    /// The store does not open, or what it holds is not what was written.
    #[error(
        "{} is damaged: {cause}; it was left as it was found: restore the last backup into an empty directory, or put a good copy of this one in its place",
        path.display()
    )]
    Damaged {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// One stored value is not what was written.
    #[error("the stored value of `{key}` is damaged; restore the last backup")]
    DamagedRecord {
        /// Its key, printable.
        key: String,
    },
    /// A record was written by another version.
    #[error(
        "record `{key}` has schema version {found}, this program knows up to {known}; use the newer program"
    )]
    Schema {
        /// Its key, printable.
        key: String,
        /// Its version.
        found: u64,
        /// The newest that is known.
        known: u64,
    },
    /// A record is intact but not what it should be.
    #[error("record `{key}` cannot be read")]
    Malformed {
        /// Its key, printable.
        key: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The engine failed.
    #[error("the store failed to {action}: {cause}")]
    Engine {
        /// What it tried.
        action: &'static str,
        /// What it says.
        cause: String,
    },
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Why a commit did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A precondition does not hold. Nothing was written; read again and decide anew.
    #[error("`{}` changed in the meantime", printable(key))]
    Conflict {
        /// The key of the first precondition that does not hold.
        key: Vec<u8>,
    },
    /// The store could not do it.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// A key for people: records have readable keys, but nothing forces them to.
pub(crate) fn printable(key: &[u8]) -> String {
    key.escape_ascii().to_string()
}
