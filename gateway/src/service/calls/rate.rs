//! How many calls begin in a minute: a bucket that holds a minute's calls and fills up evenly.
//!
//! It is one number, the time at which it will be full again, so that taking a call out costs next
//! to nothing. A burst of a whole minute's calls is served at once; after that they come one by one.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// In nanoseconds.
const MINUTE: u64 = 60_000_000_000;

/// A bucket. It begins full.
#[derive(Debug, Default)]
pub(super) struct Rate {
    full_at: AtomicU64,
}

impl Rate {
    /// Takes a call out, or tells after how long there will be one. `now` is in nanoseconds since
    /// whenever.
    pub(super) fn take(&self, per_minute: u64, now: u64) -> Result<(), Duration> {
        let each = MINUTE / per_minute.max(1);
        let latest = now.saturating_add(MINUTE);
        let order = Ordering::Relaxed;
        let taken = self.full_at.fetch_update(order, order, |full_at| {
            let next = full_at.max(now).saturating_add(each);
            (next <= latest).then_some(next)
        });
        let wait = |full_at: u64| full_at.saturating_add(each).saturating_sub(latest);
        taken
            .map(drop)
            .map_err(|full_at| Duration::from_nanos(wait(full_at)))
    }

    /// Whether nothing is missing from it.
    pub(super) fn is_full(&self, now: u64) -> bool {
        self.full_at.load(Ordering::Relaxed) <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_burst_of_a_minute_is_served_and_then_one_by_one() {
        let rate = Rate::default();
        let start = 1_000 * SECOND;
        for _ in 0..6 {
            assert_eq!(rate.take(6, start), Ok(()));
        }
        assert_eq!(rate.take(6, start), Err(Duration::from_secs(10)));
        let later = start + 4 * SECOND;
        assert_eq!(rate.take(6, later), Err(Duration::from_secs(6)));
        let next = start + 10 * SECOND;
        assert_eq!(rate.take(6, next), Ok(()));
        assert!(rate.take(6, next).is_err() && !rate.is_full(next));
        let rested = next + MINUTE;
        assert!(rate.is_full(rested));
        for _ in 0..6 {
            assert_eq!(rate.take(6, rested), Ok(()));
        }
    }

    #[test]
    fn another_limit_holds_at_once() {
        let rate = Rate::default();
        for _ in 0..100 {
            assert_eq!(rate.take(1_000, 0), Ok(()));
        }
        assert_eq!(rate.take(1, 0), Err(Duration::from_secs(6)));
        assert_eq!(rate.take(1_000, 0), Ok(()));
    }

    #[test]
    fn many_at_once_never_get_more_than_there_is() {
        let rate = Rate::default();
        let taken = || (0..1_000).filter(|_| rate.take(1_500, 7).is_ok()).count();
        let sum: usize = std::thread::scope(|scope| {
            let all = [(); 4].map(|()| scope.spawn(taken));
            all.map(|one| one.join().unwrap()).iter().sum()
        });
        assert_eq!(sum, 1_500);
    }
}
