//! How many calls run at once, and a short queue for those beyond.
//!
//! A burst of calls is served rather than refused: who finds a gate full waits a moment, in order of
//! arrival. As many may wait as may run; who comes after that, or waits too long, is told at once to
//! try again, because a caller that is told can, and one that waits without end cannot. A call that
//! passes several gates has one time for all of them.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

/// How many may wait at a gate through which few may go.
const LEAST_QUEUE: u64 = 16;

/// A gate that lets so many calls through at once.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    inside: u64,
    /// As it was when a call last came; settings can change it at any time.
    limit: u64,
    waiting: VecDeque<oneshot::Sender<Pass>>,
}

impl State {
    /// Takes those out of the queue for whom there is room, and counts them as inside.
    fn take_in(&mut self) -> Vec<oneshot::Sender<Pass>> {
        let mut called = Vec::new();
        while self.inside + (called.len() as u64) < self.limit {
            match self.waiting.pop_front() {
                Some(caller) if caller.is_closed() => {}
                Some(caller) => called.push(caller),
                None => break,
            }
        }
        self.inside += called.len() as u64;
        called
    }
}

/// The right to be inside, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Pass {
    gate: Arc<Gate>,
}

/// The gate is full, and so is its queue; or the wait was too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

impl Gate {
    /// Goes through the gate, if need be after a wait until `latest`.
    pub(super) async fn enter(self: &Arc<Self>, limit: u64, latest: Instant) -> Result<Pass, Full> {
        let (waiting, called) = {
            let mut state = self.state();
            state.limit = limit;
            // Those who gave up waiting leave their place behind.
            state.waiting.retain(|waiting| !waiting.is_closed());
            if state.inside < limit && state.waiting.is_empty() {
                state.inside += 1;
                return Ok(self.pass());
            }
            if state.waiting.len() as u64 >= limit.max(LEAST_QUEUE) {
                return Err(Full);
            }
            let (caller, waiting) = oneshot::channel();
            state.waiting.push_back(caller);
            (waiting, state.take_in())
        };
        // A raised limit lets in several at once.
        self.call(called);
        match timeout_at(latest, waiting).await {
            Ok(Ok(pass)) => Ok(pass),
            Ok(Err(_)) | Err(_) => Err(Full),
        }
    }

    /// How many are inside, and how many wait.
    pub(super) fn count(&self) -> (u64, usize) {
        let state = self.state();
        let waiting = state.waiting.iter().filter(|waiting| !waiting.is_closed());
        (state.inside, waiting.count())
    }

    fn pass(self: &Arc<Self>) -> Pass {
        Pass {
            gate: Arc::clone(self),
        }
    }

    /// One goes out, and the next in.
    fn leave(self: &Arc<Self>) {
        let called = {
            let mut state = self.state();
            state.inside -= 1;
            state.take_in()
        };
        self.call(called);
    }

    /// Lets those in who are counted as inside already.
    fn call(self: &Arc<Self>, called: Vec<oneshot::Sender<Pass>>) {
        for caller in called {
            // Who went away meanwhile drops the pass, and so leaves.
            drop(caller.send(self.pass()));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.gate.leave();
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
        let first = gate.enter(1, later()).await.unwrap();
        let waiting: Vec<_> = (0..3)
            .map(|n| {
                let gate = Arc::clone(&gate);
                tokio::spawn(async move { gate.enter(1, later()).await.map(|pass| (n, pass)) })
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
        let inside = gate.enter(1, soon()).await.unwrap();
        let waiting: Vec<_> = (0..LEAST_QUEUE)
            .map(|_| {
                let gate = Arc::clone(&gate);
                tokio::spawn(async move { gate.enter(1, soon()).await.err() })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(gate.enter(1, soon()).await.unwrap_err(), Full);
        assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
        for waiting in waiting {
            assert_eq!(waiting.await.unwrap(), Some(Full));
        }
        drop(inside);
        assert_eq!(gate.count(), (0, 0), "those who gave up hold nothing");
        assert!(gate.enter(1, soon()).await.is_ok());
    }

    #[tokio::test]
    async fn a_raised_limit_lets_in_those_who_wait_at_the_next_call() {
        let gate = Arc::new(Gate::default());
        let _inside = gate.enter(1, later()).await.unwrap();
        let waiting: Vec<_> = (0..4)
            .map(|_| {
                let gate = Arc::clone(&gate);
                tokio::spawn(async move { gate.enter(1, later()).await })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(gate.count(), (1, 4));
        let last = gate.enter(50, later()).await;
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
            gate.enter(3, soon()).await.unwrap(),
            gate.enter(3, soon()).await.unwrap(),
        ];
        assert!(gate.enter(1, soon()).await.is_err());
        inside.pop();
        assert!(gate.enter(1, soon()).await.is_err(), "one is still inside");
        inside.pop();
        assert!(gate.enter(1, soon()).await.is_ok());
    }

    #[tokio::test]
    async fn who_gave_up_is_not_counted_as_waiting() {
        let gate = Arc::new(Gate::default());
        let _inside = gate.enter(1, later()).await.unwrap();
        assert_eq!(gate.enter(1, soon()).await.unwrap_err(), Full);
        assert_eq!(gate.count(), (1, 0));
    }
}
