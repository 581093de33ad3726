//! The one thread that writes.
//!
//! It takes all commits that wait, judges and writes them one after the other, syncs once, and
//! answers them all. Nobody gets an answer that a failed sync would make untrue, not even a
//! conflict.

use super::{
    Shared, SyncLog,
    frame::{self, Head},
    image::RecordWrite,
    marker::Marker,
};
use crate::metadata::{Change, CommitError, Error, Precondition, Revision, Transaction, Write};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// The most commits that share a sync: bounds how long the first of them waits.
const GROUP: usize = 256;

/// How long the marker may stay behind the store.
const NOTE_EVERY: Duration = Duration::from_secs(1);

/// One commit that waits for its answer.
pub(super) struct Request {
    pub(super) transaction: Transaction,
    pub(super) reply: oneshot::Sender<Result<Revision, CommitError>>,
}

/// What the writer thread owns.
pub(super) struct Writer {
    dir: PathBuf,
    shared: Arc<Shared>,
    head: Head,
    sync: SyncLog,
    /// What the marker says, and since when.
    noted: (Revision, Instant),
}

/// What a group wrote, to be shown when it is durable.
type Written = Vec<(Revision, Vec<Change>)>;

impl Writer {
    pub(super) fn new(dir: &Path, shared: Arc<Shared>, head: Head, sync: SyncLog) -> Self {
        Self {
            dir: dir.to_owned(),
            shared,
            head,
            sync,
            noted: (head.revision, Instant::now()),
        }
    }

    /// Works until nobody can send any more.
    pub(super) fn run(mut self, inbox: Receiver<Request>) {
        loop {
            match inbox.recv_timeout(NOTE_EVERY) {
                Ok(first) => self.take_group(first, &inbox),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.noted.1.elapsed() >= NOTE_EVERY {
                self.note();
            }
        }
        self.note();
    }

    fn take_group(&mut self, first: Request, inbox: &Receiver<Request>) {
        let mut group = vec![first];
        while group.len() < GROUP
            && let Ok(next) = inbox.try_recv()
        {
            group.push(next);
        }
        if catch_unwind(AssertUnwindSafe(|| self.handle(group))).is_err() {
            // The requests of the group are gone with their replies: each is answered with "may or
            // may not be there", which is true.
            self.fail("the engine panicked".to_owned());
        }
    }

    /// Brings the marker up to date.
    fn note(&mut self) {
        let revision = *self.shared.revision.borrow();
        if revision == self.noted.0 || self.shared.failed.get().is_some() {
            return;
        }
        let marker = Marker {
            id: self.head.id,
            revision,
        };
        // A marker that stays behind the store is still true.
        if let Err(error) = marker.write(&self.dir) {
            tracing::warn!(%error, "the revision could not be noted");
        }
        self.noted = (revision, Instant::now());
    }

    fn handle(&mut self, group: Vec<Request>) {
        let mut written = Written::new();
        let mut answers = Vec::with_capacity(group.len());
        for Request { transaction, reply } in group {
            answers.push((reply, self.apply(transaction, &mut written)));
        }
        let synced = match self.shared.failed.get() {
            None if !written.is_empty() => self.make_durable(),
            _ => Ok(()),
        };
        if let Err(error) = synced {
            self.fail(error.to_string());
        }
        if self.shared.failed.get().is_none() {
            self.show(written);
        }
        for (reply, answer) in answers {
            // Whoever gave up waiting needs no answer.
            let _ = reply.send(self.settle(answer));
        }
    }

    /// Judges and writes one transaction.
    fn apply(
        &mut self,
        transaction: Transaction,
        written: &mut Written,
    ) -> Result<Revision, CommitError> {
        self.check_writable()?;
        for precondition in &transaction.preconditions {
            self.judge(precondition)?;
        }
        let mut head = Head {
            revision: self.head.revision.next(),
            ..self.head
        };
        let (mut writes, mut changes) = (Vec::new(), Vec::new());
        for write in transaction.writes {
            let write_to = self.frames(&write, head.revision)?;
            if write_to.before.is_none() && write_to.after.is_none() {
                continue;
            }
            let mark = |frame: &[u8]| frame::mark(&write_to.key, frame);
            let old = write_to.before.as_deref().map_or(0, mark);
            let new = write_to.after.as_deref().map_or(0, mark);
            head.fingerprint = head.fingerprint.wrapping_sub(old).wrapping_add(new);
            writes.push(write_to);
            changes.push(Change {
                revision: head.revision,
                write,
            });
        }
        if changes.is_empty() {
            return Ok(self.head.revision);
        }
        if let Err(error) = self.shared.image.write(writes, &head) {
            self.fail(error.to_string());
            return Err(self.not_durable());
        }
        self.head = head;
        written.push((head.revision, changes));
        Ok(head.revision)
    }

    fn judge(&self, precondition: &Precondition) -> Result<(), CommitError> {
        let key = precondition.key();
        let latest = self.shared.image.latest(&frame::record_key(key))?;
        if precondition.holds(latest.map(|(revision, _)| revision)) {
            return Ok(());
        }
        Err(CommitError::Conflict { key: key.to_vec() })
    }

    fn frames(&self, write: &Write, revision: Revision) -> Result<RecordWrite, Error> {
        let key = frame::record_key(write.key());
        let before = self.shared.image.latest(&key)?.map(|(_, frame)| frame);
        let after = match write {
            Write::Put { key, value } => Some(frame::encode(key, revision, value)),
            Write::Delete { .. } => None,
        };
        Ok(RecordWrite { key, before, after })
    }

    fn make_durable(&mut self) -> Result<(), Error> {
        self.shared.image.flush()?;
        (self.sync)().map_err(|error| Error::Engine {
            action: "sync its log",
            cause: error.to_string(),
        })
    }

    fn show(&self, written: Written) {
        let Some((revision, _)) = written.last() else {
            return;
        };
        let revision = *revision;
        let mut history = self.shared.history();
        for (revision, changes) in written {
            history.record(revision, changes);
        }
        drop(history);
        self.shared.image.show_all();
        self.shared.revision.send_replace(revision);
    }

    /// What is true of an answer now that the group is through.
    fn settle(&self, answer: Result<Revision, CommitError>) -> Result<Revision, CommitError> {
        match answer {
            Ok(_) if self.shared.failed.get().is_some() => Err(self.not_durable()),
            // It may have lost against a commit that is not durable.
            Err(CommitError::Conflict { .. }) => self.check_writable().and(answer),
            other => other,
        }
    }

    fn check_writable(&self) -> Result<(), CommitError> {
        match self.shared.failed.get() {
            None => Ok(()),
            Some(cause) => Err(CommitError::Failed(Error::ReadOnly {
                cause: cause.clone(),
            })),
        }
    }

    fn not_durable(&self) -> CommitError {
        CommitError::Failed(Error::NotDurable {
            cause: self.shared.failed.get().cloned().unwrap_or_default(),
        })
    }

    fn fail(&self, cause: String) {
        tracing::error!(%cause, "metadata is read-only now: a write failed");
        // The first failure is the cause of all others.
        let _ = self.shared.failed.set(cause);
    }
}
