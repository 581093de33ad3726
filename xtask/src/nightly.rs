//! `cargo xtask nightly`: what takes too long for every change.

use crate::{
    build::{self, Profile},
    cargo::cargo,
    steps::Steps,
    test::Tally,
};
use anyhow::Result;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How `cargo xtask nightly` is used.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Components to generate and run
    #[arg(long, default_value_t = 2_000)]
    seeds: u64,
    /// The first seed; by default another one each day, so that each night sees new components
    #[arg(long)]
    first_seed: Option<u64>,
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
    let mut steps = Steps::new(2);
    let mut gateway = None;
    steps.take("gateway", || {
        let path = build::gateway(Profile::Dev)?;
        let note = build::short(&path);
        gateway = Some(path);
        Ok(note)
    });
    match gateway {
        Some(gateway) => {
            steps.take("generated components", || {
                let first = options.first_seed();
                let mut command = cargo();
                command
                    .env("CASEMATE_BIN", &gateway)
                    .env("CASEMATE_SEEDS", options.seeds.to_string())
                    .env("CASEMATE_FIRST_SEED", first.to_string())
                    .args(["test", "--package", "casemate-tests", "--test", "spec"])
                    .args(["--", "hostile::generated", "--nocapture"]);
                let note = Tally::default().run(&mut command)?;
                Ok(format!("{} seeds from {first}: {note}", options.seeds))
            });
        }
        None => steps.leave_out("generated components", "a build failed, see above"),
    }
    steps.show_summary();
    steps.verdict()
}
