//! The table, and the verdict.

use super::{
    bounds::{Bounds, Miss},
    cell::{Baseline, Cell},
    guards::Guards,
    setup::Scene,
};
use crate::{
    Verdict,
    machine::{Cores, DISTURBING, Machine},
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

/// Everything that was measured.
#[derive(Serialize)]
pub(super) struct Report {
    machine: Machine,
    cores: String,
    seconds: u64,
    victim_cpu_ms: f64,
    alone: Baseline,
    bounds: Bounds,
    rows: Vec<Row>,
}

/// A cell, and the bounds it missed.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    cell: Cell,
    missed: Vec<Miss>,
}

impl Report {
    pub(super) fn new(
        machine: Machine,
        cores: &Cores,
        scene: &Scene,
        time: Duration,
        alone: Baseline,
    ) -> Self {
        Self {
            machine,
            cores: cores.words(),
            seconds: time.as_secs(),
            victim_cpu_ms: scene.victim_cpu.as_secs_f64() * 1_000.0,
            bounds: Bounds::from_baseline(&alone.victim),
            alone,
            rows: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, cell: Cell) {
        let missed = self.bounds.misses(&cell);
        self.rows.push(Row { cell, missed });
    }

    /// Whether everything was as it must be.
    pub(super) fn verdict(&self) -> Verdict {
        if !self.rows.iter().all(Row::is_as_it_must_be) {
            Verdict::Missed
        } else if self.alone.others > DISTURBING {
            // What disturbs the victim when it is alone loosens every bound.
            Verdict::Unclear
        } else {
            Verdict::Held
        }
    }

    pub(super) fn show(&self, output: &Output) -> Result<()> {
        output.people(&format!("{}\n{}", self.machine.words(), self.setting()));
        for guards in [Guards::On, Guards::Off] {
            let rows = self.rows.iter().filter(|row| row.cell.guards == guards);
            let rows: Vec<_> = rows.collect();
            if rows.is_empty() {
                continue;
            }
            let title = match guards {
                Guards::On => "With the guards on",
                Guards::Off => "The control, with the guards off",
            };
            let cells = rows.iter().map(|row| row.cells()).collect();
            output.people(&format!("\n{title}:\n"));
            output.people(&table(&HEADINGS, &WORDS, cells));
            output.people(&ends(&rows));
            output.people(&conclusion(guards, &rows));
        }
        if let Some(warning) = self.disturbed() {
            output.people(&warning);
        }
        output.programs(self)
    }

    fn setting(&self) -> String {
        let alone = &self.alone.victim;
        format!(
            "cores     {}\n\
             victim    20 calls/s of {:.1} ms CPU, {} s for each row, timed from when a call was due\n\
             alone     p50 {} ms, p99 {} ms, {} errors; livez p99 {} ms; others {:.2} cores\n\
             bounds    0 errors, p99 {} ms, {:.0} % in time, growth {} MiB beyond what calls may \
             hold, livez p99 {} ms",
            self.cores,
            self.victim_cpu_ms,
            self.seconds,
            millis(alone.latency.p50_ms),
            millis(alone.latency.p99_ms),
            alone.errors.sum(),
            millis(self.alone.livez.latency.p99_ms),
            self.alone.others,
            millis(self.bounds.p99_ms),
            self.bounds.throughput * 100.0,
            self.bounds.growth_beyond_grants >> 20,
            millis(self.bounds.livez_p99_ms),
        )
    }

    /// Whose numbers are not to be believed.
    fn disturbed(&self) -> Option<String> {
        let others = self.rows.iter().map(|row| row.cell.others);
        let others = others.chain([self.alone.others]);
        let disturbed = others.filter(|others| *others > DISTURBING).count();
        (disturbed > 0).then(|| {
            format!(
                "\n{disturbed} of {} measurements were taken while other programs used more than \
                 {DISTURBING} cores (column `others`). Run them again on a quiet machine.",
                self.rows.len() + 1
            )
        })
    }
}

/// What became of the hostile requests, so that no row passes because nothing happened.
fn ends(rows: &[&Row]) -> String {
    let lines = rows.iter().map(|row| {
        let ended = match row.cell.hostile.words() {
            words if words.is_empty() => "none ended while it was measured".to_owned(),
            words => words,
        };
        format!("  {}: {ended}", row.cell.plan)
    });
    let lines: Vec<_> = lines.collect();
    format!("\nHow hostile requests ended:\n{}\n", lines.join("\n"))
}

fn conclusion(guards: Guards, rows: &[&Row]) -> String {
    let wrong = rows.iter().filter(|row| !row.is_as_it_must_be());
    let (wrong, all) = (wrong.count(), rows.len());
    match (guards, wrong) {
        (Guards::On, 0) => format!("All {all} rows hold the bounds."),
        (Guards::On, _) => format!("{wrong} of {all} rows miss a bound."),
        (Guards::Off, 0) => "The control fails, as it must.".to_owned(),
        (Guards::Off, _) => format!(
            "{wrong} of {all} rows hold the bounds without guards, so for them the bounds prove \
             nothing."
        ),
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
