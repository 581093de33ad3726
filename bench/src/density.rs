//! What a loaded component takes of the memory of the gateway.

use crate::{
    Verdict, cold,
    gateway::Gateway,
    machine::{self, Cores, Layout, Machine},
    progress::Progress,
    say::Output,
    seed::{Components, Seeder},
};
use anyhow::Result;
use serde::Serialize;

/// How `density` is used.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Components that are loaded; each is compiled first, which takes most of the time
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(2..=20_000))]
    components: u32,
}

#[derive(Serialize)]
struct Report {
    machine: Machine,
    components: u32,
    component_kib: usize,
    /// Of each component after the first, in KiB.
    anonymous_kib: f64,
    resident_kib: f64,
    /// The same after every component was called once more: what slots keep.
    again_kib: f64,
}

/// Runs the benchmark.
pub(crate) fn run(options: &Options, output: &Output) -> Result<Verdict> {
    let machine = Machine::this();
    let cores = Cores::of(Layout::Split)?;
    let progress = Progress::new(options.components as usize + 1);
    let mut gateway = Gateway::start("", cores)?;
    let components = Components::new()?;
    let seeder = Seeder::of(&gateway);
    seeder.workspace()?;
    let mut servers = Vec::new();
    for number in 0..options.components {
        progress.says(&format!("push {number}"));
        let seeded = seeder.server(&format!("dense-{number}"))?;
        seeder.deploy(&seeded, &seeder.upload(components.number(number))?)?;
        servers.push(seeded);
        progress.step();
    }
    progress.says("loading");
    gateway.stop();
    gateway.go_on()?;
    gateway.settle();
    let pid = gateway.pid();
    // The first one brings along what all share.
    cold::call(&gateway, &servers[0])?;
    gateway.settle();
    let before = (machine::anonymous(pid), machine::resident(pid));
    for seeded in &servers[1..] {
        cold::call(&gateway, seeded)?;
    }
    gateway.settle();
    let after = (machine::anonymous(pid), machine::resident(pid));
    for seeded in &servers {
        cold::call(&gateway, seeded)?;
    }
    let again = machine::anonymous(pid);
    progress.done();
    let each = |before: u64, after: u64| {
        machine::mib(after.saturating_sub(before)) * 1024.0 / f64::from(options.components - 1)
    };
    let report = Report {
        machine,
        components: options.components,
        component_kib: components.kib(),
        anonymous_kib: each(before.0, after.0),
        resident_kib: each(before.1, after.1),
        again_kib: each(before.0, again),
    };
    output.people(&format!(
        "{}\n\n{} components of {} KiB, each loaded and called once: {:.0} KiB of anonymous memory \
         each, {:.0} KiB resident; {:.0} KiB anonymous after a second call of each. A part of it is \
         what their slots keep.",
        report.machine.words(),
        report.components,
        report.component_kib,
        report.anonymous_kib,
        report.resident_kib,
        report.again_kib
    ));
    output.programs(&report)?;
    Ok(Verdict::Held)
}
