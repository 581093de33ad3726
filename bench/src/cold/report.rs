//! The tables.

use super::{First, large::Large};
use crate::{
    Verdict,
    driver::{Latency, Summary},
    machine::Machine,
    say::Output,
    spread::{Spread, digits},
    table::table,
    target::{self, Bound, Target},
};
use anyhow::Result;
use serde::Serialize;

/// Everything that was measured.
#[derive(Serialize)]
pub(super) struct Report {
    machine: Machine,
    tools: Vec<Row>,
    starting: Starting,
    targets: Vec<Target>,
}

/// The tool of one language.
#[derive(Serialize)]
pub(super) struct Row {
    language: &'static str,
    component_kib: usize,
    /// From an upload to the first answer.
    push: Summary,
    /// The code is in the page cache of the system.
    cached: Summary,
    /// The code has to be read from the disk.
    evicted: Summary,
    /// The second call of each.
    warm: Summary,
}

/// A start with much that is registered.
#[derive(Serialize)]
pub(super) struct Starting {
    pub(super) servers: u32,
    /// Seconds that it took to register them.
    pub(super) seeding_s: f64,
    pub(super) start_s: Spread,
    /// Of the gateway when it has just started and does nothing.
    pub(super) resident_mib: f64,
    pub(super) anonymous_mib: f64,
}

impl Row {
    pub(super) fn new(
        language: &'static str,
        component_kib: usize,
        push: Summary,
        first: &First,
    ) -> Self {
        Self {
            language,
            component_kib,
            push,
            cached: first.cached.summary(),
            evicted: first.evicted.summary(),
            warm: first.warm.summary(),
        }
    }

    pub(super) fn of_large(large: Large) -> Self {
        let mut push = Latency::new();
        push.record(large.push);
        Self::new(large.language, large.kib, push.summary(), &large.first)
    }

    fn shown(&self) -> [Vec<String>; 4] {
        [
            ("from upload to first answer", &self.push),
            (
                "first call after a start, code in the page cache",
                &self.cached,
            ),
            ("first call after a start, code on disk", &self.evicted),
            ("second call", &self.warm),
        ]
        .map(|(what, summary)| {
            let mut row = vec![
                self.language.to_owned(),
                what.to_owned(),
                summary.count.to_string(),
            ];
            let times = [
                summary.p50_ms,
                summary.p90_ms,
                summary.p99_ms,
                summary.max_ms,
            ];
            row.extend(times.map(digits));
            row
        })
    }

    /// A tool of a small language has to be there sooner.
    fn targets(&self) -> Vec<Target> {
        let most = if self.component_kib < 1 << 10 {
            5.0
        } else {
            50.0
        };
        let name = |what: &str| format!("{}: {what}", self.language);
        let first = [("page cache", &self.cached), ("disk", &self.evicted)];
        let mut targets: Vec<_> = first
            .into_iter()
            .map(|(from, summary)| {
                let what = name(&format!("p99 ms of a first call, code from {from}"));
                Target::new(what, Bound::AtMost(most), Spread::of([summary.p99_ms]))
            })
            .collect();
        if self.component_kib < 1 << 10 {
            targets.push(Target::new(
                name("p99 ms from upload to first answer"),
                Bound::AtMost(1_000.0),
                Spread::of([self.push.p99_ms]),
            ));
        }
        targets
    }
}

impl Starting {
    fn targets(&self) -> [Target; 2] {
        let name = |what: &str| format!("{} servers of 10 tools: {what}", self.servers);
        [
            Target::new(name("s of a start"), Bound::AtMost(2.0), self.start_s),
            Target::new(
                name("idle MiB resident"),
                Bound::AtMost(250.0),
                Spread::of([self.resident_mib]),
            ),
        ]
    }

    fn shown(&self) -> String {
        let headings = [
            "servers",
            "tools",
            "registered in s",
            "a start takes s",
            "idle MiB resident",
            "MiB anonymous",
        ];
        let row = vec![
            self.servers.to_string(),
            (u64::from(self.servers) * 10).to_string(),
            digits(self.seeding_s),
            self.start_s.words(),
            digits(self.resident_mib),
            digits(self.anonymous_mib),
        ];
        table(&headings, &[], vec![row])
    }
}

impl Report {
    pub(super) fn new(machine: Machine, tools: Vec<Row>, starting: Starting) -> Self {
        let mut targets: Vec<_> = tools.iter().flat_map(Row::targets).collect();
        targets.extend(starting.targets());
        Self {
            machine,
            tools,
            starting,
            targets,
        }
    }

    pub(super) fn show(&self, output: &Output) -> Result<Verdict> {
        let sizes = self.tools.iter();
        let sizes: Vec<_> = sizes
            .map(|row| format!("{} {} KiB", row.language, row.component_kib))
            .collect();
        output.people(&format!(
            "{}\ntools     {}; each component another digest\n",
            self.machine.words(),
            sizes.join(", ")
        ));
        let headings = [
            "tool", "what", "times", "p50 ms", "p90 ms", "p99 ms", "most ms",
        ];
        let rows = self.tools.iter().flat_map(Row::shown).collect();
        output.people(&table(&headings, &[0, 1], rows));
        output.people("\nStarts with much that is registered:\n");
        output.people(&self.starting.shown());
        output.people("\nTargets:\n");
        output.people(&target::shown(&self.targets));
        output.programs(self)?;
        Ok(target::verdict(&self.targets))
    }
}
