//! Every benchmark, one after the other, each in a process of its own: what one leaves behind in
//! memory is not the next one's.

use crate::{
    Verdict,
    say::{self, Output},
};
use anyhow::{Context, Result};
use serde_json::{Map, Value};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Where `cargo xtask bench` built the program that counts instructions. The baseline is of its
/// profile, and of no other.
const COUNTED: &str = "CASEMATE_BENCH_COUNTED";
const INSTRUCTIONS: &str = "instructions";

/// What is run, the quick ones first.
const ALL: [&str; 10] = [
    INSTRUCTIONS,
    "call",
    "mcp",
    "profile",
    "peers",
    "cold",
    "density",
    "overload",
    "scale",
    "neighbors",
];

/// Runs them, and joins what each has measured.
pub(crate) fn run(output: &Output) -> Result<Verdict> {
    let mut verdict = Verdict::Held;
    let mut measured = Map::new();
    let folder = tempfile::tempdir().context("making a temporary folder")?;
    for name in ALL {
        say::note(&format!("\n== {name}"));
        let Some(program) = program(name)? else {
            say::note(&format!(
                "left out: {COUNTED} names no program; run it through cargo xtask bench"
            ));
            verdict = worse(verdict, Verdict::Unclear);
            continue;
        };
        let file = folder.path().join(name);
        verdict = worse(verdict, one(&program, name, &file, output)?);
        // One that ended early has written none.
        if let Ok(text) = fs::read(&file) {
            measured.insert(name.to_owned(), serde_json::from_slice(&text)?);
        }
    }
    output.programs(&Value::Object(measured))?;
    Ok(verdict)
}

/// The program that a benchmark is in, if it was built.
fn program(name: &str) -> Result<Option<PathBuf>> {
    if name == INSTRUCTIONS {
        return Ok(std::env::var_os(COUNTED).map(PathBuf::from));
    }
    Ok(Some(std::env::current_exe()?))
}

fn one(program: &Path, name: &str, file: &Path, output: &Output) -> Result<Verdict> {
    let mut command = Command::new(program);
    command.arg(name).arg("--json").arg(file);
    if output.is_for_programs() {
        command.stdout(Stdio::from(std::io::stderr()));
    }
    let status = command.status().context("starting a benchmark")?;
    Ok(match status.code() {
        Some(0) => Verdict::Held,
        Some(1) => Verdict::Missed,
        _ => Verdict::Unclear,
    })
}

/// What came of both: one that was missed says more than one of which nothing can be said.
fn worse(one: Verdict, other: Verdict) -> Verdict {
    match (one, other) {
        (Verdict::Missed, _) | (_, Verdict::Missed) => Verdict::Missed,
        (Verdict::Unclear, _) | (_, Verdict::Unclear) => Verdict::Unclear,
        (Verdict::Held, Verdict::Held) => Verdict::Held,
    }
}
