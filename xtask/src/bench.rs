//! `cargo xtask bench`: builds what is measured, with optimizations, and starts the benchmark.

use crate::{
    build::{self, Profile},
    cargo::{self, cargo},
    clients, root, say,
    toolchain::{self, Finding},
};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
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
    let program = program("release")?;
    let peers = cargo::target_dir(&cargo::metadata()?)?.join("peers");
    if asks_for("peers") || asks_for("all") {
        install_peers(&peers);
    }
    verdict(
        Command::new(program)
            .args(&options.arguments)
            .env("CASEMATE_BIN", gateway)
            .env("CASEMATE_PEERS", peers),
    )
}

/// Holds what a call takes against the committed baseline.
pub(crate) fn guard() -> Result<()> {
    instructions(&[INSTRUCTIONS.to_owned()])
}

/// What counts instructions, to be found before half of the work is done.
pub(crate) fn valgrind() -> Finding {
    match toolchain::first_line("valgrind", &["--version"]) {
        Some(found) => Finding::Good(found),
        None => Finding::Missing(VALGRIND_REMEDY.to_owned()),
    }
}

const VALGRIND_REMEDY: &str =
    "valgrind is not on the path; Debian and Ubuntu: apt install valgrind";

/// No part of it is timed, so it does without what makes a release slow to build.
fn instructions(arguments: &[String]) -> Result<()> {
    verdict(Command::new(program("counted")?).args(arguments))
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

/// Installs the servers of other people that the gateway is compared with. One that cannot be had is
/// left out of the comparison, which says so.
fn install_peers(folder: &Path) {
    let python = clients::install_python("fastmcp", &folder.join("python"));
    let ours = root().join("bench/peers/node");
    let home = folder.join("node");
    let node = clients::install_node(&ours, &home).and_then(|()| {
        // A module finds its packages from where it lies.
        fs::copy(ours.join("server.mjs"), home.join("server.mjs"))?;
        Ok(())
    });
    for (name, installed) in [("Python", python), ("TypeScript", node)] {
        if let Err(error) = installed {
            say::line(&format!("no {name} server to compare with: {error:#}"));
        }
    }
}
