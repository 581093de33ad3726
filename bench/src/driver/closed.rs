//! The closed loop: so many requests in flight, each replaced when it ends.

use serde::Serialize;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What ends sooner is followed by a pause: a load that is refused at once must not become a
/// benchmark of refusals.
const SOON: Duration = Duration::from_millis(1);
const PAUSE: Duration = Duration::from_millis(10);

/// How often each thing happened.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Tally(BTreeMap<String, u64>);

impl Tally {
    pub(crate) fn add(&mut self, what: String) {
        *self.0.entry(what).or_default() += 1;
    }

    /// Takes in another one.
    pub(crate) fn join(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(what.clone()).or_default() += count;
        }
    }

    /// All of them together.
    pub(crate) fn sum(&self) -> u64 {
        self.0.values().sum()
    }

    /// In words, the most frequent first.
    pub(crate) fn words(&self) -> String {
        let mut sorted: Vec<_> = self.0.iter().collect();
        sorted.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let words = sorted
            .iter()
            .map(|(what, count)| format!("{count} {what}"))
            .collect::<Vec<_>>();
        words.join(", ")
    }
}

/// Keeps so many lanes busy until `stop`, and counts what came of each piece of work. Work that
/// has not ended by then is dropped.
pub(crate) async fn in_flight<W, F>(
    lanes: usize,
    stop: CancellationToken,
    work: impl Fn(usize) -> W,
) -> Tally
where
    W: Fn() -> F + Send + 'static,
    F: Future<Output = String> + Send + 'static,
{
    let tally = Arc::new(Mutex::new(Tally::default()));
    let mut running = JoinSet::new();
    for lane in 0..lanes {
        running.spawn(keep_busy(work(lane), Arc::clone(&tally)));
    }
    stop.cancelled().await;
    running.shutdown().await;
    let tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
    tally.clone()
}

async fn keep_busy<F: Future<Output = String>>(work: impl Fn() -> F, tally: Arc<Mutex<Tally>>) {
    loop {
        let start = Instant::now();
        let what = work().await;
        tally
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(what);
        if start.elapsed() < SOON {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn the_most_frequent_comes_first() {
        let mut tally = Tally::default();
        for what in ["a", "b", "b"] {
            tally.add(what.to_owned());
        }
        assert_eq!((tally.words().as_str(), tally.sum()), ("2 b, 1 a", 3));
    }
}
