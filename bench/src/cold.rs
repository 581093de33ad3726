//! What is dear once: the first call of a component after a start, from an upload to its first
//! answer, and starting with much that is registered.

mod large;
mod report;

use crate::{
    Verdict,
    driver::{Latency, Wire, bytes_of},
    gateway::Gateway,
    machine::{self, Cores, Layout, Machine},
    progress::Progress,
    say::Output,
    seed::{Components, Seeded, Seeder},
    spread::Spread,
};
use anyhow::{Result, ensure};
use report::{Report, Row, Starting};
use rustix::fs::{Advice, fadvise};
use serde_json::json;
use std::{
    fs::File,
    path::Path,
    time::{Duration, Instant},
};

/// How `cold` is used.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Components that are pushed and called
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    components: u32,
    /// Restarts, each followed by one first call of every component
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(2..=1000))]
    restarts: u32,
    /// Servers with ten tools each, for the time of a start
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    servers: u32,
    /// Copies of the tool of each language that is dear to bring along, each with its own code
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
    large_components: u32,
}

/// Runs the benchmark.
pub(crate) fn run(options: &Options, output: &Output) -> Result<Verdict> {
    let machine = Machine::this();
    let progress = Progress::new((options.components + 4 * options.restarts + 1) as usize);
    let mut gateway = Gateway::start("", Cores::of(Layout::Split)?)?;
    let components = Components::new()?;
    Seeder::of(&gateway).workspace()?;

    let (push, servers) = push(options, &gateway, &components, &progress)?;
    let first = first_calls(options, &mut gateway, &servers, &progress)?;
    progress.says("registering servers");
    let start = Instant::now();
    let seeder = Seeder::of(&gateway);
    let digest = seeder.upload(components.number(0))?;
    seeder.servers(options.servers as usize, &digest)?;
    let seeding_s = start.elapsed().as_secs_f64();
    progress.step();
    let starts = starts(options, &mut gateway, &progress)?;
    gateway.settle();
    let pid = gateway.pid();
    let starting = Starting {
        servers: options.servers,
        seeding_s,
        start_s: Spread::of(starts),
        resident_mib: machine::mib(machine::resident(pid)),
        anonymous_mib: machine::mib(machine::anonymous(pid)),
    };
    drop(gateway);
    let large = large::measure(options, &progress)?;
    progress.done();
    let mut tools = vec![Row::new("Rust", components.kib(), push.summary(), &first)];
    tools.extend(large.into_iter().map(Row::of_large));
    Report::new(machine, tools, starting).show(output)
}

/// Pushes components, each to a server of its own, and calls each once.
fn push(
    options: &Options,
    gateway: &Gateway,
    components: &Components,
    progress: &Progress,
) -> Result<(Latency, Vec<Seeded>)> {
    let seeder = Seeder::of(gateway);
    let (mut push, mut servers) = (Latency::new(), Vec::new());
    for number in 0..options.components {
        progress.says(&format!("push {number}"));
        let seeded = seeder.server(&format!("cold-{number}"))?;
        let component = components.number(number);
        let start = Instant::now();
        seeder.deploy(&seeded, &seeder.upload(component)?)?;
        call(gateway, &seeded)?;
        push.record(start.elapsed());
        servers.push(seeded);
        progress.step();
    }
    Ok((push, servers))
}

/// Calls after starts.
struct First {
    cached: Latency,
    evicted: Latency,
    warm: Latency,
}

/// Calls every component twice after each start.
fn first_calls(
    options: &Options,
    gateway: &mut Gateway,
    servers: &[Seeded],
    progress: &Progress,
) -> Result<First> {
    let mut first = First {
        cached: Latency::new(),
        evicted: Latency::new(),
        warm: Latency::new(),
    };
    for restart in 0..options.restarts {
        progress.says(&format!("restart {restart}"));
        gateway.stop();
        let cold = if restart % 2 == 0 {
            &mut first.cached
        } else {
            evict(&gateway.data().join("artifacts"))?;
            &mut first.evicted
        };
        gateway.go_on()?;
        gateway.settle();
        for seeded in servers {
            cold.record(call(gateway, seeded)?);
            first.warm.record(call(gateway, seeded)?);
        }
        progress.step();
    }
    Ok(first)
}

/// How long each start takes, in seconds.
fn starts(options: &Options, gateway: &mut Gateway, progress: &Progress) -> Result<Vec<f64>> {
    let mut starts = Vec::new();
    for restart in 0..options.restarts {
        progress.says(&format!("start {restart} with all servers"));
        gateway.stop();
        let start = Instant::now();
        gateway.go_on()?;
        starts.push(start.elapsed().as_secs_f64());
        progress.step();
    }
    Ok(starts)
}

/// One call on a connection of its own, which is there before the clock starts.
pub(crate) fn call(gateway: &Gateway, seeded: &Seeded) -> Result<Duration> {
    let request = gateway.call(&seeded.server, "add", json!({ "a": 1, "b": 2 }));
    let executor = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    executor.block_on(async {
        let mut wire = Wire::connect(gateway.address()).await?;
        let bytes = bytes_of(&request);
        let start = Instant::now();
        let heard = wire.ask(&bytes).await?;
        let took = start.elapsed();
        let body = String::from_utf8_lossy(heard.body);
        ensure!(body.contains("\"text\":\"3\""), "a wrong answer: {body}");
        Ok(took)
    })
}

/// Drops the files of a folder from the page cache of the system.
fn evict(folder: &Path) -> Result<()> {
    for entry in folder.read_dir()? {
        let file = File::open(entry?.path())?;
        fadvise(&file, 0, None, Advice::DontNeed)?;
    }
    Ok(())
}
