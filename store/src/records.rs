//! What is kept in the metadata store: the records of the system, written once for all engines.
//!
//! Each record has one key, made of its workspace, its kind and its ids, and one value: JSON with
//! the schema version in `"v"`. Records are read one by one, listed by kind, or all at once into
//! [`Everything`]; they are changed only through a [`Batch`], which carries exactly one audit
//! record, so there is no change without one. Only tasks are written without: see [`create_task`]. Names that must be unique are claimed in the same
//! commit, so two requests at once cannot both get one.
//!
//! Nothing here decides who may do what, and nothing here opens a secret: hashes and sealed values
//! come and go as bytes, and do not show in `Debug`.

mod audit;
mod batch;
mod everything;
mod key;
mod kinds;
mod sealed;
mod tasks;

pub use audit::{Actor, AuditId, AuditRecord, audit};
pub use batch::{Batch, BatchError};
pub use everything::{Everything, LimitsPlace, load_all};
pub use key::Key;
pub use kinds::{
    ComponentRecord, KeyRecord, LimitsRecord, PointerRecord, ServerRecord, TokenRecord, ToolRecord,
    VersionRecord, WorkspaceRecord,
};
pub use sealed::{SecretRecord, TokenHash};
pub use tasks::{TaskContent, TaskRecord, create_task, remove_tasks, update_task};

use crate::metadata::{Entry, Error, Metadata, Revision, printable};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{fmt, ops::Deref};

/// The schema version that is written, and the newest that is read.
pub const SCHEMA: u64 = 1;

/// A kind of record.
pub trait Record: Serialize + DeserializeOwned + Clone + fmt::Debug + Send + Sync {
    /// Where it is kept.
    fn key(&self) -> Key<Self>;

    /// Names that only one record may have, as keys. Empty for most kinds.
    fn claims(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

/// A record as it was read: with the revision that a change of it must name.
#[derive(Debug, Clone)]
pub struct Stored<R> {
    /// The record.
    pub record: R,
    /// When it was last changed.
    pub revision: Revision,
}

impl<R> Deref for Stored<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.record
    }
}

/// Reads one record.
pub async fn read<R: Record>(
    metadata: &dyn Metadata,
    key: &Key<R>,
) -> Result<Option<Stored<R>>, Error> {
    let entry = metadata.get(key.as_bytes()).await?;
    entry.as_ref().map(decode_entry).transpose()
}

/// Reads every record whose key starts with a prefix that the kind gives, such as
/// [`ServerRecord::of_workspace`], in the order of their keys.
pub async fn list<R: Record>(
    metadata: &dyn Metadata,
    prefix: &Key<R>,
) -> Result<Vec<Stored<R>>, Error> {
    let entries = metadata.scan(prefix.as_bytes()).await?;
    entries.iter().map(decode_entry).collect()
}

#[derive(Serialize)]
struct Versioned<'a, T> {
    v: u64,
    #[serde(flatten)]
    record: &'a T,
}

fn encode<T: Serialize>(record: &T) -> Vec<u8> {
    serde_json::to_vec(&Versioned { v: SCHEMA, record })
        .expect("records are structs of strings, numbers and lists")
}

fn decode<T: DeserializeOwned>(key: &[u8], value: &[u8]) -> Result<T, Error> {
    #[derive(Deserialize)]
    struct Header {
        v: u64,
    }
    let malformed = |source| Error::Malformed {
        key: printable(key),
        source,
    };
    let Header { v } = serde_json::from_slice(value).map_err(malformed)?;
    // The first program that writes version 2 reads version 1 here as well.
    if v != SCHEMA {
        return Err(Error::Schema {
            key: printable(key),
            found: v,
            known: SCHEMA,
        });
    }
    serde_json::from_slice(value).map_err(malformed)
}

fn decode_entry<R: Record>(entry: &Entry) -> Result<Stored<R>, Error> {
    let record: R = decode(&entry.key, &entry.value)?;
    // A value that was copied to another key must not give one workspace what another owns.
    if record.key().as_bytes() != entry.key {
        return Err(Error::Malformed {
            key: printable(&entry.key),
            source: serde::de::Error::custom("it belongs under another key"),
        });
    }
    Ok(Stored {
        record,
        revision: entry.revision,
    })
}

#[cfg(test)]
mod tests;
