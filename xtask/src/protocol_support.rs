//! `cargo xtask protocol-support`: writes what the official conformance suite says of this tree into
//! `docs/reference/protocol-support.md`, and what our own tests say of the revision that it does not
//! know. The ordinary tests compare the page with what they see.

use crate::{
    build::{self, Profile},
    cargo::{self, cargo},
    clients, say,
};
use anyhow::{Result, bail};

/// `cargo xtask protocol-support`.
pub(crate) fn write() -> Result<()> {
    say::step(1, 3, "installing the suite");
    if let Some((what, why)) = clients::install().first() {
        bail!("{what}: {why}");
    }
    say::step(2, 3, "building the gateway");
    let gateway = build::gateway(Profile::Dev)?;
    say::step(3, 3, "running the suite in every revision");
    let mut command = cargo();
    command
        .env("CASEMATE_BIN", &gateway)
        .env("CASEMATE_REQUIRE_CLIENTS", "1")
        .env("CASEMATE_WRITE_PROTOCOL_SUPPORT", "1")
        .args(["test", "--package", "casemate-tests", "--test", "spec"])
        .args(["--", "clients::conformance", "protocol::the_page"]);
    cargo::run(&mut command)
}
