//! The one thread that writes the log.

use super::{
    Error, Settings, line,
    queue::{Queue, Work},
    segment,
};
use crate::{FileError, files::Context as _};
use casemate_domain::CallRecord;
use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};
use tokio::sync::{broadcast, watch};

/// How often the log is synced, if nobody asks for more.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// How often the age of segments is looked at.
const TIDY_EVERY: Duration = Duration::from_secs(600);

/// How old a segment gets before there is a new one, so that retention by days is about days.
const SEGMENT_AGE: Duration = Duration::from_secs(24 * 3600);

/// How much is handed to the system at once.
const WRITE_BYTES: usize = 1 << 20;

/// How far the writer is, in records that were ever taken in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    /// Written, or dropped because they could not be.
    pub(super) written: u64,
    /// Synced, or at least tried to.
    pub(super) settled: u64,
    /// How often something failed.
    pub(super) failures: u64,
}

/// What the writer thread owns.
pub(super) struct Writer {
    dir: PathBuf,
    settings: Settings,
    queue: Arc<Queue>,
    tail: broadcast::Sender<Arc<CallRecord>>,
    progress: watch::Sender<Progress>,
    file: File,
    number: u64,
    size: u64,
    opened: Instant,
    synced: Instant,
    tidied: Instant,
}

impl Writer {
    /// Opens the newest segment. Gives also how much was cut off it.
    pub(super) fn open(
        dir: &Path,
        settings: Settings,
        queue: Arc<Queue>,
        tail: broadcast::Sender<Arc<CallRecord>>,
    ) -> Result<(Self, u64, watch::Receiver<Progress>), Error> {
        let number = segment::list(dir)?.last().map_or(1, |last| last.number);
        let mut file = segment::open(dir, number)?;
        let path = segment::path(dir, number);
        let cut = segment::cut_unfinished(&mut file, &path)?;
        if cut > 0 {
            tracing::warn!(
                bytes = cut,
                "an unfinished line of the call log was cut off"
            );
        }
        let size = file.metadata().context("look at", &path)?.len();
        let (progress, receiver) = watch::channel(Progress::default());
        let now = Instant::now();
        let writer = Self {
            dir: dir.to_owned(),
            settings,
            queue,
            tail,
            progress,
            file,
            number,
            size,
            opened: now,
            synced: now,
            tidied: now,
        };
        writer.tidy();
        Ok((writer, cut, receiver))
    }

    /// Works until the queue is closed and empty.
    pub(super) fn run(mut self) {
        loop {
            let progress = *self.progress.borrow();
            let unsynced = progress.settled < progress.written;
            let idle = if unsynced { SYNC_EVERY } else { TIDY_EVERY };
            let Work {
                records,
                up_to,
                sync_up_to,
                closed,
            } = self.queue.take(self.synced.max(self.tidied) + idle);
            self.write_all(records);
            self.progress
                .send_modify(|progress| progress.written = up_to);
            let asked = closed || sync_up_to > progress.settled;
            let due = up_to > progress.settled && self.synced.elapsed() >= SYNC_EVERY;
            if asked || due {
                let failed = self.note(self.sync());
                self.synced = Instant::now();
                self.progress.send_modify(|progress| {
                    progress.settled = up_to;
                    progress.failures += u64::from(failed);
                });
            }
            if self.tidied.elapsed() >= TIDY_EVERY {
                self.tidy();
                self.tidied = Instant::now();
            }
            if closed {
                return;
            }
        }
    }

    fn write_all(&mut self, records: Vec<Arc<CallRecord>>) {
        let mut buffer = Vec::new();
        let mut buffered = Vec::new();
        for record in records {
            if !line::write(&record, &mut buffer) {
                self.queue.count_dropped(1);
                continue;
            }
            buffered.push(record);
            if buffer.len() >= WRITE_BYTES {
                self.write(&mut buffer, &mut buffered);
            }
        }
        self.write(&mut buffer, &mut buffered);
    }

    /// Writes lines, and shows them to followers once they are written.
    fn write(&mut self, buffer: &mut Vec<u8>, records: &mut Vec<Arc<CallRecord>>) {
        if buffer.is_empty() {
            return;
        }
        let full = self.size + buffer.len() as u64 > self.settings.segment_bytes;
        if self.size > 0 && (full || self.opened.elapsed() >= SEGMENT_AGE) {
            let rotated = self.rotate();
            self.note(rotated);
        }
        let path = segment::path(&self.dir, self.number);
        let written = self.file.write_all(buffer).context("write", &path);
        if self.note(written) {
            // A part may have been written; what follows must start on a line of its own.
            let restored = self.file.set_len(self.size).context("cut", &path);
            self.note(restored);
            self.queue.count_dropped(records.len() as u64);
            self.progress.send_modify(|progress| progress.failures += 1);
        } else {
            self.size += buffer.len() as u64;
            for record in records.iter() {
                // Nobody needs to follow.
                let _ = self.tail.send(Arc::clone(record));
            }
        }
        buffer.clear();
        records.clear();
    }

    fn sync(&self) -> Result<(), FileError> {
        let path = segment::path(&self.dir, self.number);
        self.file.sync_data().context("sync", &path)
    }

    /// Starts the next segment.
    fn rotate(&mut self) -> Result<(), FileError> {
        self.sync()?;
        self.file = segment::open(&self.dir, self.number + 1)?;
        self.number += 1;
        self.size = 0;
        self.opened = Instant::now();
        self.tidy();
        Ok(())
    }

    /// Removes the oldest segments, as far as retention asks for it. The newest stays.
    fn tidy(&self) {
        let removed = segment::list(&self.dir).and_then(|segments| {
            let mut bytes: u64 = segments.iter().map(|segment| segment.size).sum();
            let age = Duration::from_secs(u64::from(self.settings.retention.days) * 24 * 3600);
            let oldest = SystemTime::now().checked_sub(age);
            for segment in segments
                .iter()
                .filter(|segment| segment.number < self.number)
            {
                let old = oldest.is_some_and(|oldest| segment.changed < oldest);
                if !old && bytes <= self.settings.retention.bytes {
                    break;
                }
                let path = segment::path(&self.dir, segment.number);
                std::fs::remove_file(&path).context("remove", &path)?;
                bytes -= segment.size;
            }
            Ok(())
        });
        self.note(removed);
    }

    /// Tells the operator of a failure. Says whether there was one.
    fn note(&self, result: Result<(), FileError>) -> bool {
        if let Err(error) = &result {
            let cause: &dyn std::error::Error = &error.source;
            tracing::error!(%error, cause, "the call log has a problem");
        }
        result.is_err()
    }
}
