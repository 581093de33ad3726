//! All build logic of Casemate: `cargo xtask run`, `cargo xtask test` and what they are made of.
//!
//! Every command checks what it needs first and says how to get what is missing. It builds with
//! plain cargo, so that nothing here is needed to work on a part of the code.

mod bench;
mod build;
mod cargo;
mod clients;
mod deny;
mod doctor;
mod fuzz;
mod nightly;
mod protocol_support;
mod release;
mod run;
mod say;
mod steps;
mod test;
mod toolchain;

use clap::{Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Build, run and test Casemate.", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a gateway with the sample tools and show how to connect
    Run(run::Options),
    /// Run every check and every test, and say what was left out
    Test(test::Options),
    /// Run what takes too long for every change: thousands of generated components, and minutes of
    /// made requests
    Nightly(nightly::Options),
    /// Build the sample tools and the gateway
    Build {
        /// Build the gateway with optimizations
        #[arg(long)]
        release: bool,
    },
    /// Build the gateway as it is meant to be installed: optimized by what it does while it serves calls
    Release,
    /// Send requests that nobody thought of to the MCP endpoint, for some minutes
    Fuzz(fuzz::Options),
    /// Measure what a call costs and what is promised under load: `bench mcp`, `bench neighbors`
    Bench(bench::Options),
    /// Check formatting and lints
    Check,
    /// Install the MCP clients of others that the tests use, into `.clients`: 1 GB
    Clients,
    /// Write what the official conformance suite says into docs/reference/protocol-support.md
    ProtocolSupport,
    /// Check licenses, sources and known vulnerabilities of all dependencies
    Deny,
    /// Check what building and testing need, and say how to get what is missing
    Doctor,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Run(options) => run::run(options),
        Command::Test(options) => test::test(&options),
        Command::Nightly(options) => nightly::nightly(&options),
        Command::Fuzz(options) => fuzz::fuzz(&options),
        Command::Build { release } => build::all(build::Profile::from_flag(release)),
        Command::Release => release::release().map(drop),
        Command::Bench(options) => bench::bench(&options),
        Command::Check => test::check(),
        Command::Clients => clients::command(),
        Command::ProtocolSupport => protocol_support::write(),
        Command::Deny => deny::deny(),
        Command::Doctor => doctor::doctor(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    let xtask = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask
        .parent()
        .expect("xtask is a folder of the repository")
        .to_owned()
}
