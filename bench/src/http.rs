//! Tool calls over HTTP, to the gateway and to servers to compare with.
//!
//! All servers run at the same time, each on the same core, and are measured one after the other,
//! round after round, by a client on the other core: what disturbs a round disturbs all of them.

mod contender;
pub(crate) mod measure;
mod peer;
mod ratios;
mod report;
mod sandbox;
mod tool;

use crate::{
    Verdict,
    driver::ClientOptions,
    machine::{self, Cores, Layout, Machine},
    progress::Progress,
    say::Output,
};
use anyhow::Result;
use clap::ValueEnum;
use contender::Contenders;
use measure::Cell;
use ratios::Ratios;
use report::{Report, Row};
use sandbox::SandboxRow;
use std::time::Duration;
use tool::Tool;

/// How `mcp` and `peers` are used.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Rounds; the table shows medians over them
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// How long each server is measured with each tool in each round, and in each way
    #[arg(long, value_name = "N", default_value_t = 2.0)]
    seconds: f64,
    /// Wait up to so many seconds, before each round, until other programs use little of the machine
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=3600))]
    patience: u64,
    /// Only these tools; all of them by default
    #[arg(long, value_name = "TOOL", value_delimiter = ',')]
    tool: Vec<Tool>,
    #[command(flatten)]
    client: ClientOptions,
}

/// Which servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    /// The gateway, and the least that HTTP takes.
    Limits,
    /// Servers of other people as well.
    Peers,
}

/// Runs the benchmark.
pub(crate) fn run(options: &Options, field: Field, output: &Output) -> Result<Verdict> {
    let machine = Machine::this();
    let cores = Cores::of(Layout::Split)?;
    let tools = match &*options.tool {
        [] => Tool::value_variants(),
        some => some,
    };
    let waiting = options.client.on(&cores);
    let progress = Progress::new(options.rounds as usize * tools.len() + 1);
    progress.says("setting up");
    let contenders = Contenders::start(field, cores, tools)?;
    progress.step();
    let time = Duration::from_secs_f64(options.seconds);
    let mut rows: Vec<Row> = contenders.rows(tools);
    let sandbox = contenders.sandbox()?;
    let mut bare: Vec<_> = tools.iter().map(|tool| SandboxRow::new(*tool)).collect();
    let us = std::process::id();
    for round in 1..=options.rounds {
        for tool in tools {
            progress.says(&format!("round {round}: {tool}"));
            machine::others_quiet(us, Duration::from_secs(options.patience));
            for row in rows.iter_mut().filter(|row| row.tool == *tool) {
                let cell = Cell::measure(&row.asked, waiting, time, row.half_of_peak(field))?;
                row.cells.push(cell);
            }
            for row in bare.iter_mut().filter(|row| row.tool == *tool) {
                row.cpu_us.push(sandbox.measure(*tool, time / 4)?);
            }
            progress.step();
        }
    }
    progress.done();
    let report = Report {
        machine,
        cores: cores.words(),
        client: waiting,
        rounds: options.rounds,
        versions: contenders.versions(),
        missing: contenders.missing.clone(),
        targets: Ratios {
            rows: &rows,
            sandbox: &bare,
        }
        .targets(),
        rows,
        sandbox: bare,
    };
    report.show(field, output)
}
