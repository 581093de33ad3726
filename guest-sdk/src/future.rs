//! Drives the futures of `async` tools, without a runtime.
//!
//! Host calls block, so a future makes progress each time it is polled. One that is pending and
//! has not been woken waits for something that cannot happen here.

use crate::ToolError;
use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// Whether the future asked to be polled again.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs a future to its end, or tells that it never comes.
#[doc(hidden)]
pub fn run<F: Future>(future: F) -> Result<F::Output, ToolError> {
    let mut future = pin!(future);
    let woken = Arc::new(Woken(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    while woken.0.swap(false, Ordering::Relaxed) {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Ok(output);
        }
    }
    Err(ToolError::internal(
        "the tool awaits something that is not a host call; a sandbox has no timers, threads or sockets to wake it",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_that_wakes_itself_comes_to_its_end() {
        let mut polls = 0;
        let future = std::future::poll_fn(|context| {
            polls += 1;
            context.waker().wake_by_ref();
            if polls == 3 {
                Poll::Ready(polls)
            } else {
                Poll::Pending
            }
        });
        assert_eq!(run(future).unwrap(), 3);
    }

    #[test]
    fn a_future_that_nobody_wakes_is_an_error() {
        let error = run(std::future::pending::<()>()).unwrap_err();
        assert!(
            error.detail().unwrap().contains("not a host call"),
            "{error:?}"
        );
    }
}
