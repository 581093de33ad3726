//! A connection that is served again at once when it woke itself.
//!
//! The HTTP library hands a body on to the handler within one task, and wakes that task for it. Left
//! to the executor, each request would go through its queue two or three times, and another thread
//! be woken to look for work there. So a wake during a step leads to the next step directly, unless
//! the step took long: then others go first, as they do when a guest lets them run.

use futures_util::task::AtomicWaker;
use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::{Duration, Instant},
};

/// The most steps at once: a request with a body needs three.
const STEPS: usize = 4;
/// What together takes longer lets others go first: several times what a short call takes.
const LONG: Duration = Duration::from_micros(200);

/// Does work whose steps follow each other at once while it wakes itself and takes little time.
pub(super) async fn at_once<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let steps = poll_fn(|context| {
        bell.task.register(context.waker());
        let began = Instant::now();
        for _ in 0..STEPS {
            // In this order: who rings between the two wakes the task, and no wake is lost.
            bell.rung.store(false, Ordering::SeqCst);
            bell.muffled.store(true, Ordering::SeqCst);
            let polled = work.as_mut().poll(&mut Context::from_waker(&waker));
            bell.muffled.store(false, Ordering::SeqCst);
            if polled.is_ready() || !bell.rung.load(Ordering::SeqCst) {
                return polled;
            }
            if began.elapsed() > LONG {
                break;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    });
    steps.await
}

/// Rings for the task, except during a step, which is asked about it when it is done.
#[derive(Debug, Default)]
struct Bell {
    rung: AtomicBool,
    muffled: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::SeqCst);
        if !self.muffled.load(Ordering::SeqCst) {
            self.task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt as _, task::noop_waker_ref};
    use std::{cell::Cell, thread};

    /// How often work is polled that wakes itself so many times, in one poll of the task.
    fn polls(wakes: usize, each: Duration) -> usize {
        let polls = Cell::new(0);
        let work = poll_fn(|context| {
            polls.set(polls.get() + 1);
            thread::sleep(each);
            if polls.get() <= wakes {
                context.waker().wake_by_ref();
            }
            Poll::<()>::Pending
        });
        let mut work = pin!(at_once(work));
        let context = &mut Context::from_waker(noop_waker_ref());
        assert!(work.poll_unpin(context).is_pending());
        polls.get()
    }

    #[test]
    fn work_that_wakes_itself_goes_on_at_once_and_only_so_often() {
        assert_eq!(polls(0, Duration::ZERO), 1);
        assert_eq!(polls(2, Duration::ZERO), 3);
        assert_eq!(polls(1_000, Duration::ZERO), STEPS);
    }

    #[test]
    fn work_that_takes_long_lets_others_go_first() {
        assert_eq!(polls(1_000, 2 * LONG), 1);
    }

    #[tokio::test]
    async fn work_that_wakes_itself_for_ever_is_polled_for_ever_and_others_run_too() {
        let mut left = 1_000;
        let work = poll_fn(|context| {
            context.waker().wake_by_ref();
            left -= 1;
            if left == 0 {
                return Poll::Ready(());
            }
            Poll::Pending
        });
        let other = tokio::spawn(async {});
        at_once(work).await;
        assert!(other.is_finished());
    }

    #[tokio::test]
    async fn a_wake_from_elsewhere_is_not_lost() {
        for _ in 0..1_000 {
            let (send, receive) = tokio::sync::oneshot::channel();
            let sender = thread::spawn(move || send.send(7));
            assert_eq!(at_once(receive).await, Ok(7));
            sender.join().unwrap().unwrap();
        }
    }
}
