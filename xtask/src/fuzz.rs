//! `cargo xtask fuzz`: the endpoint against requests that nobody thought of, for as long as wanted.

use crate::{
    build::{self, Profile},
    cargo::{self, cargo},
    say,
};
use anyhow::Result;

/// How `cargo xtask fuzz` is used.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How long to try
    #[arg(long, default_value_t = 10)]
    minutes: u64,
}

/// `cargo xtask fuzz`.
pub(crate) fn fuzz(options: &Options) -> Result<()> {
    say::step(1, 2, "building the gateway");
    let gateway = build::gateway(Profile::Dev)?;
    say::step(2, 2, &format!("trying for {} minutes", options.minutes));
    let seconds = options.minutes.saturating_mul(60).max(1);
    let mut command = cargo();
    command
        .env("CASEMATE_BIN", &gateway)
        .env("CASEMATE_FUZZ_SECONDS", seconds.to_string())
        .args(["test", "--package", "casemate-tests", "--test", "spec"])
        .args(["--", "fuzz::", "--nocapture"]);
    cargo::run(&mut command)
}
