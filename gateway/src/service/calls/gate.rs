//! How many calls run at once, and a short queue for those beyond.
//!
//! A burst of calls is served rather than refused: who finds a gate full waits a moment, in order of
//! arrival. As many may wait as may run; who comes after that, or waits too long, is told at once to
//! try again, because a caller that is told can, and one that waits without end cannot.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::oneshot;

/// The longest that a call waits at one gate.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many may wait at a gate through which few may go.
const LEAST_QUEUE: u64 = 16;

/// A gate that lets so many calls through at once.
#[derive(Debug)]
pub(super) struct Gate {
    state: Mutex<State>,
    patience: Duration,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            patience: PATIENCE,
        }
    }
}

#[derive(Debug, Default)]
struct State {
    inside: u64,
    /// As it was when a call last came; settings can change it at any time.
    limit: u64,
    waiting: VecDeque<oneshot::Sender<Pass>>,
}

/// The right to be inside, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Pass {
    /// None in a pass that nobody took.
    gate: Option<Arc<Gate>>,
}

/// The gate is full, and so is its queue; or the wait was too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

impl Gate {
    /// Goes through the gate, if need be after a wait.
    pub(super) async fn enter(self: &Arc<Self>, limit: u64) -> Result<Pass, Full> {
        let waiting = {
            let mut state = self.state();
            state.limit = limit;
            if state.inside < limit && state.waiting.is_empty() {
                state.inside += 1;
                return Ok(self.pass());
            }
            // Those who gave up waiting leave their place behind.
            state.waiting.retain(|waiting| !waiting.is_closed());
            if state.waiting.len() as u64 >= limit.max(LEAST_QUEUE) {
                return Err(Full);
            }
            let (called, waiting) = oneshot::channel();
            state.waiting.push_back(called);
            waiting
        };
        match tokio::time::timeout(self.patience, waiting).await {
            Ok(Ok(pass)) => Ok(pass),
            Ok(Err(_)) | Err(_) => Err(Full),
        }
    }

    /// How many are inside, and how many wait.
    pub(super) fn count(&self) -> (u64, usize) {
        let state = self.state();
        (state.inside, state.waiting.len())
    }

    fn pass(self: &Arc<Self>) -> Pass {
        Pass {
            gate: Some(Arc::clone(self)),
        }
    }

    /// One goes out, and the next in.
    fn leave(self: &Arc<Self>) {
        loop {
            let next = {
                let mut state = self.state();
                let next = if state.inside <= state.limit {
                    state.waiting.pop_front()
                } else {
                    None
                };
                if next.is_none() {
                    state.inside -= 1;
                }
                next
            };
            let Some(next) = next else { return };
            match next.send(self.pass()) {
                Ok(()) => return,
                // It went away; its pass must not count as one that was used.
                Err(mut pass) => pass.gate = None,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(gate) = self.gate.take() {
            gate.leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn impatient() -> Arc<Gate> {
        Arc::new(Gate {
            patience: Duration::from_millis(50),
            ..Gate::default()
        })
    }

    #[tokio::test]
    async fn those_beyond_the_limit_wait_in_order_and_get_in_as_others_leave() {
        let gate = Arc::new(Gate::default());
        let first = gate.enter(1).await.unwrap();
        let waiting: Vec<_> = (0..3)
            .map(|n| {
                let gate = Arc::clone(&gate);
                tokio::spawn(async move { gate.enter(1).await.map(|pass| (n, pass)) })
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
        let gate = impatient();
        let inside = gate.enter(1).await.unwrap();
        let waiting: Vec<_> = (0..LEAST_QUEUE)
            .map(|_| {
                let gate = Arc::clone(&gate);
                tokio::spawn(async move { gate.enter(1).await.err() })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(gate.enter(1).await.unwrap_err(), Full);
        assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
        for waiting in waiting {
            assert_eq!(waiting.await.unwrap(), Some(Full));
        }
        drop(inside);
        assert_eq!(gate.count().0, 0, "those who gave up hold nothing");
        assert!(gate.enter(1).await.is_ok());
    }

    #[tokio::test]
    async fn a_lowered_limit_holds_from_the_next_call_on() {
        let gate = impatient();
        let mut inside = vec![gate.enter(3).await.unwrap(), gate.enter(3).await.unwrap()];
        assert!(gate.enter(1).await.is_err());
        inside.pop();
        assert!(gate.enter(1).await.is_err(), "one is still inside");
        inside.pop();
        assert!(gate.enter(1).await.is_ok());
    }
}
