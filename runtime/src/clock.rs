//! The clocks a guest sees: real, but no finer than a millisecond.
//!
//! Tools need dates and time-outs. They do not need to time their neighbors' cache lines.

use std::time::{Duration, Instant, SystemTime};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

const STEP: Duration = Duration::from_millis(1);

/// The time of day, in whole milliseconds.
pub(crate) struct WallClock;

impl HostWallClock for WallClock {
    fn resolution(&self) -> Duration {
        STEP
    }

    fn now(&self) -> Duration {
        // A host whose clock stands before 1970 has no time to tell.
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
    }
}

/// The time since the start of the call, in whole milliseconds.
pub(crate) struct MonotonicClock {
    started: Instant,
}

impl MonotonicClock {
    pub(crate) fn new(started: Instant) -> Self {
        Self { started }
    }
}

impl HostMonotonicClock for MonotonicClock {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        elapsed.saturating_mul(1_000_000)
    }
}
