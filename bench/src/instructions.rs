//! How many instructions and allocations a call takes in the gateway: numbers that do not depend on
//! what else the machine does, so that a change that makes calls dearer is found when it is made.
//!
//! A [program] of its own makes calls through the real endpoint, without sockets and on one thread.
//! It runs under callgrind twice, once with the calls and once with everything but them; the
//! difference on its main thread is what the calls took. Allocations are counted by the program
//! itself, outside of callgrind.

mod baseline;
pub(crate) mod program;

use crate::{
    Verdict, call,
    machine::Machine,
    progress::Progress,
    say::{self, Output},
    spread::digits,
    table::table,
};
use anyhow::{Context, Result, bail, ensure};
use baseline::{Baseline, Cost, beyond, differing, ratio, read, too_many};
use program::{Case, Mode};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

/// What is allowed beyond the baseline, in percent.
const ALLOWED: u64 = 5;
/// Allocations of a small call in the gateway, outside of the sandbox.
const MOST_ALLOCATIONS: u64 = 60;

/// How `instructions` is used.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Take what is measured now as the baseline
    #[arg(long)]
    update: bool,
}

#[derive(Serialize)]
struct Report {
    machine: Machine,
    now: Baseline,
    /// Allocations of the bare sandbox for the trivial tool.
    sandbox_allocations: u64,
    baseline: Option<Baseline>,
    exceeded: Vec<String>,
    /// Programs that the baseline was measured with in another version.
    measured_otherwise: Vec<String>,
}

/// Runs the benchmark.
pub(crate) fn run(options: &Options, output: &Output) -> Result<Verdict> {
    let valgrind = version("valgrind").context(
        "valgrind is not on the path; install it (Debian and Ubuntu: apt install valgrind)",
    )?;
    let progress = Progress::new(1 + Case::ALL.len() * 3);
    let folder = Scratch::new()?;
    progress.says("setting up under callgrind, which takes a minute");
    callgrind(&folder, Case::ModernAdd, Mode::SetUp)?;
    progress.step();
    let mut calls = BTreeMap::new();
    for case in Case::ALL {
        progress.says(&format!("{case}: allocations"));
        let mut cost = counted(*case)?;
        progress.step();
        progress.says(&format!("{case}: instructions"));
        let without = callgrind(&folder, *case, Mode::Idle)?;
        progress.step();
        let with = callgrind(&folder, *case, Mode::Call)?;
        cost.instructions = with.saturating_sub(without) / u64::from(case.calls());
        progress.step();
        calls.insert(case.to_string(), cost);
    }
    progress.done();
    let now = Baseline {
        valgrind,
        rustc: version("rustc").unwrap_or_default(),
        calls,
    };
    let path = casemate_tests::root().join("bench/baseline.json");
    if options.update {
        fs::write(&path, serde_json::to_string_pretty(&now)? + "\n")?;
        say::note(&format!("wrote {}", path.display()));
    }
    let baseline = read(&path)?;
    let sandbox_allocations = call::bare_allocations()?;
    let mut exceeded = too_many(&now, sandbox_allocations);
    exceeded.extend(baseline.iter().flat_map(|b| beyond(b, &now)));
    let report = Report {
        machine: Machine::this(),
        exceeded,
        measured_otherwise: baseline
            .as_ref()
            .map_or_else(Vec::new, |b| differing(b, &now)),
        now,
        sandbox_allocations,
        baseline,
    };
    report.show(output)
}

/// The allocations of a call, by a process that counts its own.
fn counted(case: Case) -> Result<Cost> {
    let folder = Scratch::new()?;
    let program = |mode| {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(program::arguments(&folder.path, case, mode));
        command
            .stderr(Stdio::inherit())
            .output()
            .context("starting the program")
    };
    ensure!(program(Mode::SetUp)?.status.success(), "the program failed");
    let output = program(Mode::Call)?;
    ensure!(output.status.success(), "the program failed");
    let counted: program::Counted = serde_json::from_slice(&output.stdout)?;
    Ok(Cost {
        instructions: 0,
        allocations: counted.allocations,
        allocated_bytes: counted.bytes,
    })
}

/// The instructions of the main thread of the program.
fn callgrind(folder: &Scratch, case: Case, mode: Mode) -> Result<u64> {
    let profile = folder.path.join("callgrind.out");
    let mut command = Command::new("valgrind");
    command
        .args(["--quiet", "--tool=callgrind", "--separate-threads=yes"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(std::env::current_exe()?)
        .args(program::arguments(&folder.path, case, mode))
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let status = command.status().context("starting valgrind")?;
    ensure!(status.success(), "valgrind failed ({status})");
    let main = folder.path.join("callgrind.out-01");
    let text = fs::read_to_string(&main).context("callgrind wrote no profile")?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    match total.map(str::trim).map(str::parse) {
        Some(Ok(total)) => Ok(total),
        _ => bail!("no total in {}", main.display()),
    }
}

fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A folder that is gone with this value.
struct Scratch {
    path: PathBuf,
}

impl Scratch {
    fn new() -> Result<Self> {
        let name = format!("casemate-bench-{}", uuid::Uuid::new_v4());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path)?;
        Ok(Self { path })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left in the folder of temporary files, the system removes.
        let _ = fs::remove_dir_all(&self.path);
    }
}

impl Report {
    fn show(&self, output: &Output) -> Result<Verdict> {
        const HEADINGS: [&str; 6] = [
            "call",
            "instructions",
            "to the baseline",
            "allocations",
            "allocated KiB",
            "baseline",
        ];
        let rows = self.now.calls.iter().map(|(name, cost)| {
            let before = self.baseline.as_ref().and_then(|b| b.calls.get(name));
            let to = before.map_or(f64::NAN, |b| ratio(cost.instructions, b.instructions));
            vec![
                name.clone(),
                cost.instructions.to_string(),
                digits(to),
                cost.allocations.to_string(),
                (cost.allocated_bytes >> 10).to_string(),
                before.map_or_else(|| "none".to_owned(), |b| b.instructions.to_string()),
            ]
        });
        output.people(&format!("{}\n", self.machine.words()));
        output.people(&table(&HEADINGS, &[0], rows.collect()));
        output.people(&format!(
            "\nOf the allocations, the bare sandbox makes {}. The gateway may add at most \
             {MOST_ALLOCATIONS} to a small call.",
            self.sandbox_allocations
        ));
        for otherwise in &self.measured_otherwise {
            output.people(&format!("The baseline was measured with {otherwise}."));
        }
        for exceeded in &self.exceeded {
            output.people(&format!("FAIL {exceeded}"));
        }
        output.programs(self)?;
        Ok(if self.exceeded.is_empty() {
            Verdict::Held
        } else {
            Verdict::Missed
        })
    }
}
