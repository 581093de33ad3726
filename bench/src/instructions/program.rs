//! The program that is counted: the whole service in one process, and calls through the endpoint.
//!
//! Its sandboxes have few slots, because a pool as large as the gateway's does not fit into the
//! address space of valgrind, and its components are compiled by itself: valgrind shows another CPU
//! than the machine has, and code for the one does not load on the other.

use crate::{
    inside::{self, Code, Made, endpoint, send, set_up},
    prose::prose,
};
use anyhow::{Context, Result};
use bytes::Bytes;
use casemate_gateway::mcp::Endpoint;
use clap::ValueEnum;
use http::Request;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    ffi::OsString,
    fmt, fs,
    path::{Path, PathBuf},
};

/// The word under which the program is in the command line of the benchmark.
pub(crate) const COMMAND: &str = "counted";

/// Slots of the pool.
const SLOTS: u32 = 1;

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Case {
    ModernAdd,
    LegacyAdd,
    ModernEcho,
    ModernProse,
}

impl Case {
    pub(crate) const ALL: &[Self] = &[
        Self::ModernAdd,
        Self::LegacyAdd,
        Self::ModernEcho,
        Self::ModernProse,
    ];

    /// Whether its arguments and its answer are a few bytes.
    pub(super) const fn is_small(self) -> bool {
        !matches!(self, Self::ModernEcho | Self::ModernProse)
    }

    /// Calls of one run.
    pub(crate) const fn calls(self) -> u32 {
        match self {
            Self::ModernAdd | Self::LegacyAdd => 500,
            Self::ModernEcho | Self::ModernProse => 100,
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ModernAdd => "add, 2026-07-28",
            Self::LegacyAdd => "add, 2025-11-25",
            Self::ModernEcho => "echo 64 KiB, 2026-07-28",
            Self::ModernProse => "echo 64 KiB with quotes, 2026-07-28",
        })
    }
}

/// What the program does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Makes a server with tools, for the other two.
    SetUp,
    /// Makes requests and sends none.
    Idle,
    /// Makes requests and sends them.
    Call,
}

impl Mode {
    fn code(self) -> Code {
        match self {
            Self::SetUp => Code::Make,
            Self::Idle | Self::Call => Code::Find,
        }
    }
}

/// How the program is used.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[arg(long)]
    folder: PathBuf,
    #[arg(long, value_enum)]
    case: Case,
    #[arg(long, value_enum)]
    mode: Mode,
}

/// What the program prints: allocations of one call.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Counted {
    pub(super) allocations: u64,
    pub(super) bytes: u64,
}

/// The command line of the program.
pub(super) fn arguments(folder: &Path, case: Case, mode: Mode) -> Vec<OsString> {
    let name = |value: clap::builder::PossibleValue| value.get_name().to_owned();
    let case = case.to_possible_value().map(name).unwrap_or_default();
    let mode = mode.to_possible_value().map(name).unwrap_or_default();
    vec![
        COMMAND.into(),
        "--folder".into(),
        folder.into(),
        "--case".into(),
        case.into(),
        "--mode".into(),
        mode.into(),
    ]
}

/// Runs the program.
pub(crate) fn run(options: &Options) -> Result<Option<Counted>> {
    let executor = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let made = options.folder.join("made.json");
    let service = executor.block_on(inside::open(&options.folder, SLOTS, options.mode.code()))?;
    if options.mode == Mode::SetUp {
        let text = serde_json::to_vec(&executor.block_on(set_up(&service))?)?;
        fs::write(made, text)?;
        return Ok(None);
    }
    let made: Made = serde_json::from_slice(&fs::read(made).context("it was not set up")?)?;
    // It has tasks of its own from the beginning.
    let endpoint = executor.block_on(async { endpoint(service) });
    let request = executor.block_on(prepare(&endpoint, &made, options.case))?;
    let calls = options.case.calls();
    let requests = || -> Vec<_> { (0..calls).map(|_| request.clone()).collect() };
    // The first ones load the component and fill caches.
    let warm = requests().into_iter().take(20).collect();
    executor.block_on(send(&endpoint, &made.server, warm))?;
    let requests = requests();
    if options.mode == Mode::Idle {
        return Ok(None);
    }
    let mut sent = Ok(());
    let counted = allocation_counter::measure(|| {
        sent = executor.block_on(send(&endpoint, &made.server, requests));
    });
    sent?;
    Ok(Some(Counted {
        allocations: counted.count_total / u64::from(calls),
        bytes: counted.bytes_total / u64::from(calls),
    }))
}

/// The request of a case.
async fn prepare(endpoint: &Endpoint, made: &Made, case: Case) -> Result<Request<Bytes>> {
    let numbers = json!({ "a": 1, "b": 2 });
    match case {
        Case::ModernAdd => Ok(inside::modern(made, "add", numbers)),
        Case::LegacyAdd => inside::legacy(endpoint, made, "add", numbers).await,
        Case::ModernEcho => {
            let text = json!({ "text": "x".repeat(64 << 10) });
            Ok(inside::modern(made, "echo", text))
        }
        Case::ModernProse => {
            let text = json!({ "text": prose() });
            Ok(inside::modern(made, "echo", text))
        }
    }
}

/// What was counted, for whoever started this program.
pub(crate) fn words(counted: &Counted) -> String {
    json!(counted).to_string()
}
