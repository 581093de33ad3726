//! What a victim may notice of its neighbors, and no more.

use super::cell::Cell;
use crate::driver::Measured;
use serde::Serialize;

/// Beyond what was granted to calls, in bytes.
const GROWTH: u64 = 64 << 20;
const LIVEZ_MS: f64 = 20.0;
const THROUGHPUT: f64 = 0.99;

/// The bounds, as they follow from what the victim sees when it is alone.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Bounds {
    pub(super) p99_ms: f64,
    pub(super) throughput: f64,
    pub(super) livez_p99_ms: f64,
    pub(super) growth_beyond_grants: u64,
}

/// A bound that was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Miss {
    Errors,
    P99,
    Throughput,
    Memory,
    Livez,
}

impl Miss {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::P99 => "p99",
            Self::Throughput => "throughput",
            Self::Memory => "memory",
            Self::Livez => "livez",
        }
    }
}

impl Bounds {
    pub(super) fn from_baseline(alone: &Measured) -> Self {
        let p99 = alone.latency.p99_ms;
        Self {
            p99_ms: (2.0 * p99).max(p99 + 25.0),
            throughput: THROUGHPUT,
            livez_p99_ms: LIVEZ_MS,
            growth_beyond_grants: GROWTH,
        }
    }

    /// Every bound that a cell missed.
    pub(super) fn misses(&self, cell: &Cell) -> Vec<Miss> {
        let victim = &cell.victim;
        let checks = [
            (Miss::Errors, victim.errors.sum() > 0),
            (Miss::P99, victim.latency.p99_ms > self.p99_ms),
            (Miss::Throughput, victim.throughput() < self.throughput),
            (
                Miss::Memory,
                cell.growth > cell.granted + self.growth_beyond_grants,
            ),
            (
                Miss::Livez,
                cell.livez.errors.sum() > 0 || cell.livez.latency.p99_ms > self.livez_p99_ms,
            ),
        ];
        let missed = checks.into_iter().filter(|(_, missed)| *missed);
        missed.map(|(miss, _)| miss).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        driver::{Summary, Tally},
        neighbors::{cell::Plan, family::Family, guards::Guards},
    };

    fn measured(p99_ms: f64, in_time: u64) -> Measured {
        let latency = Summary {
            count: 1_000,
            p50_ms: 1.0,
            p90_ms: 1.0,
            p99_ms,
            p999_ms: p99_ms,
            max_ms: p99_ms,
        };
        Measured {
            due: 1_000,
            in_time,
            errors: Tally::default(),
            latency,
            lateness: latency,
        }
    }

    fn cell(victim: Measured, livez: Measured, growth: u64) -> Cell {
        Cell {
            plan: Plan {
                family: Family::Cpu,
                tenants: 1,
                in_flight: 1,
            },
            guards: Guards::On,
            victim,
            livez,
            growth,
            granted: GROWTH,
            hostile: Tally::default(),
            others: 0.0,
        }
    }

    #[test]
    fn the_bound_on_the_p99_is_25_ms_more_or_twice_as_much() {
        let bound = |alone| Bounds::from_baseline(&measured(alone, 1_000)).p99_ms;
        assert!((bound(8.0) - 33.0).abs() < 1e-9);
        assert!((bound(40.0) - 80.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_exactly_on_the_bounds_holds_them() {
        let bounds = Bounds::from_baseline(&measured(8.0, 1_000));
        let cell = cell(measured(33.0, 990), measured(20.0, 1_000), 2 * GROWTH);
        assert_eq!(bounds.misses(&cell), []);
    }

    #[test]
    fn each_bound_is_missed_by_a_little_more() {
        let bounds = Bounds::from_baseline(&measured(8.0, 1_000));
        let (victim, livez) = (measured(33.0, 990), measured(20.0, 1_000));
        let mut wrong = victim.clone();
        wrong.errors.add("refused".to_owned());
        let cases = [
            (Miss::Errors, cell(wrong, livez.clone(), 0)),
            (Miss::P99, cell(measured(33.1, 990), livez.clone(), 0)),
            (
                Miss::Throughput,
                cell(measured(33.0, 989), livez.clone(), 0),
            ),
            (Miss::Memory, cell(victim.clone(), livez, 2 * GROWTH + 1)),
            (Miss::Livez, cell(victim, measured(20.1, 1_000), 0)),
        ];
        for (miss, cell) in cases {
            assert_eq!(bounds.misses(&cell), [miss]);
        }
    }
}
