//! The CPU time of work on this thread, by the clock as far as that says the same.
//!
//! Asking the system for the CPU time of a thread takes most of a microsecond, and around a call it
//! would be asked ten times; the clock takes a thirtieth of that. So what took little by the clock
//! was computing, for the system hardly lets others run for less. What took longer may have waited,
//! and is held against the CPU time since the thread was last asked for it, a moment before.

use rustix::time::{ClockId, clock_gettime};
use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// What takes less by the clock is taken as computing.
const LITTLE: Duration = Duration::from_micros(100);
/// How long ago the thread may have been asked when something begins. What it did in between can be
/// counted twice, if what begins is interrupted.
const RECENT: Duration = Duration::from_micros(200);

thread_local! {
    /// When this thread was last asked, and its CPU time then.
    static ASKED: Cell<Option<(Instant, Duration)>> = const { Cell::new(None) };
}

/// Times work on this thread.
#[derive(Debug)]
pub(super) struct Stopwatch {
    started: Instant,
    /// CPU time of the thread at the start, or a little less.
    cpu: Duration,
}

impl Stopwatch {
    pub(super) fn start() -> Self {
        let started = Instant::now();
        let cpu = match ASKED.get() {
            Some((when, cpu)) if started.duration_since(when) < RECENT => cpu,
            _ => ask(started),
        };
        Self { started, cpu }
    }

    /// The CPU time since the start.
    pub(super) fn read(&self) -> Duration {
        let now = Instant::now();
        let elapsed = now.duration_since(self.started);
        if elapsed < LITTLE {
            return elapsed;
        }
        elapsed.min(ask(now).saturating_sub(self.cpu))
    }
}

fn ask(now: Instant) -> Duration {
    let cpu = thread_time();
    ASKED.set(Some((now, cpu)));
    cpu
}

/// The CPU time of this thread.
pub(super) fn thread_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::sleep;

    const LONG: Duration = Duration::from_millis(20);

    fn compute(time: Duration) {
        let started = thread_time();
        while thread_time() - started < time {}
    }

    #[test]
    fn computing_is_counted_and_waiting_is_not() {
        let watch = Stopwatch::start();
        compute(LONG);
        sleep(5 * LONG);
        let took = watch.read();
        assert!(took >= LONG && took < 2 * LONG, "{took:?}");
    }

    #[test]
    fn what_took_little_is_counted_by_the_clock() {
        let watch = Stopwatch::start();
        compute(LITTLE / 4);
        assert!(watch.read() >= LITTLE / 4);
    }

    #[test]
    fn what_is_timed_inside_is_no_matter() {
        let outer = Stopwatch::start();
        for _ in 0..4 {
            let inner = Stopwatch::start();
            compute(LONG / 4);
            assert!(inner.read() >= LONG / 4);
        }
        let took = outer.read();
        assert!(took >= LONG && took < 2 * LONG, "{took:?}");
    }

    #[test]
    fn what_came_before_is_counted_at_most_for_a_moment() {
        compute(LONG);
        let watch = Stopwatch::start();
        sleep(LONG);
        let took = watch.read();
        assert!(took < RECENT + LONG / 10, "{took:?}");
    }
}
