//! One line per call: appended by everybody, asked by operators.
//!
//! [`CallLog::append`] only puts a record into a bounded queue; one thread writes what is queued and
//! syncs at most once a second, so a power cut costs a second of log and a crash of the process the
//! last milliseconds. When the queue is full, or the disk, records are dropped and counted: calls
//! never wait for their log. Queries read the files from their end, on a thread that may block.
//!
//! The files are segments of JSON lines, one record each, in a directory that this process has for
//! itself. The oldest segments go when the log is older or larger than its [`Retention`] says.
//!
//! This is not the audit: what must not be lost is in [`crate::records`].

mod cursor;
mod line;
mod query;
mod queue;
mod segment;
mod writer;

use crate::{FileError, files};
use casemate_domain::{CallRecord, OutcomeKind, ServerId, Subject, WorkspaceId};
use jiff::Timestamp;
use queue::Queue;
use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};
use tokio::sync::{broadcast, watch};
use writer::{Progress, Writer};

/// How long a query waits for what was appended before it.
const CATCH_UP: Duration = Duration::from_secs(1);

/// How many records a follower may be behind before it misses some.
const TAIL: usize = 1024;

/// How much of the log is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Segments that were last written to longer ago than this go.
    pub days: u32,
    /// The oldest segments go while all together are larger than this.
    pub bytes: u64,
}

/// Which records to find.
#[derive(Debug, Clone, Default)]
pub struct CallFilter {
    /// Only of this workspace.
    pub workspace: Option<WorkspaceId>,
    /// Only of this server.
    pub server: Option<ServerId>,
    /// Only of this.
    pub subject: Option<Subject>,
    /// Only those that ended like this.
    pub outcome: Option<OutcomeKind>,
    /// Only those that started then or later.
    pub since: Option<Timestamp>,
    /// At most this many, and never more than 1000. 0 means 50.
    pub limit: usize,
    /// Go on where an earlier page ended.
    pub cursor: Option<String>,
}

/// What a query found.
#[derive(Debug, Clone)]
pub struct CallPage {
    /// Newest first. May be fewer than asked for, even none, while there is a cursor: a query reads
    /// only so much of the log at once.
    pub records: Vec<CallRecord>,
    /// Where to go on. None at the end of the log.
    pub cursor: Option<String>,
    /// Lines that could not be read on the way.
    pub unreadable: u64,
}

/// Why the log could not do something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A cursor is not one that a query gave.
    #[error("the cursor is not valid; take it from an earlier page as it is, or start without one")]
    InvalidCursor,
    /// Another process has the log open.
    #[error(
        "{} is in use by another process; stop that one first, a call log has one writer",
        path.display()
    )]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// Records could not be written or synced.
    #[error("some calls could not be logged; the reason is in the log of the process")]
    Incomplete,
    /// The writer is gone.
    #[error("the writer of the call log stopped; restart")]
    Stopped,
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The log of calls.
#[derive(Debug)]
pub struct CallLog {
    dir: PathBuf,
    queue: Arc<Queue>,
    progress: watch::Receiver<Progress>,
    tail: broadcast::Sender<Arc<CallRecord>>,
    cut: u64,
    writer: Option<JoinHandle<()>>,
    _lock: File,
}

/// What tests make smaller.
#[derive(Debug, Clone, Copy)]
struct Settings {
    retention: Retention,
    segment_bytes: u64,
    queue: usize,
}

impl CallLog {
    /// Opens the log in a directory, or makes one there. Blocks.
    ///
    /// A last line that a crash left unfinished is cut off; see [`CallLog::cut`].
    pub fn open(dir: impl AsRef<Path>, retention: Retention) -> Result<Self, Error> {
        let settings = Settings {
            retention,
            // Small logs need several segments too, or retention would take all or nothing.
            segment_bytes: (retention.bytes / 8).clamp(64 << 10, 16 << 20),
            queue: 8192,
        };
        Self::open_with(dir.as_ref(), settings)
    }

    fn open_with(dir: &Path, settings: Settings) -> Result<Self, Error> {
        files::create_dir(dir)?;
        let lock = files::lock(dir)?.ok_or_else(|| Error::Locked {
            path: dir.to_owned(),
        })?;
        let queue = Arc::new(Queue::new(settings.queue));
        let tail = broadcast::Sender::new(TAIL);
        let (writer, cut, progress) =
            Writer::open(dir, settings, Arc::clone(&queue), tail.clone())?;
        let writer = std::thread::Builder::new()
            .name("call-log-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(|_| Error::Stopped)?;
        Ok(Self {
            dir: dir.to_owned(),
            queue,
            progress,
            tail,
            cut,
            writer: Some(writer),
            _lock: lock,
        })
    }

    /// Appends a record. Never waits; if there is no room, the record is dropped and counted.
    pub fn append(&self, record: impl Into<Arc<CallRecord>>) {
        self.queue.push(record.into());
    }

    /// How many records were dropped since the log was opened.
    pub fn dropped(&self) -> u64 {
        self.queue.dropped()
    }

    /// How many bytes of an unfinished last line were cut off when the log was opened.
    pub fn cut(&self) -> u64 {
        self.cut
    }

    /// Follows the log: each record once it is written. A follower that is too slow misses some and
    /// is told how many.
    pub fn tail(&self) -> broadcast::Receiver<Arc<CallRecord>> {
        self.tail.subscribe()
    }

    /// Waits until everything that was appended so far is durable.
    pub async fn flush(&self) -> Result<(), Error> {
        let mut progress = self.progress.clone();
        let failures = progress.borrow().failures;
        let target = self.queue.hurry_sync();
        let reached = progress
            .wait_for(|progress| progress.settled >= target)
            .await
            .map_err(|_| Error::Stopped)?;
        match reached.failures == failures {
            true => Ok(()),
            false => Err(Error::Incomplete),
        }
    }

    /// Finds records, newest first. What was appended before is found, if the disk keeps up.
    pub async fn query(&self, filter: CallFilter) -> Result<CallPage, Error> {
        let target = self.queue.hurry_write();
        let mut progress = self.progress.clone();
        let written = progress.wait_for(|progress| progress.written >= target);
        // An incomplete answer is better than none when the disk is slow or the writer is gone.
        let _ = tokio::time::timeout(CATCH_UP, written).await;
        let dir = self.dir.clone();
        tokio::task::spawn_blocking(move || query::run(&dir, &filter))
            .await
            .unwrap_or(Err(Error::Stopped))
    }
}

impl Drop for CallLog {
    /// Writes and syncs what is queued.
    fn drop(&mut self) {
        self.queue.close();
        if let Some(writer) = self.writer.take() {
            // If it panicked, the panic was reported where it happened.
            let _ = writer.join();
        }
    }
}

#[cfg(test)]
mod tests;
