//! The outside end of a running call.

use casemate_domain::{Outcome, Stop};
use futures_util::task::AtomicWaker;
use std::{
    fmt,
    future::poll_fn,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

/// By which others stop a running call, and learn what it used. Cloning gives another handle on
/// the same call.
#[derive(Clone, Default)]
pub struct Control {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    stop: OnceLock<Stop>,
    waker: AtomicWaker,
    abandoned: OnceLock<Box<Outcome>>,
}

impl Control {
    /// A handle for a call that has not started.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the call: at once if it waits for the host, and otherwise when its guest next lets
    /// others run, a fraction of a millisecond later. The first reason counts.
    pub fn stop(&self, stop: Stop) {
        drop(self.inner.stop.set(stop));
        self.inner.waker.wake();
    }

    /// Whether somebody wants it to stop.
    pub fn is_stopped(&self) -> bool {
        self.inner.stop.get().is_some()
    }

    /// Waits until somebody wants it to stop; one at a time can wait.
    pub async fn stopped(&self) -> Stop {
        let stopped = |context: &mut Context<'_>| match self.poll_stopped(context) {
            Some(stop) => Poll::Ready(stop),
            None => Poll::Pending,
        };
        poll_fn(stopped).await
    }

    /// What came of the call if its future was dropped before its end: it counts as cancelled, and
    /// the receipt says what it had used by then.
    pub fn abandoned(&self) -> Option<&Outcome> {
        self.inner.abandoned.get().map(AsRef::as_ref)
    }

    pub(crate) fn abandon(&self, outcome: Outcome) {
        drop(self.inner.abandoned.set(Box::new(outcome)));
    }

    /// Why it must stop, if it must; else `context` is woken when that changes.
    pub(crate) fn poll_stopped(&self, context: &Context<'_>) -> Option<Stop> {
        if let Some(stop) = self.inner.stop.get() {
            return Some(stop.clone());
        }
        self.inner.waker.register(context.waker());
        // Between the look and the registration somebody may have stopped it.
        self.inner.stop.get().cloned()
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("stop", &self.inner.stop)
            .finish_non_exhaustive()
    }
}
