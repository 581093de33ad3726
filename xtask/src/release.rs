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

/// What only compiling runs, in a process that may not write what it counted. Known to be unused, it
/// would be made small instead of quick; not known of, it is built as in any other release.
const NOT_COUNTED: &str = "cranelift|regalloc2|wasmparser|wasmtime_environ|gimli|jsonschema";

/// Builds, counts, and builds again. Gives the path of the binary.
pub(crate) fn release() -> Result<PathBuf> {
    let start = Instant::now();
    let home = cargo::target_dir(&cargo::metadata()?)?.join("guided");
    say::step(1, 4, "looking at the tools");
    toolchain::ensure()?;
    let profdata = profdata()?;
    say::step(2, 4, "building a gateway that counts");
    build::components(&["tests/guests"])?;
    let counts = home.join("counts");
    let flag = joined("-Cprofile-generate=", &counts);
    // Counted is before code of one crate moves into another, so that may be left out here.
    let counting = gateway(&home.join("counting"), &flag, Some("off"))?;
    say::step(3, 4, "serving calls with it");
    count(&counting, &counts)?;
    let merged = home.join("counts.profdata");
    let mut merge = Command::new(profdata);
    merge
        .arg("merge")
        .arg(format!("--no-function={NOT_COUNTED}"));
    cargo::run(merge.arg("--output").arg(&merged).arg(&counts))
        .context("there is nothing that the gateway counted")?;
    say::step(4, 4, "building the gateway by these counts");
    let folder = home.join("guided");
    // Cargo knows the counts by name only, and would take what it built by older ones for done.
    remove(&folder)?;
    let guided = gateway(&folder, &joined("-Cprofile-use=", &merged), None)?;
    let path = home.join(format!("casemate{EXE_SUFFIX}"));
    fs::copy(&guided, &path)?;
    let took = say::elapsed(start.elapsed());
    say::line(&format!("\nbuilt in {took}: {}", build::short(&path)));
    Ok(path)
}

/// Serves calls with a gateway that counts. What an older one left behind would be of other code.
fn count(counting: &Path, counts: &Path) -> Result<()> {
    remove(counts)?;
    let mut train = cargo();
    train.args(["run", "--package", "casemate-bench", "--", "train"]);
    cargo::run(train.env("CASEMATE_BIN", counting))
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(())
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
