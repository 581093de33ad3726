//! Whose guest computes next.
//!
//! At most as many guests compute at once as there are threads for them. When more want to, the
//! one whose tenant had the least CPU so far goes first, in the manner of a fair scheduler of an
//! operating system: each tenant has a virtual time, the CPU that its guests took. One that was
//! idle is brought up to the others, less a small credit, so that a short call is not cut up by
//! long ones, and nobody saves up a right to starve the rest.
//!
//! What is done for a tenant around its turns counts as well (`meter`), and the first milliseconds of
//! a call count half: a tenant that keeps just within its share with short calls would otherwise fall
//! behind for good with the first disturbance, and those with long calls hardly notice.
//!
//! A guest has its turn until it waits for the host, or until it reaches a fuel yield and another
//! tenant had less than its own.

mod meter;
mod stopwatch;
mod table;
mod tenant;

pub use meter::Meter;
pub use tenant::Tenant;

use futures_util::task::AtomicWaker;
use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};
use stopwatch::Stopwatch;
use table::Table;

/// Hands out turns.
#[derive(Debug)]
pub(crate) struct Turns {
    table: Mutex<Table>,
    contended: Arc<AtomicBool>,
}

/// The turns of one call.
#[derive(Debug)]
pub(crate) struct Place {
    turns: Arc<Turns>,
    tenant: Tenant,
    signal: Arc<Signal>,
    has: Has,
    /// What is left of the time that counts half.
    short: Duration,
}

/// The first part of a call, which counts half: twice what a short call takes.
const SHORT: Duration = Duration::from_millis(10);

/// What a call has of the turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Has {
    Nothing,
    /// It waits, or was granted one and does not know yet.
    Asked,
    Turn,
}

/// What a guest does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// It goes on computing.
    Computes,
    /// It waits for the host, or is done.
    Waits,
}

impl Turns {
    pub(crate) fn new(at_once: usize) -> Self {
        let contended = Arc::<AtomicBool>::default();
        Self {
            table: Mutex::new(Table::new(at_once, Arc::clone(&contended))),
            contended,
        }
    }

    /// A place in which a call of this tenant waits for its turns.
    pub(crate) fn place(self: &Arc<Self>, tenant: Tenant) -> Place {
        Place {
            turns: Arc::clone(self),
            tenant,
            signal: Arc::default(),
            has: Has::Nothing,
            short: SHORT,
        }
    }

    /// Whether nobody computes.
    pub(crate) fn are_idle(&self) -> bool {
        self.table().are_idle()
    }

    /// Whether anybody waits for a turn.
    fn are_contended(&self) -> bool {
        self.contended.load(Ordering::Relaxed)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing panics while it holds this lock.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Polls the work of a guest if it has its turn, and gives the CPU time that it took.
    pub(crate) fn poll<T>(
        &mut self,
        context: &Context<'_>,
        work: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> (Poll<T>, Duration) {
        self.signal.task.register(context.waker());
        if !self.begin() {
            return (Poll::Pending, Duration::ZERO);
        }
        let waker = Waker::from(Arc::clone(&self.signal));
        // In this order: who wakes it between the two wakes its task, and no wake is lost.
        self.signal.woken.store(false, Ordering::SeqCst);
        self.signal.polling.store(true, Ordering::SeqCst);
        let watch = Stopwatch::start();
        let polled = work(&mut Context::from_waker(&waker));
        let took = watch.read();
        meter::account_for(took);
        self.signal.polling.store(false, Ordering::SeqCst);
        // A guest at a fuel yield wakes itself before it lets go.
        let woken = self.signal.woken.swap(false, Ordering::SeqCst);
        let next = if polled.is_pending() && woken {
            Next::Computes
        } else {
            Next::Waits
        };
        self.end(took, next);
        (polled, took)
    }

    /// Whether it has its turn; if not, it waits for one from now on.
    fn begin(&mut self) -> bool {
        match self.has {
            Has::Turn => return true,
            Has::Asked => {
                if self.signal.granted.swap(false, Ordering::SeqCst) {
                    self.has = Has::Turn;
                }
                return self.has == Has::Turn;
            }
            Has::Nothing => {}
        }
        let mut table = self.turns.table();
        table.bring_up(&self.tenant);
        if table.free > 0 {
            table.free -= 1;
            self.has = Has::Turn;
        } else {
            table.queue(&self.tenant, &self.signal);
            self.has = Has::Asked;
        }
        self.has == Has::Turn
    }

    /// Accounts for what a turn took so far, and ends it unless it goes on.
    fn end(&mut self, took: Duration, next: Next) {
        let half = took.min(self.short);
        self.short -= half;
        let mut table = self.turns.table();
        table.charge(&self.tenant, took - half / 2);
        // Also one that computes on and on pays.
        table.settle(&self.tenant);
        if next == Next::Computes && table.is_next(&self.tenant) {
            drop(table);
            self.signal.task.wake();
            return;
        }
        self.has = Has::Nothing;
        if next == Next::Computes {
            table.queue(&self.tenant, &self.signal);
            self.has = Has::Asked;
        }
        pass_on(table);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut table = self.turns.table();
        let has_turn = match self.has {
            Has::Nothing => false,
            Has::Turn => true,
            // Either it still waits, or it was granted a turn that it did not take.
            Has::Asked => !table.leave(&self.tenant, &self.signal),
        };
        if has_turn {
            pass_on(table);
        }
    }
}

/// How a call hears that it can go on.
#[derive(Default)]
struct Signal {
    granted: AtomicBool,
    polling: AtomicBool,
    woken: AtomicBool,
    task: AtomicWaker,
}

impl Signal {
    fn grant(&self) {
        self.granted.store(true, Ordering::SeqCst);
        self.task.wake();
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        // Who polls looks at this when it is done, and knows then whether there is a turn.
        if !self.polling.load(Ordering::SeqCst) {
            self.task.wake();
        }
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signal")
    }
}

/// Ends a turn. Waking somebody takes locks of its own, so it comes after this one is given up.
fn pass_on(mut table: MutexGuard<'_, Table>) {
    let next = table.pass_on();
    drop(table);
    if let Some(next) = next {
        next.grant();
    }
}

#[cfg(test)]
mod tests;
