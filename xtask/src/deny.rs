//! `cargo xtask deny`: what all dependencies are licensed under, where they come from, and whether
//! something is known against them.

use crate::{
    cargo::{self, cargo},
    say, toolchain,
};
use anyhow::{Result, bail};

/// Runs cargo-deny. Advisories need a database from the network; without it the rest is checked
/// and the gap is named.
pub(crate) fn deny() -> Result<()> {
    if toolchain::first_line("cargo", &["deny", "--version"]).is_none() {
        bail!("cargo-deny is not installed; run: cargo install cargo-deny --locked");
    }
    cargo::run(cargo().args(["deny", "check", "bans", "licenses", "sources"]))?;
    if cargo::run(cargo().args(["deny", "fetch", "db"])).is_err() {
        say::line(
            "\nskipped: advisories, because their database cannot be fetched. \
             With network access, run: cargo deny check advisories",
        );
        return Ok(());
    }
    cargo::run(cargo().args(["deny", "check", "advisories"]))
}
