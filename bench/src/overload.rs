//! Twice as many calls as the gateway can answer: what becomes of them, and of the gateway.

use crate::{
    Verdict,
    driver::{Question, Steadied, Wire, bytes_of},
    gateway::Gateway,
    http::measure::{Asked, Loop},
    machine::{self, Cores, Layout, Machine},
    progress::Progress,
    say::Output,
    spread::digits,
    table::table,
};
use anyhow::Result;
use serde::Serialize;
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use tokio::runtime::Runtime;

/// Connections at the peak, as in the other benchmarks.
const PEAK: usize = 32;

/// How `overload` is used.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How long each row is measured
    #[arg(long, value_name = "N", default_value_t = 5.0)]
    seconds: f64,
    /// Connections of the client; when all wait for answers, a call is not sent
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    connections: u32,
}

#[derive(Serialize)]
struct Report {
    machine: Machine,
    connections: u32,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    tool: &'static str,
    peak: f64,
    /// Of the peak.
    times: f64,
    seconds: f64,
    seen: Steadied,
    growth_mib: f64,
    /// Resident memory that was still held when nothing was asked any more.
    left_mib: f64,
}

/// Runs the benchmark.
pub(crate) fn run(options: &Options, output: &Output) -> Result<Verdict> {
    let machine = Machine::this();
    let cores = Cores::of(Layout::Split)?;
    let progress = Progress::new(6);
    progress.says("setting up");
    let gateway = Gateway::start("", cores)?;
    let server = gateway.server("bench", &[]);
    let rounds = gateway.rounds_for(&server, Duration::from_millis(5))?.0;
    let executor = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let time = Duration::from_secs_f64(options.seconds);
    let tools: [(&str, &str, Value); 2] = [
        ("add", "add", json!({ "a": 1, "b": 2 })),
        ("compute 5 ms", "burn", json!({ "rounds": rounds })),
    ];
    let mut rows = Vec::new();
    for (name, tool, arguments) in tools {
        let question = question(
            &executor,
            gateway.address(),
            bytes_of(&gateway.call(&server, tool, arguments)),
        )?;
        let asked = Asked {
            process: gateway.pid(),
            question: question.clone(),
        };
        progress.says(&format!("{name}: peak"));
        let peak = executor.block_on(Loop::run(&asked, PEAK, time / 2))?;
        let peak = peak.calls_per_second;
        for times in [0.5, 1.0, 2.0] {
            progress.says(&format!("{name}: {times} times the peak"));
            let before = machine::resident(gateway.pid());
            let seen = executor.block_on(async {
                let wires = question.connect(options.connections as usize).await?;
                Ok::<_, anyhow::Error>(question.steady(wires, peak * times, time).await)
            })?;
            let grown = machine::resident(gateway.pid());
            gateway.settle();
            let left = machine::resident(gateway.pid());
            rows.push(Row {
                tool: name,
                peak,
                times,
                seconds: options.seconds,
                seen,
                growth_mib: machine::mib(grown.saturating_sub(before)),
                left_mib: machine::mib(left.saturating_sub(before)),
            });
            progress.step();
        }
    }
    progress.done();
    let report = Report {
        machine,
        connections: options.connections,
        rows,
    };
    report.show(output)?;
    Ok(Verdict::Held)
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
            "refused",
            "refused p99 ms",
            "not sent",
            "growth MiB",
            "how refused",
        ];
        let rows = self.rows.iter().map(|row| {
            let seen = &row.seen;
            let per_second = |count: u64| digits(crate::http::measure::count(count) / row.seconds);
            vec![
                row.tool.to_owned(),
                format!("{} × {}", row.times, digits(row.peak)),
                per_second(seen.due),
                per_second(seen.answered),
                digits(seen.latency.p50_ms),
                digits(seen.latency.p99_ms),
                seen.errors.sum().to_string(),
                digits(seen.refusals.p99_ms),
                seen.unsent.to_string(),
                digits(row.growth_mib),
                seen.errors.words(),
            ]
        });
        output.people(&format!(
            "{}\nload      open loop on {} connections; a call is not sent when all of them wait\n",
            self.machine.words(),
            self.connections
        ));
        output.people(&table(&HEADINGS, &[0, 1, 10], rows.collect()));
        output.programs(self)
    }
}
