//! The open loop: a constant rate, whatever comes back.

use super::{Latency, Summary, Tally};
use serde::Serialize;
use std::time::Duration;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until, timeout_at},
};

/// Answers that come this long after the last request was due still count as throughput.
const GRACE: Duration = Duration::from_secs(1);
/// Answers that do not come this long after the last request was due count as errors.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often to send, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Requests in a second.
    pub(crate) rate: u32,
    /// How long to send.
    pub(crate) time: Duration,
}

/// What an open loop saw.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Measured {
    /// Requests that were due.
    pub(crate) due: u64,
    /// Those that were answered well, and soon enough to count as throughput.
    pub(crate) in_time: u64,
    /// What went wrong, and how often.
    pub(crate) errors: Tally,
    /// From the time a request was due to its answer. One that was never answered counts with the
    /// time that it was waited for.
    pub(crate) latency: Summary,
    /// From the time a request was due to when this program came to send it.
    pub(crate) lateness: Summary,
}

impl Measured {
    /// The part of the requests that was answered well and in time.
    #[expect(
        clippy::cast_precision_loss,
        reason = "no benchmark sends that many requests"
    )]
    pub(crate) fn throughput(&self) -> f64 {
        self.in_time as f64 / self.due.max(1) as f64
    }
}

/// One request that came to its end.
struct Ended {
    number: usize,
    due: Instant,
    at: Instant,
    error: Option<String>,
}

impl Pace {
    /// Sends at this pace. The future of a request says what went wrong with it, if anything did.
    pub(crate) async fn run<F>(self, send: impl Fn() -> F) -> Measured
    where
        F: Future<Output = Option<String>> + Send + 'static,
    {
        let start = Instant::now();
        let count = usize::try_from(self.time.as_millis() * u128::from(self.rate) / 1_000)
            .expect("no benchmark sends that many requests");
        let due_at = |number: usize| start + self.time.mul_f64(number as f64 / count.max(1) as f64);
        let mut lateness = Latency::new();
        let mut running = JoinSet::new();
        for number in 0..count {
            let due = due_at(number);
            sleep_until(due).await;
            lateness.record(due.elapsed());
            let request = send();
            running.spawn(async move {
                let error = request.await;
                let at = Instant::now();
                Ended {
                    number,
                    due,
                    at,
                    error,
                }
            });
        }
        let end = start + self.time;
        let mut account = Account::new(count, end + GRACE);
        while let Ok(Some(ended)) = timeout_at(end + PATIENCE, running.join_next()).await {
            account.add(ended.expect("a request does not panic"));
        }
        account.close(due_at, lateness.summary())
    }
}

/// The requests of one run.
struct Account {
    answered: Vec<bool>,
    in_time_until: Instant,
    in_time: u64,
    errors: Tally,
    latency: Latency,
}

impl Account {
    fn new(count: usize, in_time_until: Instant) -> Self {
        Self {
            answered: vec![false; count],
            in_time_until,
            in_time: 0,
            errors: Tally::default(),
            latency: Latency::new(),
        }
    }

    fn add(&mut self, ended: Ended) {
        self.answered[ended.number] = true;
        self.latency.record(ended.at - ended.due);
        match ended.error {
            Some(error) => self.errors.add(error),
            None if ended.at <= self.in_time_until => self.in_time += 1,
            None => {}
        }
    }

    fn close(mut self, due_at: impl Fn(usize) -> Instant, lateness: Summary) -> Measured {
        for (number, _) in self.answered.iter().enumerate().filter(|(_, done)| !**done) {
            self.latency.record(due_at(number).elapsed());
            self.errors.add("unanswered".to_owned());
        }
        Measured {
            due: self.answered.len() as u64,
            in_time: self.in_time,
            errors: self.errors,
            latency: self.latency.summary(),
            lateness,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };

    const PACE: Pace = Pace {
        rate: 100,
        time: Duration::from_secs(2),
    };

    #[tokio::test(start_paused = true)]
    async fn a_stall_is_charged_to_every_request_that_was_due_in_it() {
        // One resource that is busy for the whole first second, as a stalled server is.
        let free_at = tokio::time::Instant::now() + Duration::from_secs(1);
        let stalled = PACE
            .run(|| async move {
                tokio::time::sleep_until(free_at).await;
                None
            })
            .await;
        assert_eq!((stalled.due, stalled.in_time), (200, 200));
        assert!(stalled.latency.p90_ms > 790.0, "{:?}", stalled.latency);
        let quick = PACE.run(|| async { None }).await;
        assert!(quick.latency.max_ms < 2.0, "{:?}", quick.latency);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_never_answered_is_an_error_and_as_late_as_it_was_waited_for() {
        let sent = Arc::new(AtomicUsize::new(0));
        let measured = PACE
            .run(|| {
                let number = sent.fetch_add(1, Ordering::Relaxed);
                async move {
                    if number.is_multiple_of(2) {
                        std::future::pending::<()>().await;
                    }
                    Some("refused".to_owned()).filter(|_| number == 1)
                }
            })
            .await;
        assert_eq!(measured.errors.words(), "100 unanswered, 1 refused");
        assert!((measured.throughput() - 0.495).abs() < 1e-9);
        assert!(measured.latency.p90_ms > 10_000.0);
    }
}
