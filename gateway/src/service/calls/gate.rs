//! How many calls run at once, and a short queue for those beyond.
//!
//! A burst of calls is served rather than refused: who finds a gate full waits a moment, in order of
//! arrival. As many may wait as may run; who comes after that, or waits too long, is told at once to
//! try again, because a caller that is told can, and one that waits without end cannot. A call that
//! passes several gates has one time for all of them.
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
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    share: Option<Arc<Share>>,
    caller: oneshot::Sender<Pass>,
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
        // Those who gave up waiting leave their place behind.
        self.waiting.retain(|waiting| !waiting.caller.is_closed());
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
        let (waiting, called) = {
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
            let (caller, waiting) = oneshot::channel();
            let waiting = state.has_room_to_wait(share).then(|| {
                let share = share.cloned();
                state.waiting.push_back(Waiting { share, caller });
                waiting
            });
            (waiting, called)
        };
        self.call(called);
        match timeout_at(latest, waiting.ok_or(Full)?).await {
            Ok(Ok(pass)) => Ok(pass),
            Ok(Err(_)) | Err(_) => Err(Full),
        }
    }

    /// How many are inside, and how many wait.
    pub(super) fn count(&self) -> (u64, usize) {
        let state = self.state();
        let waiting = state.waiting.iter();
        let waiting = waiting.filter(|waiting| !waiting.caller.is_closed());
        (state.inside, waiting.count())
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
        for Waiting { share, caller } in called {
            // Who went away meanwhile drops the pass, and so leaves.
            drop(caller.send(self.pass(share)));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.gate.leave(self.share.as_ref());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::time::Duration;

    /// Long enough for every test.
    fn later() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(50)
    }

    #[tokio::test]
    async fn those_beyond_the_limit_wait_in_order_and_get_in_as_others_leave() {
        let gate = Arc::new(Gate::default());
        let first = gate.enter(1, None, later()).await.unwrap();
        let waiting: Vec<_> = (0..3)
            .map(|n| {
                let gate = Arc::clone(&gate);
                tokio::spawn(
                    async move { gate.enter(1, None, later()).await.map(|pass| (n, pass)) },
                )
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(gate.count(), (1, 3));
        drop(first);
        for (n, waiting) in waiting.into_iter().enumerate() {
            let (got_in, pass) = waiting.await.unwrap().unwrap();
            assert_eq!(got_in, n);
            assert_eq!(gate.count().0, 1);
            drop(pass);
        }
        assert_eq!(gate.count(), (0, 0));
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_a_long_wait_in_the_end() {
        let gate = Arc::new(Gate::default());
        let inside = gate.enter(1, None, soon()).await.unwrap();
        let waiting: Vec<_> = (0..LEAST_QUEUE)
            .map(|_| {
                let gate = Arc::clone(&gate);
                tokio::spawn(async move { gate.enter(1, None, soon()).await.err() })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(gate.enter(1, None, soon()).await.unwrap_err(), Full);
        assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
        for waiting in waiting {
            assert_eq!(waiting.await.unwrap(), Some(Full));
        }
        drop(inside);
        assert_eq!(gate.count(), (0, 0), "those who gave up hold nothing");
        assert!(gate.enter(1, None, soon()).await.is_ok());
    }

    #[tokio::test]
    async fn a_raised_limit_lets_in_those_who_wait_at_the_next_call() {
        let gate = Arc::new(Gate::default());
        let _inside = gate.enter(1, None, later()).await.unwrap();
        let waiting: Vec<_> = (0..4)
            .map(|_| {
                let gate = Arc::clone(&gate);
                tokio::spawn(async move { gate.enter(1, None, later()).await })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(gate.count(), (1, 4));
        let last = gate.enter(50, None, later()).await;
        assert!(last.is_ok());
        let mut passes = Vec::new();
        for waiting in waiting {
            passes.push(waiting.await.unwrap().unwrap());
        }
        assert_eq!(gate.count(), (6, 0));
    }

    #[tokio::test]
    async fn a_lowered_limit_holds_from_the_next_call_on() {
        let gate = Arc::new(Gate::default());
        let mut inside = vec![
            gate.enter(3, None, soon()).await.unwrap(),
            gate.enter(3, None, soon()).await.unwrap(),
        ];
        assert!(gate.enter(1, None, soon()).await.is_err());
        inside.pop();
        assert!(
            gate.enter(1, None, soon()).await.is_err(),
            "one is still inside"
        );
        inside.pop();
        assert!(gate.enter(1, None, soon()).await.is_ok());
    }

    #[tokio::test]
    async fn who_gave_up_is_not_counted_as_waiting() {
        let gate = Arc::new(Gate::default());
        let _inside = gate.enter(1, None, later()).await.unwrap();
        assert_eq!(gate.enter(1, None, soon()).await.unwrap_err(), Full);
        assert_eq!(gate.count(), (1, 0));
    }

    /// Lets four crowds come, each with more than the gate holds, and gives how many of each are in.
    async fn crowds(gate: &Arc<Gate>, shares: &[Option<Arc<Share>>]) -> (Vec<Pass>, Vec<usize>) {
        let (mut passes, mut inside) = (Vec::new(), vec![0; shares.len()]);
        for _ in 0..90 {
            for (share, inside) in shares.iter().zip(&mut inside) {
                let now = Instant::now();
                if let Ok(pass) = gate.enter(90, share.as_ref(), now).await {
                    passes.push(pass);
                    *inside += 1;
                }
            }
        }
        (passes, inside)
    }

    #[tokio::test]
    async fn those_who_share_a_gate_get_equal_parts_and_leave_one_for_the_next() {
        let gate = Arc::new(Gate::default());
        let shares = [(); 4].map(|()| Some(Arc::default()));
        let (passes, inside) = crowds(&gate, &shares).await;
        assert!(
            inside.iter().all(|inside| (19..=21).contains(inside)),
            "{inside:?}"
        );
        let newcomer = Arc::default();
        assert!(gate.enter(90, Some(&newcomer), soon()).await.is_ok());
        drop(passes);
        assert_eq!(gate.count(), (0, 0));
    }

    #[tokio::test]
    async fn control_without_shares_the_crowds_leave_nothing() {
        let gate = Arc::new(Gate::default());
        let (_passes, inside) = crowds(&gate, &[None, None, None, None]).await;
        assert_eq!(inside.iter().sum::<usize>(), 90);
        assert_eq!(gate.enter(90, None, soon()).await.unwrap_err(), Full);
    }

    #[tokio::test]
    async fn who_has_its_part_lets_those_behind_go_first_and_fills_no_queue() {
        let gate = Arc::new(Gate::default());
        let (crowd, single) = (Arc::default(), Arc::default());
        let mut passes = Vec::new();
        while let Ok(pass) = gate.enter(9, Some(&crowd), soon()).await {
            passes.push(pass);
        }
        assert_eq!(passes.len(), 6, "two thirds");
        let waiting: Vec<_> = (0..LEAST_QUEUE)
            .map(|_| {
                let (gate, crowd) = (Arc::clone(&gate), Arc::clone(&crowd));
                tokio::spawn(async move { gate.enter(9, Some(&crowd), later()).await })
            })
            .collect();
        tokio::task::yield_now().await;
        let waits = gate.count().1 as u64;
        assert!(waits < LEAST_QUEUE, "{waits} of {LEAST_QUEUE}");
        let alone = gate.enter(9, Some(&single), soon()).await;
        assert!(alone.is_ok());
        drop(passes);
        let mut served = 0;
        for waiting in waiting {
            served += u64::from(waiting.await.unwrap().is_ok());
        }
        assert_eq!(served, waits, "those who waited are served in the end");
    }
}
