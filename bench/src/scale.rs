//! Whether a call costs the same however much is registered, and whether memory stays.

use crate::{
    Verdict,
    driver::{ClientOptions, Question, Waiting, Wire, bytes_of},
    gateway::Gateway,
    http::measure::{Asked, Loop, count},
    machine::{self, Cores, Layout, Machine},
    progress::Progress,
    say::Output,
    seed::{Components, Seeder},
    spread::Spread,
    table::table,
    target::{self, Bound, Target},
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
const LOOKS: usize = 20;
/// Calls are made for so long before it is seen how many they were.
const STEP: Duration = Duration::from_millis(200);

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
    /// Calls that are made while memory is looked at
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..))]
    memory_calls: u64,
    #[command(flatten)]
    client: ClientOptions,
}

#[derive(Serialize)]
struct Report {
    machine: Machine,
    /// What the client did between its requests.
    client: Waiting,
    tools: u32,
    keys: u32,
    /// CPU of the gateway for each call, in microseconds.
    few_us: Spread,
    many_us: Spread,
    ratio: Spread,
    memory: Memory,
    targets: Vec<Target>,
}

/// How memory goes with the number of calls.
#[derive(Serialize)]
struct Memory {
    calls: u64,
    /// After so many calls, resident MiB.
    looks: Vec<(u64, f64)>,
    /// The slope of the line through the second half.
    bytes_per_call: f64,
}

/// Runs the benchmark.
pub(crate) fn run(options: &Options, output: &Output) -> Result<Verdict> {
    let machine = Machine::this();
    let cores = Cores::of(Layout::Split)?;
    let waiting = options.client.on(&cores);
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
            let seen = executor.block_on(Loop::run(asked, CONNECTIONS, waiting, time))?;
            all.push(seen.server_us);
        }
        progress.step();
    }
    drop(few);
    progress.says("memory");
    let memory = memory(&executor, &many_asked, waiting, options.memory_calls)?;
    progress.done();
    let ratio = Spread::of_ratios(&many_us, &few_us);
    let report = Report {
        machine,
        client: waiting,
        tools: options.tools,
        keys: options.keys,
        targets: targets(ratio, &memory),
        ratio,
        few_us: Spread::of(few_us),
        many_us: Spread::of(many_us),
        memory,
    };
    report.show(output)
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

fn memory(executor: &Runtime, asked: &Asked, waiting: Waiting, calls: u64) -> Result<Memory> {
    let (mut made, mut looks) = (0, Vec::new());
    for look in 1..=LOOKS as u64 {
        while made < calls * look / LOOKS as u64 {
            let wires = executor.block_on(asked.question.connect(CONNECTIONS))?;
            made += executor
                .block_on(asked.question.flood(wires, waiting, STEP))?
                .calls;
        }
        looks.push((made, machine::mib(machine::resident(asked.process))));
    }
    Ok(Memory {
        calls: made,
        bytes_per_call: slope(&looks[looks.len() / 2..]) * f64::from(1 << 20),
        looks,
    })
}

/// The slope of the line that fits these points best.
fn slope(points: &[(u64, f64)]) -> f64 {
    let number = count(points.len() as u64);
    let middle = points.iter().map(|point| count(point.0)).sum::<f64>() / number;
    let level = points.iter().map(|point| point.1).sum::<f64>() / number;
    let (mut along, mut across) = (0.0, 0.0);
    for (calls, memory) in points {
        let away = count(*calls) - middle;
        along += away * (memory - level);
        across += away * away;
    }
    along / across
}

impl Report {
    fn show(&self, output: &Output) -> Result<Verdict> {
        output.people(&format!(
            "{}\nclient    {}\n",
            self.machine.words(),
            self.client.words()
        ));
        let headings = ["tools", "keys", "CPU µs per call", "to few"];
        let few = [TOOLS, TOOLS].map(|few| few.to_string()).into_iter();
        let many = [self.tools, self.keys]
            .map(|many| many.to_string())
            .into_iter();
        let rows = vec![
            few.chain([self.few_us.words(), "1".to_owned()]).collect(),
            many.chain([self.many_us.words(), self.ratio.words()])
                .collect(),
        ];
        output.people(&table(&headings, &[], rows));
        output.people("\nMemory of the full gateway:\n");
        let rows = self.memory.looks.iter().enumerate();
        let rows = rows
            .filter(|(number, _)| *number == 0 || (number + 1).is_multiple_of(LOOKS / 4))
            .map(|(_, (calls, mib))| vec![calls.to_string(), format!("{mib:.1}")]);
        output.people(&table(&["calls", "resident MiB"], &[], rows.collect()));
        output.people(&format!(
            "\nOver the second half it changes by {:.2} bytes with each call.\n",
            self.memory.bytes_per_call
        ));
        output.people(&target::shown(&self.targets));
        output.programs(self)?;
        Ok(target::verdict(&self.targets))
    }
}

/// A call costs the same however much there is, and leaves nothing behind.
fn targets(ratio: Spread, memory: &Memory) -> Vec<Target> {
    vec![
        Target::new("CPU of a call, many to few", Bound::AtMost(1.1), ratio),
        Target::new(
            "bytes that stay of each call",
            Bound::AtMost(1.0),
            Spread::of([memory.bytes_per_call]),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::slope;

    #[test]
    fn the_slope_is_that_of_the_line_and_not_of_its_ends() {
        assert!((slope(&[(10, 1.0), (20, 2.0), (30, 3.0)]) - 0.1).abs() < 1e-12);
        assert!(slope(&[(10, 1.0), (20, 3.0), (30, 1.0)]).abs() < 1e-12);
    }
}
