//! Metadata in one directory, on sled: the engine of a single machine.
//!
//! sled alone survives the crash of a process but not a power cut: its flush never reaches the
//! disk's own cache, large pages go to files that nobody syncs, and some damage makes it panic. This
//! module adds what is missing:
//!
//! - A commit is acknowledged after the log file was synced through a handle of our own. One thread
//!   makes all commits; those that arrive while it syncs share the next sync.
//! - What is not durable yet is not shown: readers see the state before it.
//! - After a failed write or sync the store is read-only until it is opened again, because the
//!   system drops what it failed to write and a second sync would claim success.
//! - Each value is framed with its schema version and a checksum that covers its key, and the head
//!   of the store carries a fingerprint over all records and a lower bound of the revision is kept
//!   beside the log. Opening checks them all: a lost or stale record is found, not served.
//! - Damage never empties a store: see [`SledMetadata::open`].
//!
//! Not done here: a reserve of disk space for a full disk, metrics, and giving back the space that
//! sled's log wastes; exporting to a new directory is the way to compact one.

mod frame;
mod image;
mod marker;
mod open;
mod spare;
mod writer;

use crate::{
    files,
    metadata::{Change, CommitError, Entry, Error, History, Metadata, Revision, Transaction},
};
use image::Image;
use open::Opened;
use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError, mpsc},
    thread::JoinHandle,
};
use tokio::sync::{oneshot, watch};
use writer::{Request, Writer};

/// Metadata in a directory that this process has for itself.
#[derive(Debug)]
pub struct SledMetadata {
    shared: Arc<Shared>,
    recovery: Option<Recovery>,
    // Both are taken when the store is dropped.
    inbox: Option<mpsc::Sender<Request>>,
    writer: Option<JoinHandle<()>>,
}

/// What had to be done to open a damaged store.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// What was wrong.
    pub cause: String,
    /// Where the directory was copied to as it was found.
    pub copy: PathBuf,
}

/// What readers and the writer have in common.
#[derive(Debug)]
struct Shared {
    image: Image,
    history: Mutex<History>,
    revision: watch::Sender<Revision>,
    /// Why nothing more is written.
    failed: OnceLock<String>,
}

impl SledMetadata {
    /// Opens the store in a directory, or makes one there. Blocks: it copies the directory, then
    /// reads and checks every record.
    ///
    /// If another process has it open, the answer is [`Error::Locked`]. If it is damaged, it is
    /// opened again without sled's snapshot file, which only saves time; if that helps, the
    /// directory as it was found stays in `<dir>.damaged-<time>` and [`SledMetadata::recovery`] tells
    /// of it. If not, the answer is [`Error::Damaged`] and the directory is as it was found.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_with(dir.as_ref(), |log| Box::new(move || log.sync_data()))
    }

    /// Opens it with another way to sync: tests need syncs that fail.
    fn open_with(dir: &Path, sync: impl FnOnce(File) -> SyncLog) -> Result<Self, Error> {
        let Opened {
            db,
            head,
            log,
            lock,
            recovery,
        } = open::open(dir)?;
        let shared = Arc::new(Shared {
            image: Image::new(db, lock),
            history: Mutex::new(History::starting_at(head.revision)),
            revision: watch::Sender::new(head.revision),
            failed: OnceLock::new(),
        });
        let (inbox, requests) = mpsc::channel();
        let writer = Writer::new(dir, Arc::clone(&shared), head, sync(log));
        let writer = std::thread::Builder::new()
            .name("metadata-writer".to_owned())
            .spawn(move || writer.run(requests))
            .map_err(|error| Error::Engine {
                action: "start its writer",
                cause: error.to_string(),
            })?;
        Ok(Self {
            shared,
            recovery,
            inbox: Some(inbox),
            writer: Some(writer),
        })
    }

    /// What had to be done to open it, if it was damaged.
    pub fn recovery(&self) -> Option<&Recovery> {
        self.recovery.as_ref()
    }

    /// Why nothing more is written, if a write has failed.
    pub fn failure(&self) -> Option<&str> {
        self.shared.failed.get().map(String::as_str)
    }

    /// Reads on a thread that may block.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Image) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let shared = Arc::clone(&self.shared);
        tokio::task::spawn_blocking(move || read(&shared.image))
            .await
            .unwrap_or_else(|error| {
                Err(Error::Engine {
                    action: "read",
                    cause: error.to_string(),
                })
            })
    }
}

/// Makes what was written to the log durable.
type SyncLog = Box<dyn FnMut() -> io::Result<()> + Send>;

#[async_trait::async_trait]
impl Metadata for SledMetadata {
    async fn get(&self, key: &[u8]) -> Result<Option<Entry>, Error> {
        let key = key.to_vec();
        self.read(move |image| image.get(&key)).await
    }

    async fn scan_from(
        &self,
        prefix: &[u8],
        start: &[u8],
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        let (prefix, start) = (prefix.to_vec(), start.to_vec());
        self.read(move |image| image.scan_from(&prefix, &start, limit))
            .await
    }

    async fn commit(&self, transaction: Transaction) -> Result<Revision, CommitError> {
        transaction.check()?;
        let stopped = || Error::NotDurable {
            cause: "the writer stopped".to_owned(),
        };
        let (reply, answer) = oneshot::channel();
        let inbox = self.inbox.as_ref().expect("taken only by drop");
        // Not bounded, because each request has somebody who waits for the answer.
        inbox
            .send(Request { transaction, reply })
            .map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    async fn changes_since(&self, revision: Revision) -> Result<Vec<Change>, Error> {
        self.shared.history().since(revision)
    }

    fn revision(&self) -> Revision {
        *self.shared.revision.borrow()
    }

    fn watch(&self) -> watch::Receiver<Revision> {
        self.shared.revision.subscribe()
    }
}

impl Shared {
    fn history(&self) -> std::sync::MutexGuard<'_, History> {
        // No code that can panic runs between two changes of the history.
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SledMetadata {
    /// Waits for commits that are under way. Blocks.
    fn drop(&mut self) {
        drop(self.inbox.take());
        if let Some(writer) = self.writer.take() {
            // The writer catches its own panics, so there is nothing to learn from the result.
            let _ = writer.join();
        }
    }
}

/// Where sled keeps its log.
fn log_path(dir: &Path) -> PathBuf {
    dir.join("db")
}

/// Makes the names of all files of the store durable.
fn sync_names(dir: &Path) -> Result<(), Error> {
    for dir in [&dir.join("blobs"), dir, &files::parent(dir)] {
        files::sync_dir(dir)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
