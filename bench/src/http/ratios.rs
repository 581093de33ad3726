//! What is compared within each round, and what of it is a target.

use super::{
    contender::{Era, OURS},
    measure::Cell,
    peer::Kind,
    report::Row,
    sandbox::SandboxRow,
    tool::Tool,
};
use crate::{
    spread::Spread,
    table::table,
    target::{Bound, Target},
};

/// Everything that is compared.
#[derive(Clone, Copy)]
pub(super) struct Ratios<'a> {
    pub(super) rows: &'a [Row],
    pub(super) sandbox: &'a [SandboxRow],
}

/// What a peer takes of CPU for a small call, against the gateway, at least.
const PEERS: [(Kind, f64); 3] = [
    (Kind::Rmcp, 1.0),
    (Kind::TypeScript, 20.0),
    (Kind::FastMcp, 35.0),
];

impl Ratios<'_> {
    fn row(&self, server: &str, era: Era, tool: Tool) -> Option<&Row> {
        let mut rows = self.rows.iter();
        rows.find(|row| (row.server, row.era, row.tool) == (server, era, tool))
    }

    /// The bare handler, which has one answer for all revisions.
    fn handler(&self, tool: Tool) -> Option<&Row> {
        self.row(Kind::Axum.name(), Era::Modern, tool)
    }

    /// CPU against that of the bare handler and the bare sandbox together.
    fn cpu_to_limit(&self, row: &Row) -> Spread {
        let handler = self.handler(row.tool).map(cpu).unwrap_or_default();
        let sandbox = self.sandbox.iter().find(|bare| bare.tool == row.tool);
        let sandbox = sandbox.map_or(&[][..], |bare| &bare.cpu_us);
        let limit: Vec<f64> = handler.iter().zip(sandbox).map(|(a, b)| a + b).collect();
        Spread::of_ratios(&cpu(row), &limit)
    }

    /// CPU against that of the gateway in the same revision.
    fn cpu_to_ours(&self, row: &Row) -> Spread {
        let ours = self.row(OURS, row.era, row.tool);
        Spread::of_ratios(&cpu(row), &ours.map(cpu).unwrap_or_default())
    }

    fn of_handler(&self, row: &Row, what: fn(&Cell) -> f64) -> Spread {
        let handler = self.handler(row.tool).map(|handler| handler.of(what));
        Spread::of_ratios(&row.of(what), &handler.unwrap_or_default())
    }

    /// For people.
    pub(super) fn shown(&self) -> String {
        const HEADINGS: [&str; 7] = [
            "tool",
            "server",
            "revision",
            "CPU to bare axum + wasmtime",
            "CPU to Casemate",
            "one client p50 to bare axum",
            "calls/s to bare axum",
        ];
        let rows = self.rows.iter().map(|row| {
            vec![
                row.tool.to_string(),
                row.server.to_owned(),
                row.era.name().to_owned(),
                self.cpu_to_limit(row).words(),
                self.cpu_to_ours(row).words(),
                self.of_handler(row, one_client).words(),
                self.of_handler(row, rate).words(),
            ]
        });
        table(&HEADINGS, &[0, 1, 2], rows.collect())
    }

    /// What of it is to be reached.
    pub(super) fn targets(&self) -> Vec<Target> {
        let eras = [Era::Modern, Era::Legacy].into_iter();
        eras.flat_map(|era| {
            let mut targets = self.small_calls(era);
            targets.extend(self.large_calls(era));
            targets.extend(PEERS.iter().filter_map(|peer| self.peer(*peer, era)));
            targets
        })
        .collect()
    }

    fn small_calls(&self, era: Era) -> Vec<Target> {
        let Some(row) = self.row(OURS, era, Tool::Add) else {
            return Vec::new();
        };
        let name = |what: &str| format!("{}, {}: {what}", row.tool, era.name());
        let mut targets = vec![
            Target::new(
                name("CPU to bare axum + bare wasmtime"),
                Bound::AtMost(1.5),
                self.cpu_to_limit(row),
            ),
            Target::new(
                name("one client p50 to bare axum"),
                Bound::AtMost(1.4),
                self.of_handler(row, one_client),
            ),
        ];
        let half: Vec<_> = row.cells.iter().flat_map(|cell| &cell.half).collect();
        if !half.is_empty() {
            let times = [
                (
                    "p99 ms at half of the peak",
                    1.0,
                    half.iter().map(|h| h.latency.p99_ms).collect::<Vec<_>>(),
                ),
                (
                    "p999 ms at half of the peak",
                    5.0,
                    half.iter().map(|h| h.latency.p999_ms).collect(),
                ),
            ];
            targets.extend(times.into_iter().map(|(what, most, times)| {
                Target::new(name(what), Bound::AtMost(most), Spread::of(times))
            }));
        }
        targets
    }

    fn large_calls(&self, era: Era) -> Option<Target> {
        let row = self.row(OURS, era, Tool::EchoLarge)?;
        Some(Target::new(
            format!("{}, {}: calls/s to bare axum", row.tool, era.name()),
            Bound::AtLeast(0.4),
            self.of_handler(row, rate),
        ))
    }

    fn peer(&self, (kind, least): (Kind, f64), era: Era) -> Option<Target> {
        let row = self.row(kind.name(), era, Tool::Add)?;
        Some(Target::new(
            format!(
                "{}, {}: CPU of {} to Casemate",
                row.tool,
                era.name(),
                row.server
            ),
            Bound::AtLeast(least),
            self.cpu_to_ours(row),
        ))
    }
}

fn cpu(row: &Row) -> Vec<f64> {
    row.of(|cell| cell.many.server_us)
}

fn one_client(cell: &Cell) -> f64 {
    cell.one.flooded.latency.p50_ms
}

fn rate(cell: &Cell) -> f64 {
    cell.many.calls_per_second
}
