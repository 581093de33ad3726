//! `cargo xtask release`: the gateway as it is meant to be installed, optimized for what it does most.
//!
//! A call runs through a little of very much code, and waits for that code more than for anything
//! else. So the gateway is built twice: first one that counts which of its code runs while it serves
//! calls, then one that is laid out by these counts.

use crate::{
    build,
    cargo::{self, cargo},
    say, toolchain,
};
use anyhow::{Context, Result, ensure};
use std::{
    env::consts::EXE_SUFFIX,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

/// How the compiler writes counts, and the tool that adds them up, in one version.
const TOOLS: &str = "llvm-tools";

/// Builds, counts, and builds again. Gives the path of the binary.
pub(crate) fn release() -> Result<PathBuf> {
    let start = Instant::now();
    let home = cargo::target_dir(&cargo::metadata()?)?.join("guided");
    let counts = home.join("counts");
    say::step(1, 5, "looking at the tools");
    toolchain::ensure()?;
    let profdata = profdata()?;
    say::step(2, 5, "building a gateway that counts");
    build::components(&["tests/guests"])?;
    let flag = joined("-Cprofile-generate=", &counts);
    // Counted is before code of one crate moves into another, so that may be left out here.
    let counting = gateway(&home.join("counting"), &flag, Some("off"))?;
    say::step(3, 5, "serving calls with it");
    // Counts of an older build would be of other code.
    if counts.exists() {
        fs::remove_dir_all(&counts)?;
    }
    cargo::run(
        cargo()
            .args(["run", "--package", "casemate-bench", "--", "train"])
            .env("CASEMATE_BIN", counting),
    )?;
    let merged = home.join("counts.profdata");
    cargo::run(
        Command::new(profdata)
            .args(["merge", "--output"])
            .arg(&merged)
            .arg(&counts),
    )
    .context("there is nothing that the gateway counted")?;
    say::step(4, 5, "building the gateway by these counts");
    let guided = gateway(
        &home.join("guided"),
        &joined("-Cprofile-use=", &merged),
        None,
    )?;
    say::step(5, 5, "putting it where it is found");
    let path = home.join(format!("casemate{EXE_SUFFIX}"));
    fs::copy(&guided, &path)?;
    let took = say::elapsed(start.elapsed());
    say::line(&format!("\nbuilt in {took}: {}", build::short(&path)));
    Ok(path)
}

/// Builds the gateway with a flag for it and all that it is made of, and nothing that only helps to
/// build it: naming the target keeps the flag from those.
fn gateway(folder: &Path, flag: &OsString, lto: Option<&str>) -> Result<PathBuf> {
    let host = toolchain::host()?;
    let mut command = cargo();
    command
        .args(["build", "--release", "--package", "casemate-gateway"])
        .args(["--bin", "casemate", "--target", &host, "--target-dir"])
        .arg(folder)
        .env("CARGO_ENCODED_RUSTFLAGS", flag)
        .envs(lto.map(|lto| ("CARGO_PROFILE_RELEASE_LTO", lto)));
    cargo::run(&mut command)?;
    Ok(folder
        .join(host)
        .join(format!("release/casemate{EXE_SUFFIX}")))
}

/// The tool that adds up counts, added to the toolchain if it is missing.
fn profdata() -> Result<PathBuf> {
    let tool = || -> Result<PathBuf> {
        let folder = toolchain::first_line("rustc", &["--print", "target-libdir"])
            .context("rustc does not say where its libraries are")?;
        let folder = Path::new(&folder)
            .parent()
            .context("libraries lie in a folder")?;
        Ok(folder.join(format!("bin/llvm-profdata{EXE_SUFFIX}")))
    };
    let path = tool()?;
    if !path.exists() {
        cargo::run(Command::new("rustup").args(["component", "add", TOOLS]))
            .with_context(|| format!("the component {TOOLS} of Rust is missing"))?;
    }
    ensure!(path.exists(), "{TOOLS} came without llvm-profdata");
    Ok(path)
}

fn joined(flag: &str, path: &Path) -> OsString {
    let mut joined = OsString::from(flag);
    joined.push(path);
    joined
}
