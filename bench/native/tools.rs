//! What the tools do, without a protocol.

use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;

/// Computes until this thread has used so much CPU time.
pub(crate) fn burn(millis: u32) -> String {
    let end = thread_micros() + i64::from(millis) * 1_000;
    let mut state = 1_u64;
    while thread_micros() < end {
        for _ in 0..10_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state = black_box(state);
        }
    }
    state.to_string()
}

fn thread_micros() -> i64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
}
