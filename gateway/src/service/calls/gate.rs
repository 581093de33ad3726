//! How many calls run at once, and a short queue for those beyond.
//!
//! A burst of calls is served rather than refused: who finds a gate full waits a moment, in order of
//! arrival. As many may wait as may run; who comes after that, or waits too long, is told at once to
//! try again, because a caller that is told can, and one that waits without end cannot. More room to wait
//! was tried and answered fewer calls: those that wait all have a connection, a request and a task that
//! are out of every cache when their turn comes. A call that passes several gates has one time for all of
//! them.
//!
//! A gate for all workspaces is shared by a threshold that moves: of its places, and of those in its
//! queue, a workspace may have twice as many as are free. Alone it gets two thirds; many that want
//! all they can get are held to equal parts, and a few stay free for who comes next. Who is beyond
//! its part waits, and those behind it go first.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

/// How many may wait at a gate through which few may go.
const LEAST_QUEUE: u64 = 16;

/// How many times what is free one of those who share a gate may have.
const SHARE: u64 = 2;

/// A gate that lets so many calls through at once.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
}

/// How many of those inside belong to one of those who share a gate.
#[derive(Debug, Default)]
pub(super) struct Share {
    /// Written under the lock of the gate only.
    inside: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    inside: u64,
    /// As it was when a call last came; settings can change it at any time.
    limit: u64,
    /// By number.
    waiting: VecDeque<Waiting>,
    /// The number of who waits next.
    next: u64,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    share: Option<Arc<Share>>,
    caller: oneshot::Sender<Pass>,
}

/// The right to wait, given back when it is dropped.
#[derive(Debug)]
struct Ticket<'a> {
    gate: &'a Gate,
    number: u64,
}

impl State {
    /// Whether one more may go in.
    fn has_room(&self, share: Option<&Arc<Share>>) -> bool {
        let free = self.limit.saturating_sub(self.inside);
        let allows = |share: &Arc<Share>| share.inside.load(Ordering::Relaxed) < free * SHARE;
        free > 0 && share.is_none_or(allows)
    }

    /// Whether one more may wait.
    fn has_room_to_wait(&self, share: Option<&Arc<Share>>) -> bool {
        let free = self.limit.max(LEAST_QUEUE);
        let free = free.saturating_sub(self.waiting.len() as u64);
        let same = |share: &Arc<Share>| {
            let others = self.waiting.iter().filter_map(|other| other.share.as_ref());
            others.filter(|other| Arc::ptr_eq(other, share)).count() as u64
        };
        free > 0 && share.is_none_or(|share| same(share) < free * SHARE)
    }

    /// Adds one to those who wait. Gives its number, and how it is called.
    fn line_up(&mut self, share: Option<&Arc<Share>>) -> (u64, oneshot::Receiver<Pass>) {
        let (caller, called) = oneshot::channel();
        let number = self.next;
        self.next += 1;
        self.waiting.push_back(Waiting {
            number,
            share: share.cloned(),
            caller,
        });
        (number, called)
    }

    fn count_in(&mut self, share: Option<&Arc<Share>>) {
        self.inside += 1;
        if let Some(share) = share {
            share.inside.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn count_out(&mut self, share: Option<&Arc<Share>>) {
        self.inside -= 1;
        if let Some(share) = share {
            share.inside.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Takes those out of the queue for whom there is room, and counts them as inside.
    fn take_in(&mut self) -> Vec<Waiting> {
        let mut called = Vec::new();
        if self.inside >= self.limit {
            return called;
        }
        while let Some(first) = self
            .waiting
            .iter()
            .position(|waiting| self.has_room(waiting.share.as_ref()))
            && let Some(waiting) = self.waiting.remove(first)
        {
            self.count_in(waiting.share.as_ref());
            called.push(waiting);
        }
        called
    }
}

/// The right to be inside, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Pass {
    gate: Arc<Gate>,
    share: Option<Arc<Share>>,
}

/// The gate is full, and so is its queue; or the wait was too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

impl Gate {
    /// Goes through the gate, if need be after a wait until `latest`.
    pub(super) async fn enter(
        self: &Arc<Self>,
        limit: u64,
        share: Option<&Arc<Share>>,
        latest: Instant,
    ) -> Result<Pass, Full> {
        let (place, called) = {
            let mut state = self.state();
            state.limit = limit;
            // A raised limit lets in several at once.
            let called = state.take_in();
            if state.has_room(share) {
                state.count_in(share);
                drop(state);
                self.call(called);
                return Ok(self.pass(share.cloned()));
            }
            let place = state.has_room_to_wait(share).then(|| state.line_up(share));
            (place, called)
        };
        self.call(called);
        let (number, called) = place.ok_or(Full)?;
        let _ticket = Ticket { gate: self, number };
        match timeout_at(latest, called).await {
            Ok(Ok(pass)) => Ok(pass),
            Ok(Err(_)) | Err(_) => Err(Full),
        }
    }

    /// How many are inside, and how many wait.
    pub(super) fn count(&self) -> (u64, usize) {
        let state = self.state();
        (state.inside, state.waiting.len())
    }

    fn pass(self: &Arc<Self>, share: Option<Arc<Share>>) -> Pass {
        Pass {
            gate: Arc::clone(self),
            share,
        }
    }

    /// One goes out, and the next in.
    fn leave(self: &Arc<Self>, share: Option<&Arc<Share>>) {
        let called = {
            let mut state = self.state();
            state.count_out(share);
            state.take_in()
        };
        self.call(called);
    }

    /// Lets those in who are counted as inside already.
    fn call(self: &Arc<Self>, called: Vec<Waiting>) {
        for Waiting { share, caller, .. } in called {
            // Who went away meanwhile drops the pass, and so leaves.
            drop(caller.send(self.pass(share)));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        let place = |waiting: &Waiting| waiting.number;
        // Who was called is no longer among them.
        if let Ok(at) = state.waiting.binary_search_by_key(&self.number, place) {
            state.waiting.remove(at);
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.gate.leave(self.share.as_ref());
    }
}

#[cfg(test)]
mod tests;
