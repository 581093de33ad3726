//! `cargo xtask run`: a gateway on loopback with the sample tools in it, ready to be connected to.
//!
//! Everything goes through the real command line, as a person would do it. A second run on the
//! same folder finds what the first one made; only the key is new, because a key is shown once.

mod gateway;
mod panel;
mod setup;

use crate::{
    build::{self, Profile},
    cargo, say, toolchain,
};
use anyhow::{Context, Result};
use gateway::Gateway;
use std::{fs, path::PathBuf, time::Instant};

/// How `cargo xtask run` is used.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Keep the data here instead of in target/demo
    #[arg(long, value_name = "DIR", conflicts_with = "ephemeral")]
    data: Option<PathBuf>,
    /// Listen for MCP clients on this port, for the command line on the next one
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Forget everything at the end
    #[arg(long)]
    ephemeral: bool,
    /// Build the gateway with optimizations
    #[arg(long)]
    release: bool,
}

/// Builds, starts, sets up, shows how to connect, and stays until it is interrupted.
pub(crate) fn run(options: Options) -> Result<()> {
    let start = Instant::now();
    say::step(1, 4, "building the sample tools");
    toolchain::ensure()?;
    let samples = build::components(&["sample-tools"])?;
    say::step(2, 4, "building the gateway");
    let binary = build::gateway(Profile::from_flag(options.release))?;

    say::step(3, 4, "starting the gateway");
    let temporary = match options.ephemeral {
        true => Some(
            tempfile::Builder::new()
                .prefix("casemate-demo-")
                .tempdir()?,
        ),
        false => None,
    };
    let folder = match (&temporary, options.data) {
        (Some(folder), _) => folder.path().to_owned(),
        (None, Some(folder)) => std::path::absolute(folder)?,
        (None, None) => cargo::target_dir(&cargo::metadata()?)?.join("demo"),
    };
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let mut gateway = Gateway::start(&binary, &folder, options.port)?;

    say::step(4, 4, "setting up the demo");
    let demo = match setup::set_up(&gateway, &samples) {
        Ok(demo) => demo,
        Err(error) => {
            gateway.show_log();
            return Err(error);
        }
    };
    say::line(&format!("ready after {}", say::elapsed(start.elapsed())));
    panel::show(&gateway, &demo);
    gateway.show_log();
    gateway.wait()
}
