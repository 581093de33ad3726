//! `cargo xtask bench`: builds what is measured, with optimizations, and starts the benchmark.

use crate::{
    build::{self, Profile},
    cargo::{self, cargo},
    clients, root, say, toolchain,
};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    path::Path,
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

/// Builds, and measures.
pub(crate) fn bench(options: &Options) -> Result<()> {
    say::step(1, 3, "building the guests");
    toolchain::ensure()?;
    build::components(&["sample-tools", "tests/guests"])?;
    say::step(2, 3, "building the gateway with optimizations");
    let gateway = build::gateway(Profile::Release)?;
    say::step(3, 3, "building the benchmark");
    cargo::run(cargo().args(["build", "--release", "--package", "casemate-bench"]))?;
    let name = format!("casemate-bench{}", std::env::consts::EXE_SUFFIX);
    let folder = cargo::target_dir(&cargo::metadata()?)?;
    let peers = folder.join("peers");
    if options
        .arguments
        .iter()
        .any(|word| word == "peers" || word == "all")
    {
        install_peers(&peers);
    }
    let status = Command::new(folder.join("release").join(name))
        .args(&options.arguments)
        .env("CASEMATE_BIN", gateway)
        .env("CASEMATE_PEERS", peers)
        .stdin(Stdio::null())
        .status()
        .context("the benchmark cannot be started")?;
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
