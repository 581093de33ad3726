//! What is to be reached, and whether it was.

use crate::{
    Verdict,
    spread::{Spread, digits},
    table::table,
};
use serde::Serialize;

/// The bare sandbox and the client are in this program.
const UNOPTIMIZED: bool = cfg!(debug_assertions);

/// A number that must not be passed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// One thing that is to be reached: its median is what counts.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Target {
    what: String,
    bound: Bound,
    measured: Spread,
    held: bool,
}

impl Target {
    pub(crate) fn new(what: impl Into<String>, bound: Bound, measured: Spread) -> Self {
        Self {
            what: what.into(),
            bound,
            measured,
            held: bound.holds(measured.median),
        }
    }
}

impl Target {
    /// What was measured once has no spread.
    fn measured(&self) -> String {
        let Spread {
            median,
            least,
            most,
        } = self.measured;
        if least < most {
            self.measured.words()
        } else {
            digits(median)
        }
    }
}

impl Bound {
    /// What was not measured holds nothing.
    fn holds(self, number: f64) -> bool {
        match self {
            Self::AtMost(most) => number <= most,
            Self::AtLeast(least) => number >= least,
        }
    }

    fn words(self) -> String {
        match self {
            Self::AtMost(most) => format!("≤ {}", digits(most)),
            Self::AtLeast(least) => format!("≥ {}", digits(least)),
        }
    }
}

/// All of them, for people.
pub(crate) fn shown(targets: &[Target]) -> String {
    let rows = targets.iter().map(|target| {
        let verdict = if target.held { "held" } else { "MISSED" };
        vec![
            target.what.clone(),
            target.bound.words(),
            target.measured(),
            verdict.to_owned(),
        ]
    });
    let headings = ["target", "bound", "measured", "verdict"];
    let table = table(&headings, &[0, 3], rows.collect());
    if UNOPTIMIZED {
        return format!(
            "{table}\n\nThis program was built without optimizations: no verdict counts."
        );
    }
    table
}

/// What came of all of them.
pub(crate) fn verdict(targets: &[Target]) -> Verdict {
    let held = targets.iter().all(|target| target.held);
    of(held, UNOPTIMIZED)
}

/// A program that is slow by itself says nothing of what it measures.
fn of(held: bool, unoptimized: bool) -> Verdict {
    match (held, unoptimized) {
        (_, true) => Verdict::Unclear,
        (true, false) => Verdict::Held,
        (false, false) => Verdict::Missed,
    }
}

#[cfg(test)]
mod tests {
    use super::{Bound, Target, of};
    use crate::{Verdict, spread::Spread};

    fn target(bound: Bound, numbers: &[f64]) -> Target {
        Target::new("a ratio", bound, Spread::of(numbers.iter().copied()))
    }

    #[test]
    fn the_median_decides_and_what_was_not_measured_is_missed() {
        assert!(target(Bound::AtMost(1.5), &[1.4, 1.5, 9.0]).held);
        assert!(!target(Bound::AtLeast(20.0), &[19.0, 19.9, 50.0]).held);
        assert!(!target(Bound::AtMost(1.0), &[]).held);
    }

    #[test]
    fn a_program_without_optimizations_gives_no_verdict() {
        assert_eq!(of(true, false), Verdict::Held);
        assert_eq!(of(false, false), Verdict::Missed);
        assert_eq!(of(true, true), Verdict::Unclear);
    }
}
