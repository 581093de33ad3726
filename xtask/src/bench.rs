//! `cargo xtask bench`: builds what is measured, with optimizations, and starts the benchmark.

mod peers;
pub(crate) mod valgrind;

use crate::{
    build::{self, Profile},
    cargo::{self, cargo},
    say,
    toolchain::{self, Finding},
};
use anyhow::{Context, Result, bail};
use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

/// How `cargo xtask bench` is used.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Which benchmark, and how: `call`, `mcp --help`; `--help` lists them
    #[arg(
        value_name = "BENCHMARK",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    arguments: Vec<String>,
}

/// The benchmark that does not depend on what else the machine does.
const INSTRUCTIONS: &str = "instructions";
/// All of them.
const ALL: &str = "all";

/// Builds, and measures.
pub(crate) fn bench(options: &Options) -> Result<()> {
    let asks_for = |word: &str| options.arguments.iter().any(|argument| argument == word);
    say::step(1, 3, "building the guests");
    toolchain::ensure()?;
    build::components(&["sample-tools", "tests/guests"])?;
    if asks_for(INSTRUCTIONS) {
        return instructions(&options.arguments);
    }
    say::step(2, 3, "building the gateway with optimizations");
    let gateway = build::gateway(Profile::Release)?;
    say::step(3, 3, "building the benchmark");
    let mut command = Command::new(program("release")?);
    let folder = cargo::target_dir(&cargo::metadata()?)?.join("peers");
    if asks_for("peers") || asks_for(ALL) {
        peers::install(&folder);
    }
    if asks_for("cold") || asks_for(ALL) {
        peers::build_tools(&folder);
    }
    if asks_for(ALL) {
        match valgrind::ensure() {
            // The baseline is of this program and of no other.
            Finding::Good(_) => {
                command.env("CASEMATE_BENCH_COUNTED", program("counted")?);
            }
            Finding::Missing(remedy) => say::line(&remedy),
        }
    }
    verdict(
        command
            .args(&options.arguments)
            .env("CASEMATE_BIN", gateway)
            .env("CASEMATE_PEERS", folder),
    )
}

/// Holds what a call takes against the committed baseline.
pub(crate) fn guard() -> Result<()> {
    instructions(&[INSTRUCTIONS.to_owned()])
}

/// No part of it is timed, so it does without what makes a release slow to build.
fn instructions(arguments: &[String]) -> Result<()> {
    verdict(Command::new(counted()?).args(arguments))
}

fn counted() -> Result<PathBuf> {
    if let Finding::Missing(remedy) = valgrind::ensure() {
        bail!(remedy);
    }
    program("counted")
}

/// Builds the benchmark.
fn program(profile: &str) -> Result<PathBuf> {
    cargo::run(cargo().args(["build", "--package", "casemate-bench", "--profile", profile]))?;
    let name = format!("casemate-bench{}", std::env::consts::EXE_SUFFIX);
    let folder = cargo::target_dir(&cargo::metadata()?)?;
    Ok(folder.join(profile).join(name))
}

fn verdict(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status();
    let status = status.context("the benchmark cannot be started")?;
    match status.code() {
        Some(0) => Ok(()),
        Some(1) => bail!("something is not within its bounds, see the table above"),
        _ => bail!("the benchmark ended early ({status})"),
    }
}
