//! Whose calls share one part of the machine.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::Semaphore;

/// Whose calls share one part of the CPU and of the memory: a workspace, say. Cloning gives another
/// handle on the same account.
#[derive(Clone)]
pub struct Tenant {
    account: Arc<Account>,
}

struct Account {
    id: u64,
    /// CPU in nanoseconds, plus what it was brought forward by. Written under the lock of the
    /// turns only.
    time: AtomicU64,
    fresh: AtomicBool,
    /// CPU in nanoseconds that was taken outside of turns and is not in `time` yet.
    owed: AtomicU64,
    /// What its calls hold, in bytes.
    memory: AtomicU64,
    /// Threads of the system's resolver that it may have at once. Most need none.
    lookups: OnceLock<Arc<Semaphore>>,
}

/// How many names a tenant has looked up by the system at once. Its further ones wait.
const LOOKUPS: usize = 4;

impl Tenant {
    /// A tenant without calls so far.
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            account: Arc::new(Account {
                id: NEXT.fetch_add(1, Ordering::Relaxed),
                time: AtomicU64::new(0),
                fresh: AtomicBool::new(true),
                owed: AtomicU64::new(0),
                memory: AtomicU64::new(0),
                lookups: OnceLock::new(),
            }),
        }
    }

    /// The memory that its calls hold, in bytes.
    pub(crate) fn memory(&self) -> &AtomicU64 {
        &self.account.memory
    }

    /// Its part of the threads that ask the system for names.
    pub(crate) fn lookups(&self) -> &Arc<Semaphore> {
        let lookups = &self.account.lookups;
        lookups.get_or_init(|| Arc::new(Semaphore::new(LOOKUPS)))
    }

    /// Something was done for it outside of the turns of its guests. It counts from its next turn on.
    pub fn owes(&self, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        if took > 0 {
            self.account.owed.fetch_add(took, Ordering::Relaxed);
        }
    }

    /// What it pays now of what it owes, in nanoseconds. The rest stays owed. Called under the lock
    /// of the turns only, so that nobody else takes from it meanwhile.
    pub(super) fn settle(&self, most: u64) -> u64 {
        let paid = self.account.owed.load(Ordering::Relaxed).min(most);
        if paid > 0 {
            self.account.owed.fetch_sub(paid, Ordering::Relaxed);
        }
        paid
    }

    pub(super) fn id(&self) -> u64 {
        self.account.id
    }

    /// Whether this is asked for the first time.
    pub(super) fn is_new(&self) -> bool {
        self.account.fresh.swap(false, Ordering::Relaxed)
    }

    pub(super) fn time(&self) -> u64 {
        self.account.time.load(Ordering::Relaxed)
    }

    pub(super) fn set_time(&self, time: u64) {
        self.account.time.store(time, Ordering::Relaxed);
    }
}

impl Default for Tenant {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant")
            .field("id", &self.account.id)
            .finish_non_exhaustive()
    }
}
