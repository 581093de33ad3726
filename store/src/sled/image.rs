//! What readers see: the durable state.
//!
//! Between a write and its sync sled already holds the new values. Until the sync is through, the
//! values before it stay here and stand in front of those of sled.

use super::frame::{self, Head};
use crate::metadata::{Entry, Error, Revision};
use ::sled::{Batch, Db, IVec};
use std::{
    collections::BTreeMap,
    fs::File,
    sync::{PoisonError, RwLock},
};

/// The state that readers see. Its methods block.
#[derive(Debug)]
pub(super) struct Image {
    db: Db,
    /// By sled's key, the values before the writes that are not durable yet; `None` was absent.
    before: RwLock<Before>,
    /// Held until sled has closed its files.
    _lock: File,
}

type Before = BTreeMap<Vec<u8>, Option<IVec>>;

/// One record write: sled's key, the frame before and the frame after.
pub(super) struct RecordWrite {
    pub(super) key: Vec<u8>,
    pub(super) before: Option<IVec>,
    pub(super) after: Option<Vec<u8>>,
}

impl Image {
    pub(super) fn new(db: Db, lock: File) -> Self {
        Self {
            db,
            before: RwLock::default(),
            _lock: lock,
        }
    }

    /// The durable entry of a key.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Entry>, Error> {
        let stored_key = frame::record_key(key);
        let before = self.before.read().unwrap_or_else(PoisonError::into_inner);
        let frame = match before.get(&stored_key) {
            Some(before) => before.clone(),
            None => self.db.get(&stored_key).map_err(engine("read"))?,
        };
        frame
            .map(|frame| frame::decode(&stored_key, &frame))
            .transpose()
    }

    /// The durable entries of a prefix.
    pub(super) fn scan_from(
        &self,
        prefix: &[u8],
        start: &[u8],
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        let prefix = frame::record_key(prefix);
        let first = frame::record_key(start).max(prefix.clone());
        // Held to the end, so that the writer cannot change anything in the middle.
        let before = self.before.read().unwrap_or_else(PoisonError::into_inner);
        let mut covered = before.range(first.clone()..).peekable();
        let mut stored = self.db.range(first..).peekable();
        let mut entries = Vec::new();
        while entries.len() < limit {
            let next = match stored.peek() {
                Some(Err(error)) => return Err(engine("read")(error.clone())),
                Some(Ok((key, _))) => Some(&**key),
                None => None,
            };
            // Where both have the key, the value before stands for that of sled.
            let (key, frame) = match (covered.peek(), next) {
                (Some((key, frame)), next) if next.is_none_or(|next| key.as_slice() <= next) => {
                    let found = (key.to_vec(), (*frame).clone());
                    if next == Some(&found.0) {
                        stored.next();
                    }
                    covered.next();
                    found
                }
                (_, Some(_)) => match stored.next() {
                    Some(Ok((key, frame))) => (key.to_vec(), Some(frame)),
                    _ => break,
                },
                (_, None) => break,
            };
            if !key.starts_with(&prefix) {
                break;
            }
            if let Some(frame) = frame {
                entries.push(frame::decode(&key, &frame)?);
            }
        }
        Ok(entries)
    }

    /// What the writer sees of a key: the last write, durable or not.
    pub(super) fn latest(&self, stored_key: &[u8]) -> Result<Option<(Revision, IVec)>, Error> {
        let Some(frame) = self.db.get(stored_key).map_err(engine("read"))? else {
            return Ok(None);
        };
        let entry = frame::decode(stored_key, &frame)?;
        Ok(Some((entry.revision, frame)))
    }

    /// Writes all or nothing, but does not show it yet.
    pub(super) fn write(&self, writes: Vec<RecordWrite>, head: &Head) -> Result<(), Error> {
        let mut before = self.before.write().unwrap_or_else(PoisonError::into_inner);
        let mut batch = Batch::default();
        for write in writes {
            match write.after {
                Some(after) => batch.insert(write.key.clone(), after),
                None => batch.remove(write.key.clone()),
            }
            // The oldest value counts: later ones are not durable either.
            before.entry(write.key).or_insert(write.before);
        }
        batch.insert(frame::HEAD, head.encode());
        self.db.apply_batch(batch).map_err(engine("write"))
    }

    /// Hands everything to the system. Durable it is only after a sync.
    pub(super) fn flush(&self) -> Result<(), Error> {
        self.db.flush().map(drop).map_err(engine("flush"))
    }

    /// Shows everything that was written.
    pub(super) fn show_all(&self) {
        self.before
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

/// Turns an error of sled into ours.
pub(super) fn engine(action: &'static str) -> impl Fn(::sled::Error) -> Error {
    move |error| Error::Engine {
        action,
        cause: error.to_string(),
    }
}
