//! Benchmarks of Casemate: `cargo xtask bench …` builds what is measured and starts this program.
//!
//! Everything is measured from outside, through the real binary on loopback. A benchmark that has
//! bounds ends with exit code 1 when one of them is missed, and with 2 when it could not measure.

mod driver;
mod gateway;
mod machine;
mod neighbors;
mod say;
mod table;

use clap::{Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", about = "Measure Casemate.", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Also write what was measured to this file, or to standard output for `-`
    #[arg(long, global = true, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// What a workspace notices of hostile ones beside it
    #[command(visible_alias = "neighbours")]
    Neighbors(neighbors::Options),
}

/// What came of a benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Every bound was held, and every control failed.
    Held,
    /// Something was not as it must be; the table says what.
    Missed,
    /// Nothing was missed, but the bounds are from a disturbed measurement and too loose.
    Unclear,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = say::Output::new(arguments.json);
    let result = match arguments.command {
        Command::Neighbors(options) => neighbors::run(&options, &output),
    };
    match result {
        Ok(Verdict::Held) => ExitCode::SUCCESS,
        Ok(Verdict::Missed) => ExitCode::from(1),
        Ok(Verdict::Unclear) => ExitCode::from(2),
        Err(error) => {
            say::error(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}
