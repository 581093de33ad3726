//! The table, and the verdict.

use super::{
    Half,
    bounds::{Bounds, Miss},
    cell::{Baseline, Cell},
    guards::Guards,
    setup::Scene,
};
use crate::{
    Verdict,
    machine::{Cores, Machine},
    say::Output,
    table::{millis, table},
};
use anyhow::Result;
use serde::Serialize;
use std::time::Duration;

const HEADINGS: [&str; 11] = [
    "family",
    "tenants",
    "in flight",
    "errors",
    "p50 ms",
    "p99 ms",
    "in time %",
    "growth MiB",
    "livez p99",
    "others",
    "verdict",
];
const WORDS: [usize; 2] = [0, 10];
/// What others may use before it is said, in cores.
const DISTURBING: f64 = 0.2;

/// Everything that was measured.
#[derive(Serialize)]
pub(super) struct Report {
    machine: Machine,
    cores: String,
    seconds: u64,
    victim_cpu_ms: f64,
    parts: Vec<Part>,
}

/// The cells with the guards on, or those with the guards off.
#[derive(Serialize)]
struct Part {
    guards: Guards,
    baseline: Baseline,
    bounds: Bounds,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    cell: Cell,
    missed: Vec<Miss>,
}

impl Report {
    pub(super) fn new(machine: Machine, cores: &Cores, scene: &Scene, time: Duration) -> Self {
        Self {
            machine,
            cores: cores.words(),
            seconds: time.as_secs(),
            victim_cpu_ms: scene.victim_cpu.as_secs_f64() * 1_000.0,
            parts: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, guards: Guards, half: Half) {
        let Half {
            baseline,
            bounds,
            cells,
        } = half;
        let rows = cells
            .into_iter()
            .map(|cell| Row {
                missed: bounds.misses(&cell),
                cell,
            })
            .collect();
        self.parts.push(Part {
            guards,
            baseline,
            bounds,
            rows,
        });
    }

    /// Whether everything was as it must be.
    pub(super) fn verdict(&self) -> Verdict {
        if self.parts.iter().all(Part::is_as_it_must_be) {
            Verdict::Held
        } else {
            Verdict::Missed
        }
    }

    pub(super) fn show(&self, output: &Output) -> Result<()> {
        output.people(&format!("{}\n{}", self.machine.words(), self.setting()));
        for part in &self.parts {
            output.people(&format!("\n{}", part.heading()));
            output.people(&table(&HEADINGS, &WORDS, part.cells()));
            output.people(&part.load());
            output.people(&part.conclusion());
            if let Some(warning) = part.disturbed() {
                output.people(&warning);
            }
        }
        output.programs(self)
    }

    fn setting(&self) -> String {
        format!(
            "cores     {}\n\
             victim    20 calls/s of {:.1} ms CPU, {} s for each row, times from when a call was due",
            self.cores, self.victim_cpu_ms, self.seconds
        )
    }
}

impl Part {
    fn is_as_it_must_be(&self) -> bool {
        self.rows.iter().all(|row| row.is_as_it_must_be())
    }

    fn heading(&self) -> String {
        let alone = &self.baseline.victim.latency;
        let title = match self.guards {
            Guards::On => "Guards on",
            Guards::Off => "Control: guards off",
        };
        format!(
            "{title}. The victim alone: p50 {} ms, p99 {} ms, {} errors, livez p99 {} ms, others {:.2}\n\
             Bounds: 0 errors, p99 {} ms, {:.0} % in time, growth {} MiB beyond what calls may hold, \
             livez p99 {} ms",
            millis(alone.p50_ms),
            millis(alone.p99_ms),
            self.baseline.victim.errors.sum(),
            millis(self.baseline.livez.latency.p99_ms),
            self.baseline.others,
            millis(self.bounds.p99_ms),
            self.bounds.throughput * 100.0,
            self.bounds.growth_beyond_grants >> 20,
            millis(self.bounds.livez_p99_ms),
        )
    }

    fn cells(&self) -> Vec<Vec<String>> {
        self.rows.iter().map(Row::cells).collect()
    }

    /// What the hostile load was, so that a row cannot pass because nothing happened.
    fn load(&self) -> String {
        let rows = self.rows.iter().map(|row| {
            let ended = match row.cell.hostile.words() {
                words if words.is_empty() => "none ended while it was measured".to_owned(),
                words => words,
            };
            format!("  {}: {ended}", row.cell.plan)
        });
        let lines: Vec<_> = rows.collect();
        format!("\nHow hostile requests ended:\n{}\n", lines.join("\n"))
    }

    /// Whose numbers are not to be believed.
    fn disturbed(&self) -> Option<String> {
        let others = self.rows.iter().map(|row| row.cell.others);
        let others = others.chain([self.baseline.others]);
        let disturbed = others.filter(|others| *others > DISTURBING).count();
        (disturbed > 0).then(|| {
            format!(
                "{disturbed} measurements were taken while other programs used more than \
                 {DISTURBING} cores (column `others`). Run them again on a quiet machine."
            )
        })
    }

    fn conclusion(&self) -> String {
        let wrong = self.rows.iter().filter(|row| !row.is_as_it_must_be());
        let (wrong, all) = (wrong.count(), self.rows.len());
        match (self.guards, wrong) {
            (Guards::On, 0) => format!("All {all} rows hold the bounds."),
            (Guards::On, _) => format!("{wrong} of {all} rows miss a bound."),
            (Guards::Off, 0) => "The control fails, as it must.".to_owned(),
            (Guards::Off, _) => format!(
                "{wrong} of {all} rows hold the bounds without guards, so for them the bounds \
                 prove nothing."
            ),
        }
    }
}

impl Row {
    fn is_as_it_must_be(&self) -> bool {
        self.missed.is_empty() == (self.cell.guards == Guards::On)
    }

    fn cells(&self) -> Vec<String> {
        let Cell {
            plan,
            victim,
            livez,
            growth,
            granted,
            others,
            ..
        } = &self.cell;
        vec![
            plan.family.to_string(),
            plan.tenants.to_string(),
            plan.in_flight.to_string(),
            victim.errors.sum().to_string(),
            millis(victim.latency.p50_ms),
            millis(victim.latency.p99_ms),
            format!("{:.1}", victim.throughput() * 100.0),
            format!("{} of {}", growth >> 20, (granted >> 20) + 64),
            millis(livez.latency.p99_ms),
            format!("{others:.2}"),
            self.verdict(),
        ]
    }

    fn verdict(&self) -> String {
        let words: Vec<_> = self.missed.iter().map(|miss| miss.word()).collect();
        match (self.cell.guards, &*words) {
            (Guards::On, []) => "pass".to_owned(),
            (Guards::On, _) => format!("FAIL: {}", words.join(", ")),
            (Guards::Off, []) => "PASSES, and must not".to_owned(),
            (Guards::Off, _) => format!("fails, as it must: {}", words.join(", ")),
        }
    }
}
