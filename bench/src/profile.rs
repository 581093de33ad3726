//! Where the CPU time of a small call goes: by stage, and as a flame graph.
//!
//! What a call takes is measured first, undisturbed; then the same load runs under `perf`, which says
//! in what share of the time which code ran. The table is the one times the other.

mod perf;
mod stage;

use crate::{
    Verdict,
    driver::{ClientOptions, Question, Waiting, Wire, bytes_of},
    gateway::Gateway,
    http::measure::{Asked, Loop},
    machine::{Cores, Layout, Machine},
    progress::Progress,
    say::Output,
    table::table,
};
use anyhow::{Context, Result, ensure};
use perf::Stacks;
use serde::Serialize;
use serde_json::json;
use stage::Stage;
use std::{
    fs::File,
    io::BufWriter,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};
use tokio::runtime::Builder;

/// The load runs longer than it is looked at, so that its beginning and end are not seen.
const AROUND: Duration = Duration::from_secs(2);

/// How `profile` is used.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How long it is measured, and how long it is looked at
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Connections of the client
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1000))]
    connections: u16,
    /// Draws a flame graph into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    client: ClientOptions,
}

#[derive(Serialize)]
struct Report {
    machine: Machine,
    cores: String,
    client: Waiting,
    connections: u16,
    /// CPU of the gateway for each call, in microseconds, while nobody looked.
    call_us: f64,
    samples: u64,
    stages: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    stage: Stage,
    /// Of all samples.
    share: f64,
    /// Of the CPU of a call.
    us: f64,
}

/// Runs the benchmark.
pub(crate) fn run(options: &Options, output: &Output) -> Result<Verdict> {
    perf::ensure()?;
    let machine = Machine::this();
    let cores = Cores::of(Layout::Split)?;
    let waiting = options.client.on(&cores);
    let progress = Progress::new(3);
    progress.says("setting up");
    let gateway = Gateway::start("", cores)?;
    let asked = asked(&gateway)?;
    progress.step();
    progress.says("measuring");
    let time = Duration::from_secs(options.seconds);
    let call_us = load(&asked, options.connections, waiting, time)?;
    progress.step();
    progress.says("looking");
    let stacks = look(&asked, options.connections, waiting, time)?;
    progress.step();
    progress.done();
    if let Some(file) = &options.svg {
        draw(&stacks, file)?;
    }
    let report = Report {
        machine,
        cores: cores.words(),
        client: waiting,
        connections: options.connections,
        call_us,
        samples: stacks.samples(),
        stages: rows(&stacks, call_us),
    };
    output.people(&report.words());
    output.programs(&report)?;
    Ok(Verdict::Held)
}

/// A small call of a tool that does next to nothing.
fn asked(gateway: &Gateway) -> Result<Asked> {
    let server = gateway.server("bench", &[]);
    let bytes = bytes_of(&gateway.call(&server, "add", json!({ "a": 1, "b": 2 })));
    let executor = Builder::new_current_thread().enable_all().build()?;
    let answer = executor.block_on(async {
        let mut wire = Wire::connect(gateway.address()).await?;
        let heard = wire.ask(&bytes).await?;
        ensure!(heard.status == 200, "status {}", heard.status);
        Ok(heard.body.len())
    })?;
    gateway.settle();
    Ok(Asked {
        process: gateway.pid(),
        question: Question {
            address: gateway.address(),
            bytes: bytes.into(),
            answer,
        },
    })
}

/// The CPU of the gateway for each call, in microseconds.
fn load(asked: &Asked, connections: u16, waiting: Waiting, time: Duration) -> Result<f64> {
    let executor = Builder::new_current_thread().enable_all().build()?;
    let seen = executor.block_on(Loop::run(asked, connections.into(), waiting, time))?;
    Ok(seen.server_us)
}

/// What runs in the gateway under the same load.
fn look(asked: &Asked, connections: u16, waiting: Waiting, time: Duration) -> Result<Stacks> {
    let caller = asked.clone();
    let calls = thread::spawn(move || load(&caller, connections, waiting, time + 2 * AROUND));
    thread::sleep(AROUND);
    let stacks = perf::record(asked.process, time);
    calls
        .join()
        .map_err(|_| anyhow::anyhow!("the load ended early"))??;
    stacks
}

fn rows(stacks: &Stacks, call_us: f64) -> Vec<Row> {
    let row = |stage| {
        let share = stacks.share(stage);
        Row {
            stage,
            share,
            us: share * call_us,
        }
    };
    Stage::ALL.into_iter().map(row).collect()
}

fn draw(stacks: &Stacks, file: &Path) -> Result<()> {
    let writing = || format!("writing {}", file.display());
    let mut options = inferno::flamegraph::Options::default();
    options.title = "A small tools/call, by stage".to_owned();
    options.count_name = "samples".to_owned();
    options.min_width = 0.1;
    // The picture is looked at as it is, without what would run in it.
    options.no_javascript = true;
    let lines = stacks.lines();
    let writer = BufWriter::new(File::create(file).with_context(writing)?);
    inferno::flamegraph::from_lines(&mut options, lines.iter().map(String::as_str), writer)
        .with_context(writing)
}

impl Report {
    fn words(&self) -> String {
        let head = format!(
            "{}\ncores     {}\nclient    {} on {} connections\nsamples   {}\n",
            self.machine.words(),
            self.cores,
            self.client.words(),
            self.connections,
            self.samples,
        );
        let row = |row: &Row| {
            vec![
                row.stage.to_string(),
                format!("{:.1}", row.share * 100.0),
                format!("{:.1}", row.us),
                row.stage.what().to_owned(),
            ]
        };
        let mut rows: Vec<_> = self.stages.iter().map(row).collect();
        let whole = format!("{:.1}", self.call_us);
        rows.push(vec![
            "a call".to_owned(),
            "100.0".to_owned(),
            whole,
            String::new(),
        ]);
        format!(
            "{head}\n{}",
            table(&["stage", "%", "CPU µs", "what"], &[0, 3], rows)
        )
    }
}
