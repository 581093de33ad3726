//! Benchmarks of Casemate: `cargo xtask bench …` builds what is measured and starts this program.
//!
//! Everything but `call` and `instructions` is measured from outside, through the real binary on
//! loopback. A benchmark that has bounds ends with exit code 1 when one of them is missed, and with 2
//! when it could not measure.

mod all;
mod call;
mod cold;
mod density;
mod driver;
mod gateway;
mod http;
mod inside;
mod instructions;
mod machine;
mod neighbors;
mod overload;
mod profile;
mod progress;
mod prose;
mod say;
mod scale;
mod seed;
mod spread;
mod table;
mod target;
mod train;

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
    /// Every benchmark, one after the other, as each is by default
    All,
    /// What a call costs in the runtime alone, against the bare sandbox
    Call(call::Options),
    /// What a call costs over HTTP, in both revisions, against a bare HTTP handler
    Mcp(http::Options),
    /// The same tools on servers of other people
    Peers(http::Options),
    /// First calls, from an upload to its first answer, and starting with much that is registered
    Cold(cold::Options),
    /// What a loaded component takes of memory
    Density(density::Options),
    /// Twice as many calls as can be answered
    Overload(overload::Options),
    /// Whether a call costs the same however much is registered, and memory stays
    Scale(scale::Options),
    /// Where the CPU time of a small call goes, by stage and as a flame graph; needs perf
    Profile(profile::Options),
    /// What a call takes in instructions and allocations, against the committed baseline
    Instructions(instructions::Options),
    /// Makes the calls that `instructions` counts
    #[command(hide = true, name = instructions::program::COMMAND)]
    Counted(instructions::program::Options),
    /// Makes the calls that a release is optimized for
    #[command(hide = true)]
    Train(train::Options),
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
        Command::All => all::run(&output),
        Command::Call(options) => call::run(&options, &output),
        Command::Mcp(options) => http::run(&options, http::Field::Limits, &output),
        Command::Peers(options) => http::run(&options, http::Field::Peers, &output),
        Command::Cold(options) => cold::run(&options, &output),
        Command::Density(options) => density::run(&options, &output),
        Command::Overload(options) => overload::run(&options, &output),
        Command::Scale(options) => scale::run(&options, &output),
        Command::Profile(options) => profile::run(&options, &output),
        Command::Instructions(options) => instructions::run(&options, &output),
        Command::Counted(options) => instructions::program::run(&options).map(|counted| {
            if let Some(counted) = counted {
                output.people(&instructions::program::words(&counted));
            }
            Verdict::Held
        }),
        Command::Train(options) => train::run(&options).map(|()| Verdict::Held),
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
