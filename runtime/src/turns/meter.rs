//! What is done for a tenant outside of its guests' turns: reading its requests, setting up and
//! tearing down its sandboxes, writing its answers. It takes CPU like any other work, and a tenant
//! whose calls cost more around their turns than in them must not get it for nothing.
//!
//! Measured by the clock of the wall, because it takes next to nothing to read.

use super::Tenant;
use std::{
    cell::Cell,
    future::poll_fn,
    pin::pin,
    time::{Duration, Instant},
};

thread_local! {
    /// The time of this thread that is accounted for, since its start.
    static ACCOUNTED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Does work, and gives the time that it took. What was measured inside of it is left out.
pub fn measure<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let before = ACCOUNTED.get();
    let started = Instant::now();
    let done = work();
    let took = started.elapsed();
    let inside = ACCOUNTED.get().saturating_sub(before);
    ACCOUNTED.set(before + took);
    (done, took.saturating_sub(inside))
}

/// Does work for a tenant, and puts what it takes on the tenant's account.
pub(crate) async fn metered<T>(tenant: &Tenant, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let steps = poll_fn(|context| {
        let (polled, took) = measure(|| work.as_mut().poll(context));
        tenant.owes(took);
        polled
    });
    steps.await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{hint::black_box, thread};

    const LONG: Duration = Duration::from_millis(20);

    #[test]
    fn what_was_measured_inside_is_not_measured_twice() {
        let ((_, inner), outer) = measure(|| measure(|| thread::sleep(LONG)));
        assert!(inner >= LONG, "{inner:?}");
        assert!(outer < LONG, "{outer:?}");
    }

    #[test]
    fn measurements_side_by_side_know_nothing_of_each_other() {
        measure(|| thread::sleep(LONG));
        let (_, took) = measure(|| black_box(1));
        assert!(took < LONG, "{took:?}");
    }
}
