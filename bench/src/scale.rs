//! Whether a call costs the same however much is registered, and whether memory stays.

use crate::{
    Verdict,
    driver::{Question, Wire, bytes_of},
    gateway::Gateway,
    http::measure::{Asked, Loop},
    machine::{self, Cores, Layout, Machine},
    progress::Progress,
    say::Output,
    seed::{Components, Seeder},
    spread::Spread,
};
use anyhow::Result;
use serde::Serialize;
use serde_json::json;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// Tools of a server.
const TOOLS: u32 = 10;
const CONNECTIONS: usize = 32;
/// Looks at the memory.
const LOOKS: u32 = 20;

/// How `scale` is used.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Rounds; medians over them are shown
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// How long each gateway is measured in each round
    #[arg(long, value_name = "N", default_value_t = 2.0)]
    seconds: f64,
    /// Tools of the full gateway, ten in each server
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    tools: u32,
    /// Keys of the full gateway
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    keys: u32,
    /// How long calls are made while memory is looked at
    #[arg(long, value_name = "N", default_value_t = 20.0)]
    memory_seconds: f64,
}

#[derive(Serialize)]
struct Report {
    machine: Machine,
    tools: u32,
    keys: u32,
    /// CPU of the gateway for each call, in microseconds.
    few_us: Spread,
    many_us: Spread,
    ratio: Spread,
    memory: Memory,
}

/// How memory goes with the number of calls.
#[derive(Serialize)]
struct Memory {
    calls: u64,
    /// After so many calls, resident MiB.
    looks: Vec<(u64, f64)>,
    /// Over the second half.
    bytes_per_call: f64,
}

/// Runs the benchmark.
pub(crate) fn run(options: &Options, output: &Output) -> Result<Verdict> {
    let machine = Machine::this();
    let cores = Cores::of(Layout::Split)?;
    let progress = Progress::new(options.rounds as usize + 3);
    progress.says("registering few");
    let few = Gateway::start("", cores)?;
    let few_asked = fill(&few, 1, TOOLS)?;
    progress.step();
    progress.says("registering many");
    let many = Gateway::start("", cores)?;
    let many_asked = fill(&many, options.tools / TOOLS, options.keys)?;
    progress.step();
    let executor = Builder::new_current_thread().enable_all().build()?;
    let time = Duration::from_secs_f64(options.seconds);
    let (mut few_us, mut many_us) = (Vec::new(), Vec::new());
    for round in 1..=options.rounds {
        progress.says(&format!("round {round}"));
        for (asked, all) in [(&few_asked, &mut few_us), (&many_asked, &mut many_us)] {
            let seen = executor.block_on(Loop::run(asked, CONNECTIONS, time))?;
            all.push(seen.server_us);
        }
        progress.step();
    }
    drop(few);
    progress.says("memory");
    let memory = memory(&executor, &many_asked, options.memory_seconds)?;
    progress.done();
    let report = Report {
        machine,
        tools: options.tools,
        keys: options.keys,
        ratio: Spread::of_ratios(&many_us, &few_us),
        few_us: Spread::of(few_us),
        many_us: Spread::of(many_us),
        memory,
    };
    report.show(output)?;
    Ok(Verdict::Held)
}

/// Registers servers and keys, and asks the last of them.
fn fill(gateway: &Gateway, servers: u32, keys: u32) -> Result<Asked> {
    let seeder = Seeder::of(gateway);
    seeder.workspace()?;
    let digest = seeder.upload(Components::new()?.number(0))?;
    let seeded = seeder.servers(servers as usize, &digest)?;
    // Each server has one already.
    seeder.keys(keys.saturating_sub(servers) as usize, &seeded)?;
    let server = &seeded[seeded.len() / 2].server;
    let bytes = bytes_of(&gateway.call(server, "add", json!({ "a": 1, "b": 2 })));
    let executor = Builder::new_current_thread().enable_all().build()?;
    let answer = executor.block_on(async {
        let mut wire = Wire::connect(gateway.address()).await?;
        Ok::<_, anyhow::Error>(wire.ask(&bytes).await?.body.len())
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

fn memory(executor: &Runtime, asked: &Asked, seconds: f64) -> Result<Memory> {
    let time = Duration::from_secs_f64(seconds) / LOOKS;
    let (mut calls, mut looks) = (0, Vec::new());
    for _ in 0..LOOKS {
        let wires = executor.block_on(asked.question.connect(CONNECTIONS))?;
        calls += executor.block_on(asked.question.flood(wires, time))?.calls;
        looks.push((calls, machine::mib(machine::resident(asked.process))));
    }
    let half = &looks[looks.len() / 2..];
    let (first, last) = (half[0], half[half.len() - 1]);
    let between = crate::http::measure::count(last.0 - first.0);
    Ok(Memory {
        calls,
        bytes_per_call: (last.1 - first.1) * f64::from(1 << 20) / between.max(1.0),
        looks,
    })
}

impl Report {
    fn show(&self, output: &Output) -> Result<()> {
        let Memory {
            calls,
            looks,
            bytes_per_call,
        } = &self.memory;
        let (first, last) = (looks[0], looks[looks.len() - 1]);
        output.people(&format!(
            "{}\n\n\
             CPU of the gateway for a call: {} µs with 10 tools and 10 keys, {} µs with {} tools and \
             {} keys, ratio {}\n\
             Memory: {:.0} MiB resident after {} calls, {:.0} MiB after {calls}; over the second half \
             {:.1} bytes for each call",
            self.machine.words(),
            self.few_us.words(),
            self.many_us.words(),
            self.tools,
            self.keys,
            self.ratio.words(),
            first.1,
            first.0,
            last.1,
            bytes_per_call
        ));
        output.programs(self)
    }
}
