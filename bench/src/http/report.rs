//! The table.

use super::{
    Field,
    contender::{Contenders, Era, Tool},
    measure::{Asked, Cell, MANY},
};
use crate::{
    driver::{Steadied, Tally},
    machine::{Cores, DISTURBING, Machine},
    say::Output,
    spread::{Spread, digits},
    table::table,
};
use anyhow::Result;
use serde::Serialize;

/// One server with one tool.
#[derive(Serialize)]
pub(super) struct Row {
    pub(super) server: &'static str,
    pub(super) era: Era,
    pub(super) tool: Tool,
    #[serde(skip)]
    pub(super) asked: Asked,
    pub(super) cells: Vec<Cell>,
}

/// Everything that was measured.
#[derive(Serialize)]
pub(super) struct Report {
    machine: Machine,
    cores: String,
    rounds: u32,
    missing: Vec<String>,
    rows: Vec<Row>,
}

impl Row {
    pub(super) fn new(server: &'static str, era: Era, tool: Tool, asked: Asked) -> Self {
        Self {
            server,
            era,
            tool,
            asked,
            cells: Vec::new(),
        }
    }

    /// The rate of the open loop: half of what the closed loop reached in earlier rounds. None in
    /// the first, which finds the peak.
    pub(super) fn half_of_peak(&self, field: Field) -> Option<f64> {
        let peaks = self.of(|cell| cell.many.calls_per_second);
        (field == Field::Limits && !peaks.is_empty()).then(|| Spread::of(peaks).median / 2.0)
    }

    fn of(&self, what: impl Fn(&Cell) -> f64) -> Vec<f64> {
        self.cells.iter().map(what).collect()
    }

    fn errors(&self) -> u64 {
        let loops = self.cells.iter().flat_map(|cell| [&cell.one, &cell.many]);
        loops.map(|part| part.flooded.errors.sum()).sum()
    }
}

impl Report {
    pub(super) fn new(
        machine: Machine,
        cores: &Cores,
        rounds: u32,
        contenders: &Contenders,
        rows: Vec<Row>,
    ) -> Self {
        Self {
            machine,
            cores: cores.words(),
            rounds,
            missing: contenders.missing.clone(),
            rows,
        }
    }

    pub(super) fn show(&self, field: Field, output: &Output) -> Result<()> {
        output.people(&format!(
            "{}\ncores     {}\nrounds    {}; median (least–most)\n",
            self.machine.words(),
            self.cores,
            self.rounds
        ));
        output.people(&self.throughput());
        if field == Field::Limits {
            output.people("\nAt half of the peak, timed from when a call was due:\n");
            output.people(&self.latency());
        }
        for missing in &self.missing {
            output.people(&format!("\nleft out  {missing}"));
        }
        let others = self.rows.iter().flat_map(|row| row.of(|cell| cell.others));
        let (all, disturbed) = others.fold((0, 0), |(all, disturbed), others| {
            (all + 1, disturbed + u32::from(others > DISTURBING))
        });
        if disturbed > 0 {
            output.people(&format!(
                "\n{disturbed} of {all} measurements were taken while other programs used more \
                 than {DISTURBING} cores. Run them again on a quiet machine."
            ));
        }
        output.programs(self)
    }

    /// What ratios are to, for a tool: what a call takes of the CPU of the gateway.
    fn ours(&self, tool: Tool) -> Vec<f64> {
        let row = self.rows.iter().find(|row| row.tool == tool);
        row.map(|row| row.of(|cell| cell.many.server_us))
            .unwrap_or_default()
    }

    fn throughput(&self) -> String {
        let many = format!("calls/s, {MANY} connections");
        let headings = [
            "tool",
            "server",
            "revision",
            &many,
            "CPU µs per call",
            "CPU to Casemate",
            "one client p50 µs",
            "calls/s",
            "client CPU µs",
            "errors",
            "others",
        ];
        let rows = self.rows.iter().map(|row| {
            let spread = |what: fn(&Cell) -> f64| Spread::of(row.of(what));
            let cpu = row.of(|cell| cell.many.server_us);
            vec![
                row.tool.to_string(),
                row.server.to_owned(),
                row.era.name().to_owned(),
                spread(|cell| cell.many.calls_per_second).words(),
                Spread::of(cpu.iter().copied()).words(),
                Spread::of_ratios(&cpu, &self.ours(row.tool)).words(),
                spread(|cell| cell.one.flooded.latency.p50_ms * 1e3).words(),
                digits(spread(|cell| cell.one.calls_per_second).median),
                digits(spread(|cell| cell.many.driver_us).median),
                row.errors().to_string(),
                format!("{:.2}", spread(|cell| cell.others).median),
            ]
        });
        table(&headings, &[0, 1, 2], rows.collect())
    }

    fn latency(&self) -> String {
        const HEADINGS: [&str; 10] = [
            "tool",
            "server",
            "revision",
            "calls/s",
            "p50 ms",
            "p99 ms",
            "p999 ms",
            "sent late p99 ms",
            "not sent",
            "errors",
        ];
        let rows = self.rows.iter().map(|row| {
            let open: Vec<_> = row
                .cells
                .iter()
                .filter_map(|cell| cell.half.as_ref())
                .collect();
            let spread = |what: fn(&&Steadied) -> f64| Spread::of(open.iter().map(what)).words();
            let rate = row.half_of_peak(Field::Limits).unwrap_or(f64::NAN);
            let mut errors = Tally::default();
            open.iter().for_each(|half| errors.join(&half.errors));
            vec![
                row.tool.to_string(),
                row.server.to_owned(),
                row.era.name().to_owned(),
                digits(rate),
                spread(|half| half.latency.p50_ms),
                spread(|half| half.latency.p99_ms),
                spread(|half| half.latency.p999_ms),
                spread(|half| half.lateness.p99_ms),
                open.iter().map(|half| half.unsent).sum::<u64>().to_string(),
                errors.words(),
            ]
        });
        table(&HEADINGS, &[0, 1, 2, 9], rows.collect())
    }
}
