//! `cargo xtask nightly`: what takes too long for every change.

use crate::{
    build::{self, Profile},
    cargo::cargo,
    steps::Steps,
    test::Tally,
};
use anyhow::Result;
use std::{
    path::Path,
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// How `cargo xtask nightly` is used.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Components to generate and run
    #[arg(long, default_value_t = 2_000)]
    seeds: u64,
    /// The first seed; by default another one each day, so that each night sees new components
    #[arg(long)]
    first_seed: Option<u64>,
    /// Minutes of requests that nobody thought of
    #[arg(long, default_value_t = 10)]
    fuzz_minutes: u64,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Options {
    fn first_seed(&self) -> u64 {
        self.first_seed.unwrap_or_else(|| {
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            now.as_secs() / DAY.as_secs() * self.seeds
        })
    }
}

/// `cargo xtask nightly`.
pub(crate) fn nightly(options: &Options) -> Result<()> {
    let mut steps = Steps::new(3);
    let mut gateway = None;
    steps.take("gateway", || {
        let path = build::gateway(Profile::Dev)?;
        let note = build::short(&path);
        gateway = Some(path);
        Ok(note)
    });
    let Some(gateway) = gateway else {
        for step in ["generated components", "made requests"] {
            steps.leave_out(step, "a build failed, see above");
        }
        steps.show_summary();
        return steps.verdict();
    };
    steps.take("generated components", || {
        let first = options.first_seed();
        let mut command = spec(&gateway, "hostile::generated");
        command
            .env("CASEMATE_SEEDS", options.seeds.to_string())
            .env("CASEMATE_FIRST_SEED", first.to_string());
        let note = Tally::default().run(&mut command)?;
        Ok(format!("{} seeds from {first}: {note}", options.seeds))
    });
    steps.take("made requests", || {
        let seconds = options.fuzz_minutes.saturating_mul(60).max(1);
        let mut command = spec(&gateway, "fuzz::");
        command.env("CASEMATE_FUZZ_SECONDS", seconds.to_string());
        let note = Tally::default().run(&mut command)?;
        Ok(format!("{} minutes: {note}", options.fuzz_minutes))
    });
    steps.show_summary();
    steps.verdict()
}

/// The specification, or a part of it, against this gateway.
fn spec(gateway: &Path, filter: &str) -> Command {
    let mut command = cargo();
    command
        .env("CASEMATE_BIN", gateway)
        .args(["test", "--package", "casemate-tests", "--test", "spec"])
        .args(["--", filter, "--nocapture"]);
    command
}
