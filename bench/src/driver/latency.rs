//! Times in a histogram, and the few numbers that are shown of it.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::time::Duration;

/// Times, to three digits.
#[derive(Debug)]
pub(crate) struct Latency {
    nanos: Histogram<u64>,
}

/// What is shown of many times, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Summary {
    pub(crate) count: u64,
    pub(crate) p50_ms: f64,
    pub(crate) p90_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p999_ms: f64,
    pub(crate) max_ms: f64,
}

impl Latency {
    pub(crate) fn new() -> Self {
        let nanos = Histogram::new(3).expect("three digits are within 0 to 5");
        Self { nanos }
    }

    pub(crate) fn record(&mut self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.nanos
            .record(nanos)
            .expect("a histogram without a maximum grows as needed");
    }

    /// Takes in the times of another one.
    pub(crate) fn add(&mut self, other: &Self) {
        self.nanos
            .add(&other.nanos)
            .expect("a histogram without a maximum grows as needed");
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.nanos.len()
    }

    pub(crate) fn summary(&self) -> Summary {
        let at = |quantile| millis(self.nanos.value_at_quantile(quantile));
        Summary {
            count: self.nanos.len(),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: millis(self.nanos.max()),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a time that a benchmark waits for has far fewer digits"
)]
fn millis(nanos: u64) -> f64 {
    nanos as f64 / 1_000_000.0
}

#[cfg(test)]
mod tests {
    use super::Latency;
    use std::time::Duration;

    #[test]
    fn one_slow_answer_of_a_hundred_shows_in_the_maximum_and_two_in_the_p99() {
        let mut latency = Latency::new();
        for _ in 0..99 {
            latency.record(Duration::from_millis(5));
        }
        latency.record(Duration::from_secs(1));
        assert!(latency.summary().p99_ms < 6.0);
        assert!(latency.summary().max_ms > 990.0);
        latency.record(Duration::from_secs(1));
        assert!(latency.summary().p99_ms > 990.0);
    }
}
