//! What a call costs in the runtime alone, without a network: `Runtime::call` with every limit, log
//! capture and receipt, against the bare sandbox it stands on.
//!
//! All in one process and on one core, a batch of each in turn, round after round: what disturbs one
//! disturbs the others, and the ratios stay.

pub(crate) mod bare;
mod contender;
mod endpoint;

use crate::{
    Verdict,
    machine::{self, Cores, Layout, Machine, Sample},
    progress::Progress,
    say::Output,
    spread::Spread,
    table::table,
    target::{self, Bound, Target},
};
use anyhow::Result;
use contender::{Contender, Work};
use serde::Serialize;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// The endpoint without sockets, in tables.
const ENDPOINT: &str = "endpoint, no sockets";

/// How `call` is used.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Rounds; the table shows medians over them
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Wait up to so many seconds, before each round, until other programs use little of the machine
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=3600))]
    patience: u64,
}

/// Everything that was measured.
#[derive(Serialize)]
struct Report {
    machine: Machine,
    rounds: u32,
    rows: Vec<Row>,
    threads: Vec<Threads>,
    targets: Vec<Target>,
    /// What other programs used of this machine meanwhile, in cores.
    others: f64,
}

/// One kind of work on one contender.
#[derive(Serialize)]
struct Row {
    work: Work,
    contender: &'static str,
    micros: Spread,
    /// Against the bare sandbox, round by round.
    ratio: Spread,
    allocations: u64,
    allocated_bytes: u64,
    #[serde(skip)]
    rounds: Vec<f64>,
}

/// Calls of the trivial tool in a second.
#[derive(Serialize)]
struct Threads {
    contender: &'static str,
    one: Spread,
    two: Spread,
    ratio: Spread,
}

/// Runs the benchmark.
pub(crate) fn run(options: &Options, output: &Output) -> Result<Verdict> {
    let machine = Machine::this();
    let cores = Cores::of(Layout::Split)?;
    let executor = executor()?;
    let progress = Progress::new(options.rounds as usize + 2);
    progress.says("setting up");
    // On all cores: the runtime lets as many guests compute at once as it finds.
    let (contenders, works) = executor.block_on(contender::all())?;
    let served = endpoint::Served::new()?;
    cores.for_load()?;
    let mut rows = Vec::new();
    for work in &works {
        for contender in &contenders {
            rows.push(allocations(&executor, contender, work)?);
        }
    }
    progress.step();
    let this = std::process::id();
    let patience = Duration::from_secs(options.patience);
    let before = Sample::now(this);
    // The last one is the endpoint.
    let mut threads = vec![[Vec::new(), Vec::new()]; contenders.len() + 1];
    for round in 1..=options.rounds {
        progress.says(&format!("round {round}"));
        machine::others_quiet(this, patience);
        let mut row = rows.iter_mut();
        for work in &works {
            for contender in &contenders {
                let micros = executor.block_on(batch(contender, work))?;
                let row = row.next().expect("a row for each");
                row.rounds.push(micros);
            }
        }
        cores.for_everything()?;
        for (contender, rates) in contenders.iter().zip(&mut threads) {
            for (number, rates) in (1..).zip(rates) {
                rates.push(contender::on_threads(contender, &works[0], number)?);
            }
        }
        for (number, rates) in (1..).zip(&mut threads[contenders.len()]) {
            rates.push(served.on_threads(number)?);
        }
        cores.for_load()?;
        progress.step();
    }
    let others = before.until(Sample::now(this)).others;
    summarize(&mut rows, contenders.len());
    progress.done();
    let threads = scaling(&contenders, threads);
    let report = Report {
        machine,
        rounds: options.rounds,
        targets: targets(&rows, &threads),
        rows,
        threads,
        others,
    };
    report.show(output)
}

/// What is to be reached by the runtime.
fn targets(rows: &[Row], threads: &[Threads]) -> Vec<Target> {
    let ours = |row: &&Row| row.contender == contender::OURS && row.work.name == "add";
    let row = rows.iter().find(ours).map(|row| {
        let what = "CPU of Runtime::call to the bare sandbox, add";
        Target::new(what, Bound::AtMost(1.5), row.ratio)
    });
    let ours = [contender::OURS, ENDPOINT];
    let threads = threads.iter().filter(|row| ours.contains(&row.contender));
    let threads = threads.map(|row| {
        let what = format!("{} on two threads to one, add", row.contender);
        Target::new(what, Bound::AtLeast(1.7), row.ratio)
    });
    row.into_iter().chain(threads).collect()
}

/// What everybody reached on one thread and on two.
fn scaling(contenders: &[Contender], rates: Vec<[Vec<f64>; 2]>) -> Vec<Threads> {
    let names = contenders.iter().map(Contender::name);
    let names = names.chain([ENDPOINT]);
    names
        .zip(rates)
        .map(|(contender, [one, two])| Threads {
            contender,
            ratio: Spread::of_ratios(&two, &one),
            one: Spread::of(one),
            two: Spread::of(two),
        })
        .collect()
}

/// The CPU time of one call, in microseconds, over a batch of them. All of a call is done on this
/// thread, and what others take of its core meanwhile is not in it.
async fn batch(contender: &Contender, work: &Work) -> Result<f64> {
    let start = machine::thread_time();
    for _ in 0..work.batch {
        contender.call(work).await?;
    }
    let took = machine::thread_time().saturating_sub(start);
    Ok(took.as_secs_f64() * 1e6 / f64::from(work.batch))
}

/// What one call allocates on its own thread, after some that warmed everything up.
fn allocations(executor: &Runtime, contender: &Contender, work: &Work) -> Result<Row> {
    const CALLS: u32 = 20;
    let mut ended = Ok(());
    let mut calls = |count| {
        for _ in 0..count {
            if let Err(error) = executor.block_on(contender.call(work)) {
                ended = Err(error);
            }
        }
    };
    calls(5);
    let counted = allocation_counter::measure(|| calls(CALLS));
    ended?;
    Ok(Row {
        work: work.clone(),
        contender: contender.name(),
        micros: Spread::of([]),
        ratio: Spread::of([]),
        allocations: counted.count_total / u64::from(CALLS),
        allocated_bytes: counted.bytes_total / u64::from(CALLS),
        rounds: Vec::new(),
    })
}

/// Fills in medians. The first contender of each kind of work is the bare sandbox.
fn summarize(rows: &mut [Row], contenders: usize) {
    for rows in rows.chunks_mut(contenders) {
        let bare = rows[0].rounds.clone();
        for row in rows {
            row.micros = Spread::of(row.rounds.iter().copied());
            row.ratio = Spread::of_ratios(&row.rounds, &bare);
        }
    }
}

/// Allocations of one call of the trivial tool in the bare sandbox.
pub(crate) fn bare_allocations() -> Result<u64> {
    let executor = executor()?;
    let (contenders, works) = executor.block_on(contender::all())?;
    Ok(allocations(&executor, &contenders[0], &works[0])?.allocations)
}

fn executor() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

impl Report {
    fn show(&self, output: &Output) -> Result<Verdict> {
        const HEADINGS: [&str; 6] = [
            "work",
            "on",
            "CPU µs per call",
            "to bare",
            "allocations",
            "allocated KiB",
        ];
        let rows = self.rows.iter().map(|row| {
            vec![
                row.work.name.to_owned(),
                row.contender.to_owned(),
                row.micros.words(),
                row.ratio.words(),
                row.allocations.to_string(),
                (row.allocated_bytes >> 10).to_string(),
            ]
        });
        output.people(&format!(
            "{}\nrounds    {}, on one core; median (least–most); others {:.2} cores\n",
            self.machine.words(),
            self.rounds,
            self.others
        ));
        output.people(&table(&HEADINGS, &[0, 1], rows.collect()));
        output.people("\nCalls of the trivial tool in a second, on one thread and on two:\n");
        let rows = self.threads.iter().map(|threads| {
            vec![
                threads.contender.to_owned(),
                threads.one.words(),
                threads.two.words(),
                threads.ratio.words(),
            ]
        });
        let headings = ["on", "one thread", "two threads", "ratio"];
        output.people(&table(&headings, &[0], rows.collect()));
        output.people("\nTargets, by the median:\n");
        output.people(&target::shown(&self.targets));
        output.programs(self)?;
        Ok(target::verdict(&self.targets))
    }
}
