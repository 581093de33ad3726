//! The committed costs, and what is held against them.

use super::{ALLOWED, MOST_ALLOCATIONS, program::Case};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, path::Path};

/// What a call takes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Cost {
    pub(super) instructions: u64,
    pub(super) allocations: u64,
    pub(super) allocated_bytes: u64,
}

/// What is committed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Baseline {
    /// With what it was measured; others count a little differently.
    pub(super) valgrind: String,
    pub(super) rustc: String,
    pub(super) calls: BTreeMap<String, Cost>,
}

/// Small calls for which the gateway allocates too often, whatever the baseline says.
pub(super) fn too_many(now: &Baseline, sandbox: u64) -> Vec<String> {
    let small = Case::ALL.iter().filter(|case| case.is_small());
    small
        .filter_map(|case| {
            let cost = now.calls.get(&case.to_string())?;
            let own = cost.allocations.saturating_sub(sandbox);
            (own > MOST_ALLOCATIONS).then(|| {
                format!("{case}: {own} allocations beside the sandbox, at most {MOST_ALLOCATIONS}")
            })
        })
        .collect()
}

/// With what else the baseline was measured: a difference may be theirs.
pub(super) fn differing(baseline: &Baseline, now: &Baseline) -> Vec<String> {
    [
        (&baseline.rustc, &now.rustc),
        (&baseline.valgrind, &now.valgrind),
    ]
    .into_iter()
    .filter(|(before, now)| before != now)
    .map(|(before, now)| format!("{before}, and this is {now}"))
    .collect()
}

/// What is dearer than the baseline allows.
pub(super) fn beyond(baseline: &Baseline, now: &Baseline) -> Vec<String> {
    let mut found = Vec::new();
    for (name, cost) in &now.calls {
        let Some(before) = baseline.calls.get(name) else {
            found.push(format!("{name}: not in the baseline"));
            continue;
        };
        let numbers = [
            ("instructions", before.instructions, cost.instructions),
            ("allocations", before.allocations, cost.allocations),
        ];
        for (what, before, now) in numbers {
            if now * 100 > before * (100 + ALLOWED) {
                let more = ratio(now, before) * 100.0 - 100.0;
                found.push(format!("{name}: {more:.1} % more {what}"));
            }
        }
    }
    found
}

#[expect(clippy::cast_precision_loss, reason = "a ratio with three digits")]
pub(super) fn ratio(above: u64, below: u64) -> f64 {
    above as f64 / below.max(1) as f64
}

/// The committed one, if there is one.
pub(super) fn read(path: &Path) -> Result<Option<Baseline>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context("reading the baseline"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Baseline, Case, Cost, beyond, differing, too_many};

    fn of(instructions: u64, allocations: u64) -> Baseline {
        let cost = Cost {
            instructions,
            allocations,
            allocated_bytes: 0,
        };
        Baseline {
            valgrind: String::new(),
            rustc: String::new(),
            calls: [("add".to_owned(), cost)].into(),
        }
    }

    #[test]
    fn five_percent_more_is_allowed_and_six_are_not() {
        let before = of(100_000, 100);
        assert_eq!(beyond(&before, &of(105_000, 100)), [""; 0]);
        assert_eq!(
            beyond(&before, &of(106_000, 106)),
            [
                "add: 6.0 % more instructions",
                "add: 6.0 % more allocations"
            ]
        );
        assert_eq!(beyond(&before, &of(50_000, 50)), [""; 0]);
    }

    #[test]
    fn sixty_allocations_beside_the_sandbox_are_allowed_in_a_small_call_and_no_more() {
        let with = |allocations| {
            let mut now = of(1, allocations);
            let cost = now.calls["add"];
            now.calls = Case::ALL
                .iter()
                .map(|case| (case.to_string(), cost))
                .collect();
            now
        };
        assert_eq!(too_many(&with(80), 20), [""; 0]);
        let found = too_many(&with(81), 20);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].ends_with("61 allocations beside the sandbox, at most 60"));
    }

    #[test]
    fn another_compiler_is_named_with_the_one_of_the_baseline() {
        let (mut before, mut now) = (of(1, 1), of(1, 1));
        assert_eq!(differing(&before, &now), [""; 0]);
        before.rustc = "rustc 1.95.0".to_owned();
        now.rustc = "rustc 1.96.0".to_owned();
        assert_eq!(
            differing(&before, &now),
            ["rustc 1.95.0, and this is rustc 1.96.0"]
        );
    }
}
