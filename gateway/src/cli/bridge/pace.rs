//! How long to wait before trying again.

use std::time::Duration;
use tokio::time::{Instant, sleep};

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// Waits longer each time, and in the end no more.
#[derive(Debug)]
pub(super) struct Pace {
    next: Duration,
    until: Option<Instant>,
}

impl Pace {
    /// Gives up after a while.
    pub(super) fn within(patience: Duration) -> Self {
        Self {
            next: FIRST,
            until: Some(Instant::now() + patience),
        }
    }

    /// Never gives up.
    pub(super) fn endless() -> Self {
        Self {
            next: FIRST,
            until: None,
        }
    }

    /// Waits; false if there is no patience left.
    pub(super) async fn wait(&mut self) -> bool {
        let Some(wait) = self.next_at(Instant::now()) else {
            return false;
        };
        sleep(wait).await;
        true
    }

    fn next_at(&mut self, now: Instant) -> Option<Duration> {
        let wait = self.next;
        if self.until.is_some_and(|until| now + wait > until) {
            return None;
        }
        self.next = (wait * 2).min(LONGEST);
        Some(wait)
    }

    /// It worked: the next wait is short again.
    pub(super) fn reset(&mut self) {
        self.next = FIRST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_until_patience_ends() {
        let mut pace = Pace::within(Duration::from_secs(30));
        let start = Instant::now();
        let mut now = start;
        let mut waits = Vec::new();
        while let Some(wait) = pace.next_at(now) {
            now += wait;
            waits.push(wait.as_millis());
        }
        assert_eq!(waits[..7], [100, 200, 400, 800, 1600, 3200, 5000]);
        assert!(now - start <= Duration::from_secs(31), "{waits:?}");
        assert!(waits.len() < 12, "{waits:?}");
        pace.reset();
        assert_eq!(Pace::endless().next_at(now), Some(FIRST));
    }
}
