//! What is done for a tenant outside of its guests' turns: reading its requests, setting up and
//! tearing down its sandboxes, writing its answers. It takes CPU like any other work, and a tenant
//! whose calls cost more around their turns than in them must not get it for nothing.
//!
//! Measured only while somebody waits for a turn: what nobody else wanted is nobody's loss.

use super::{Tenant, Turns, stopwatch::Stopwatch};
use std::{cell::Cell, future::poll_fn, pin::pin, sync::Arc, time::Duration};

thread_local! {
    /// The CPU time of this thread that is on somebody's account already.
    static ACCOUNTED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Remembers that so much CPU time of this thread is on somebody's account.
pub(super) fn account_for(took: Duration) {
    ACCOUNTED.set(ACCOUNTED.get() + took);
}

/// Measures work for tenants that is done outside of the runtime. Cloning gives another handle.
#[derive(Debug, Clone)]
pub struct Meter {
    turns: Arc<Turns>,
}

impl Meter {
    pub(crate) fn new(turns: Arc<Turns>) -> Self {
        Self { turns }
    }

    /// Does work, and gives the CPU time that it took and that is on nobody's account yet. Zero
    /// while nobody waits for CPU.
    pub fn measure<T>(&self, work: impl FnOnce() -> T) -> (T, Duration) {
        if !self.turns.are_contended() {
            return (work(), Duration::ZERO);
        }
        let before = ACCOUNTED.get();
        let watch = Stopwatch::start();
        let done = work();
        let took = watch.read();
        let inside = ACCOUNTED.get().saturating_sub(before);
        ACCOUNTED.set(before + took);
        (done, took.saturating_sub(inside))
    }

    /// Does work for a tenant, and puts what it takes on the tenant's account.
    pub(crate) async fn run<T>(&self, tenant: &Tenant, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let steps = poll_fn(|context| {
            let (polled, took) = self.measure(|| work.as_mut().poll(context));
            tenant.owes(took);
            polled
        });
        steps.await
    }
}

#[cfg(test)]
mod tests {
    use super::super::stopwatch::thread_time;
    use super::*;
    use std::time::Instant;

    const LONG: Duration = Duration::from_millis(20);

    /// A meter with somebody who waits for a turn, and the two who keep it so.
    fn contended() -> (Meter, [super::super::Place; 2]) {
        let turns = Arc::new(Turns::new(1));
        let mut places = [0, 1].map(|_| turns.place(Tenant::new()));
        assert!(places[0].begin() && !places[1].begin());
        (Meter::new(turns), places)
    }

    fn compute() {
        let started = thread_time();
        while thread_time() - started < LONG {}
    }

    #[test]
    fn what_was_measured_inside_is_not_measured_twice() {
        let (meter, _places) = contended();
        let ((_, inner), outer) = meter.measure(|| meter.measure(compute));
        assert!(inner >= LONG, "{inner:?}");
        assert!(outer < LONG, "{outer:?}");
    }

    #[test]
    fn what_is_accounted_for_otherwise_is_left_out() {
        let (meter, _places) = contended();
        let work = || {
            compute();
            account_for(LONG);
            compute();
        };
        let ((), took) = meter.measure(work);
        assert!(took >= LONG && took < 2 * LONG, "{took:?}");
    }

    #[test]
    fn waiting_for_something_else_is_no_work() {
        let (meter, _places) = contended();
        let started = Instant::now();
        let ((), took) = meter.measure(|| std::thread::sleep(LONG));
        assert!(started.elapsed() >= LONG && took < LONG, "{took:?}");
    }

    #[test]
    fn while_nobody_waits_nothing_is_measured() {
        let (meter, places) = contended();
        drop(places);
        assert_eq!(meter.measure(compute).1, Duration::ZERO);
    }
}
