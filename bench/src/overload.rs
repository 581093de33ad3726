//! Twice as many calls as the gateway can answer: what becomes of them, and of the gateway.

use crate::{
    Verdict,
    driver::{ClientOptions, Question, Steadied, Tally, Waiting, Wire, bytes_of},
    gateway::Gateway,
    http::measure::{Asked, Loop, count},
    machine::{self, Cores, Layout, Machine},
    progress::Progress,
    say::Output,
    spread::{Spread, digits},
    table::table,
};
use anyhow::Result;
use serde::Serialize;
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use tokio::runtime::Runtime;

/// Connections at the peak, as in the other benchmarks.
const PEAK: usize = 32;
/// Of the peak.
const TIMES: [f64; 3] = [0.5, 1.0, 2.0];

/// How `overload` is used.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Rounds; the table shows medians over them
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// How long each row is measured in each round
    #[arg(long, value_name = "N", default_value_t = 5.0)]
    seconds: f64,
    /// Connections of the client; when all wait for answers, a call is not sent
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    connections: u32,
    #[command(flatten)]
    client: ClientOptions,
}

#[derive(Serialize)]
struct Report {
    machine: Machine,
    /// What the client did while the peak was found.
    client: Waiting,
    connections: u32,
    rounds: u32,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    tool: &'static str,
    /// Of the peak.
    times: f64,
    seconds: f64,
    cells: Vec<Cell>,
}

/// What was seen in one round.
#[derive(Serialize)]
struct Cell {
    /// The peak in this round.
    peak: f64,
    seen: Steadied,
    growth_mib: f64,
    /// Resident memory that was still held when nothing was asked any more.
    left_mib: f64,
}

/// Runs the benchmark.
pub(crate) fn run(options: &Options, output: &Output) -> Result<Verdict> {
    let machine = Machine::this();
    let cores = Cores::of(Layout::Split)?;
    let waiting = options.client.on(&cores);
    let progress = Progress::new(6 * options.rounds as usize);
    progress.says("setting up");
    let gateway = Gateway::start("", cores)?;
    let server = gateway.server("bench", &[]);
    let rounds = gateway.rounds_for(&server, Duration::from_millis(5))?.0;
    let executor = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tools: [(&str, &str, Value); 2] = [
        ("add", "add", json!({ "a": 1, "b": 2 })),
        ("compute 5 ms", "burn", json!({ "rounds": rounds })),
    ];
    let (mut rows, mut questions) = (Vec::new(), Vec::new());
    for (name, tool, arguments) in tools {
        let bytes = bytes_of(&gateway.call(&server, tool, arguments));
        questions.push((name, question(&executor, gateway.address(), bytes)?));
        rows.extend(TIMES.map(|times| Row {
            tool: name,
            times,
            seconds: options.seconds,
            cells: Vec::new(),
        }));
    }
    let load = Load {
        executor,
        gateway,
        waiting,
        connections: options.connections as usize,
        time: Duration::from_secs_f64(options.seconds),
    };
    for round in 1..=options.rounds {
        for (name, question) in &questions {
            progress.says(&format!("round {round}: {name}"));
            let peak = load.peak(question)?;
            for row in rows.iter_mut().filter(|row| row.tool == *name) {
                row.cells.push(load.at(question, peak, row.times)?);
                progress.step();
            }
        }
    }
    progress.done();
    let report = Report {
        machine,
        client: waiting,
        connections: options.connections,
        rounds: options.rounds,
        rows,
    };
    report.show(output)?;
    Ok(Verdict::Held)
}

/// The gateway, and how it is asked.
struct Load {
    executor: Runtime,
    gateway: Gateway,
    waiting: Waiting,
    connections: usize,
    time: Duration,
}

impl Load {
    /// Calls in a second as fast as they are answered.
    fn peak(&self, question: &Question) -> Result<f64> {
        let asked = Asked {
            process: self.gateway.pid(),
            question: question.clone(),
        };
        let peak = Loop::run(&asked, PEAK, self.waiting, self.time / 2);
        Ok(self.executor.block_on(peak)?.calls_per_second)
    }

    /// What happens at so many times the peak.
    fn at(&self, question: &Question, peak: f64, times: f64) -> Result<Cell> {
        let process = self.gateway.pid();
        let before = machine::resident(process);
        let seen = self.executor.block_on(async {
            let wires = question.connect(self.connections).await?;
            Ok::<_, anyhow::Error>(question.steady(wires, peak * times, self.time).await)
        })?;
        let grown = machine::resident(process);
        self.gateway.settle();
        let left = machine::resident(process);
        Ok(Cell {
            peak,
            seen,
            growth_mib: machine::mib(grown.saturating_sub(before)),
            left_mib: machine::mib(left.saturating_sub(before)),
        })
    }
}

/// Asks once, to see how a good answer looks.
fn question(executor: &Runtime, address: SocketAddr, bytes: Vec<u8>) -> Result<Question> {
    let answer = executor.block_on(async {
        let mut wire = Wire::connect(address).await?;
        Ok::<_, anyhow::Error>(wire.ask(&bytes).await?.body.len())
    })?;
    Ok(Question {
        address,
        bytes: bytes.into(),
        answer,
    })
}

impl Report {
    fn show(&self, output: &Output) -> Result<()> {
        const HEADINGS: [&str; 11] = [
            "tool",
            "of the peak",
            "due per s",
            "answered per s",
            "p50 ms",
            "p99 ms",
            "refused per s",
            "refused p99 ms",
            "not sent per s",
            "growth MiB",
            "how refused",
        ];
        output.people(&format!(
            "{}\nclient    {}\nload      open loop on {} connections; a call is not sent when all of \
             them wait\nrounds    {}; median (least–most)\n",
            self.machine.words(),
            self.client.words(),
            self.connections,
            self.rounds
        ));
        let rows = self.rows.iter().map(Row::shown);
        output.people(&table(&HEADINGS, &[0, 1, 10], rows.collect()));
        output.programs(self)
    }
}

impl Row {
    fn shown(&self) -> Vec<String> {
        let spread = |what: &dyn Fn(&Cell) -> f64| Spread::of(self.cells.iter().map(what));
        let per_second = |calls: u64| count(calls) / self.seconds;
        let mut errors = Tally::default();
        for cell in &self.cells {
            errors.join(&cell.seen.errors);
        }
        vec![
            self.tool.to_owned(),
            format!(
                "{} × {}",
                self.times,
                digits(spread(&|cell| cell.peak).median)
            ),
            digits(spread(&|cell| per_second(cell.seen.due)).median),
            spread(&|cell| per_second(cell.seen.answered)).words(),
            spread(&|cell| cell.seen.latency.p50_ms).words(),
            spread(&|cell| cell.seen.latency.p99_ms).words(),
            spread(&|cell| per_second(cell.seen.errors.sum())).words(),
            spread(&|cell| cell.seen.refusals.p99_ms).words(),
            digits(spread(&|cell| per_second(cell.seen.unsent)).median),
            spread(&|cell| cell.growth_mib).words(),
            errors.words(),
        ]
    }
}
