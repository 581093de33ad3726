//! The queue between calls and the writer.

use casemate_domain::CallRecord;
use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// The most memory that queued records may take, roughly.
const MOST_BYTES: usize = 64 << 20;

/// How long the writer lets records gather. Waking it for each one would cost each call more than
/// the queueing.
const GATHER: Duration = Duration::from_millis(5);

/// Records that wait to be written. Bounded in number and in bytes.
#[derive(Debug)]
pub(super) struct Queue {
    capacity: usize,
    state: Mutex<State>,
    wake: Condvar,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    records: Vec<Arc<CallRecord>>,
    bytes: usize,
    /// How many were ever taken in.
    accepted: u64,
    /// Somebody waits for a write, for a sync up to a number, or for the end.
    hurry: bool,
    sync_up_to: u64,
    closed: bool,
    /// The writer has nothing to do and must be woken.
    idle: bool,
}

/// What the writer has to do.
pub(super) struct Work {
    pub(super) records: Vec<Arc<CallRecord>>,
    /// How many were taken in up to and with these.
    pub(super) up_to: u64,
    /// Up to which record somebody waits for a sync.
    pub(super) sync_up_to: u64,
    pub(super) closed: bool,
}

impl Queue {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            state: Mutex::default(),
            wake: Condvar::new(),
            dropped: AtomicU64::new(0),
        }
    }

    /// Takes a record in, or drops and counts it.
    pub(super) fn push(&self, record: Arc<CallRecord>) {
        let weight = weight(&record);
        let mut state = self.state();
        let full = state.records.len() >= self.capacity || state.bytes + weight > MOST_BYTES;
        if state.closed || full {
            drop(state);
            return self.count_dropped(1);
        }
        state.records.push(record);
        state.bytes += weight;
        state.accepted += 1;
        let wake = std::mem::take(&mut state.idle);
        drop(state);
        if wake {
            self.wake.notify_one();
        }
    }

    pub(super) fn count_dropped(&self, records: u64) {
        self.dropped.fetch_add(records, Ordering::Relaxed);
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Asks for all records so far to be written soon. Returns how many that are.
    pub(super) fn hurry_write(&self) -> u64 {
        self.hurry(|_| {})
    }

    /// Asks for all records so far to be synced soon. Returns how many that are.
    pub(super) fn hurry_sync(&self) -> u64 {
        self.hurry(|state| state.sync_up_to = state.accepted)
    }

    /// Takes nothing more in.
    pub(super) fn close(&self) {
        self.hurry(|state| state.closed = true);
    }

    fn hurry(&self, ask: impl FnOnce(&mut State)) -> u64 {
        let mut state = self.state();
        ask(&mut state);
        state.hurry = true;
        state.idle = false;
        let accepted = state.accepted;
        drop(state);
        self.wake.notify_one();
        accepted
    }

    /// Waits for work, at most until `deadline`, and takes it.
    pub(super) fn take(&self, deadline: Instant) -> Work {
        let mut state = self.state();
        while state.records.is_empty() && !state.hurry {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state.idle = true;
            state = self.wait(state, left);
        }
        state.idle = false;
        let gathered = Instant::now() + GATHER;
        while !state.hurry && !state.records.is_empty() {
            let left = gathered.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.wait(state, left);
        }
        state.hurry = false;
        state.bytes = 0;
        Work {
            records: std::mem::take(&mut state.records),
            up_to: state.accepted,
            sync_up_to: state.sync_up_to,
            closed: state.closed,
        }
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, at_most: Duration) -> MutexGuard<'a, State> {
        let waited = self.wake.wait_timeout(state, at_most);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs between two changes of the state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// About how many bytes a record takes.
fn weight(record: &CallRecord) -> usize {
    let log = record.log.iter();
    let lines: usize = log
        .map(|line| 64 + line.message.len() + line.fields.as_ref().map_or(0, String::len))
        .sum();
    1024 + lines + record.message.as_ref().map_or(0, String::len)
}
