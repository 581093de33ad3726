//! What a loaded component takes of the memory of the gateway.

use crate::{
    Verdict, cold,
    gateway::Gateway,
    machine::{self, Cores, Layout, Machine},
    progress::Progress,
    say::Output,
    seed::{Components, Seeded, Seeder, keep_code},
    spread::{Spread, digits},
    table::table,
    target::{self, Bound, Target},
};
use anyhow::{Result, ensure};
use serde::Serialize;

/// How `density` is used.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Components that are loaded, each of another digest; one is compiled
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(2..=20_000))]
    components: u32,
}

#[derive(Serialize)]
struct Report {
    machine: Machine,
    components: u32,
    component_kib: usize,
    /// How many had to make room for others after one call of each.
    evicted: u64,
    rows: Vec<Row>,
    targets: Vec<Target>,
}

/// What the gateway takes for each component that is loaded, without the first, which brings along
/// what all share.
#[derive(Serialize)]
struct Row {
    what: &'static str,
    loaded: u64,
    /// In KB, of 1,000 bytes.
    anonymous_kb: f64,
    resident_kb: f64,
}

/// The memory of the gateway, and what is loaded in it.
#[derive(Clone, Copy)]
struct Look {
    anonymous: u64,
    resident: u64,
    loaded: u64,
    evictions: u64,
}

/// Runs the benchmark.
pub(crate) fn run(options: &Options, output: &Output) -> Result<Verdict> {
    let machine = Machine::this();
    let components = Components::new()?;
    let progress = Progress::new(4);
    progress.says("compiling one, and keeping its code under every digest");
    // Room for all of them: what is asked is what each takes, not how many fit.
    let config = format!(
        "[sandbox]\nloaded_bytes = {}\n",
        machine::memory("MemTotal")
    );
    let mut gateway = Gateway::start(&config, Cores::of(Layout::Split)?)?;
    Seeder::of(&gateway).workspace()?;
    gateway.stop();
    keep_code(&gateway.data(), &components, 0..options.components)?;
    gateway.go_on()?;
    progress.step();
    progress.says("uploading");
    let seeder = Seeder::of(&gateway);
    let servers = seeder.distinct("dense", &components, options.components)?;
    let found = seeder.get("/v1/status")?["components"]["loads"].as_u64();
    ensure!(
        found >= Some(options.components.into()),
        "the gateway compiled what was kept for it: {found:?} were found"
    );
    progress.step();
    progress.says("loading");
    gateway.stop();
    gateway.go_on()?;
    let first = look_after_calls(&gateway, &servers[..1])?;
    let once = look_after_calls(&gateway, &servers[1..])?;
    progress.step();
    progress.says("calling all of them once more");
    let again = look_after_calls(&gateway, &servers)?;
    progress.done();
    let rows = vec![
        Row::new("each called once", first, once),
        Row::new("each called twice", first, again),
    ];
    let each = Spread::of([rows[0].anonymous_kb]);
    let report = Report {
        machine,
        components: options.components,
        component_kib: components.kib(),
        evicted: once.evictions,
        rows,
        targets: vec![Target::new(
            "anonymous KB of a loaded component",
            Bound::AtMost(100.0),
            each,
        )],
    };
    report.show(output)
}

/// The state of the gateway after one call of each of these.
fn look_after_calls(gateway: &Gateway, servers: &[Seeded]) -> Result<Look> {
    for seeded in servers {
        cold::call(gateway, seeded)?;
    }
    gateway.settle();
    let pid = gateway.pid();
    let components = &Seeder::of(gateway).get("/v1/status")?["components"];
    Ok(Look {
        anonymous: machine::anonymous(pid),
        resident: machine::resident(pid),
        loaded: components["loaded"].as_u64().unwrap_or(0),
        evictions: components["evictions"].as_u64().unwrap_or(0),
    })
}

impl Row {
    fn new(what: &'static str, first: Look, then: Look) -> Self {
        let more = then.loaded.saturating_sub(first.loaded);
        Self {
            what,
            loaded: then.loaded,
            anonymous_kb: each(first.anonymous, then.anonymous, more),
            resident_kb: each(first.resident, then.resident, more),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a mean with three digits")]
fn each(before: u64, after: u64, components: u64) -> f64 {
    after.saturating_sub(before) as f64 / 1_000.0 / components as f64
}

impl Report {
    fn show(&self, output: &Output) -> Result<Verdict> {
        output.people(&format!(
            "{}\ntool      Rust, {} KiB, {} components of another digest each, compiled once\n",
            self.machine.words(),
            self.component_kib,
            self.components
        ));
        let headings = ["what", "loaded", "anonymous KB each", "resident KB each"];
        let rows = self.rows.iter().map(|row| {
            vec![
                row.what.to_owned(),
                row.loaded.to_string(),
                digits(row.anonymous_kb),
                digits(row.resident_kb),
            ]
        });
        output.people(&table(&headings, &[0], rows.collect()));
        if self.evicted > 0 {
            output.people(&format!(
                "\nAfter one call of each, {} had made room for others: a quarter of the files that \
                 the gateway may open, and half of its mappings, are for loaded components. The \
                 numbers are for each that stayed.",
                self.evicted
            ));
        }
        output.people(
            "\nA part of it is not the component but the slot of its sandbox, which keeps pages warm.\n",
        );
        output.people(&target::shown(&self.targets));
        output.programs(self)?;
        Ok(target::verdict(&self.targets))
    }
}
