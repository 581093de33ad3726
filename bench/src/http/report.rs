//! The table.

use super::{
    Field,
    contender::Era,
    measure::{Asked, Cell, MANY},
    ratios::Ratios,
    sandbox::SandboxRow,
    tool::Tool,
};
use crate::{
    Verdict,
    driver::{Steadied, Tally, Waiting},
    machine::{DISTURBING, Machine},
    say::Output,
    spread::{Spread, digits},
    table::table,
    target::{self, Target},
};
use anyhow::Result;
use serde::Serialize;
use std::collections::BTreeMap;

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
    pub(super) machine: Machine,
    pub(super) cores: String,
    /// What the client did between its requests.
    pub(super) client: Waiting,
    pub(super) rounds: u32,
    pub(super) versions: BTreeMap<&'static str, String>,
    pub(super) missing: Vec<String>,
    pub(super) rows: Vec<Row>,
    pub(super) sandbox: Vec<SandboxRow>,
    pub(super) targets: Vec<Target>,
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

    pub(super) fn of(&self, what: impl Fn(&Cell) -> f64) -> Vec<f64> {
        self.cells.iter().map(what).collect()
    }

    fn errors(&self) -> u64 {
        let loops = self.cells.iter().flat_map(|cell| [&cell.one, &cell.many]);
        loops.map(|part| part.flooded.errors.sum()).sum()
    }
}

impl Report {
    pub(super) fn show(&self, field: Field, output: &Output) -> Result<Verdict> {
        output.people(&format!(
            "{}\ncores     {}\nclient    {}\nservers   {}\nrounds    {}; median (least–most)\n",
            self.machine.words(),
            self.cores,
            self.client.words(),
            self.servers(),
            self.rounds
        ));
        output.people(&self.throughput());
        if field == Field::Limits {
            output.people("\nAt half of the peak, timed from when a call was due:\n");
            output.people(&self.latency());
        }
        output.people("\nRatios, each taken within its round:\n");
        let ratios = Ratios {
            rows: &self.rows,
            sandbox: &self.sandbox,
        };
        output.people(&ratios.shown());
        if !self.targets.is_empty() {
            output.people("\nTargets, by the median:\n");
            output.people(&target::shown(&self.targets));
        }
        for missing in &self.missing {
            output.people(&format!("\nleft out  {missing}"));
        }
        let disturbed = self.say_what_disturbed(output);
        output.programs(self)?;
        Ok(match target::verdict(&self.targets) {
            Verdict::Held if disturbed => Verdict::Unclear,
            verdict => verdict,
        })
    }

    /// Says whether others used the machine meanwhile, and whether more often than not.
    fn say_what_disturbed(&self, output: &Output) -> bool {
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
        disturbed * 2 > all
    }

    /// Who was measured, in which version.
    fn servers(&self) -> String {
        let versions = self.versions.iter();
        let words: Vec<_> = versions
            .map(|(name, version)| format!("{name} {version}"))
            .collect();
        words.join(", ")
    }

    /// What a call takes of the CPU of the client, unless it takes all that there is.
    fn driver_us(&self, row: &Row) -> f64 {
        match self.client {
            Waiting::Awake => f64::NAN,
            Waiting::Asleep => Spread::of(row.of(|cell| cell.many.driver_us)).median,
        }
    }

    fn throughput(&self) -> String {
        let many = format!("calls/s, {MANY} connections");
        let headings = [
            "tool",
            "server",
            "revision",
            &many,
            "CPU µs per call",
            "one client p50 µs",
            "calls/s",
            "client CPU µs",
            "errors",
            "others",
        ];
        let rows = self.rows.iter().map(|row| {
            let spread = |what: fn(&Cell) -> f64| Spread::of(row.of(what));
            vec![
                row.tool.to_string(),
                row.server.to_owned(),
                row.era.name().to_owned(),
                spread(|cell| cell.many.calls_per_second).words(),
                spread(|cell| cell.many.server_us).words(),
                spread(|cell| cell.one.flooded.latency.p50_ms * 1e3).words(),
                digits(spread(|cell| cell.one.calls_per_second).median),
                digits(self.driver_us(row)),
                row.errors().to_string(),
                format!("{:.2}", spread(|cell| cell.others).median),
            ]
        });
        let sandbox = self.sandbox.iter().map(|row| {
            let mut cells = vec![String::new(); headings.len()];
            cells[0] = row.tool.to_string();
            "bare wasmtime".clone_into(&mut cells[1]);
            cells[4] = Spread::of(row.cpu_us.iter().copied()).words();
            cells
        });
        table(&headings, &[0, 1, 2], rows.chain(sandbox).collect())
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
