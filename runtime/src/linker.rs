//! What components may import.
//!
//! The contract's own interfaces, and of WASI what the standard libraries of guest languages need
//! to start: all of it empty. Sockets are not linked at all.

use crate::{
    bindings::Full,
    state::{Session, State},
};
use wasmtime::{
    Engine, Result,
    component::{HasData, HasSelf, Linker, ResourceTable},
};
use wasmtime_wasi::{
    WasiView,
    cli::{WasiCli, WasiCliView},
    clocks::{WasiClocks, WasiClocksView},
    filesystem::{WasiFilesystem, WasiFilesystemView},
    p2::bindings::{cli, clocks, filesystem, io, random},
    random::WasiRandom,
};

/// Interfaces that components may import, without their versions, as [`build`] links them.
pub(crate) const OFFERED: [&str; 28] = [
    "casemate:tool/cancellation",
    "casemate:tool/config",
    "casemate:tool/http",
    "casemate:tool/key-value",
    "casemate:tool/logging",
    "casemate:tool/progress",
    "casemate:tool/secrets",
    "casemate:tool/types",
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
];

struct HasResources;

impl HasData for HasResources {
    type Data<'a> = &'a mut ResourceTable;
}

pub(crate) fn build(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    Full::add_to_linker::<State, HasSelf<Session>>(&mut linker, State::session)?;
    add_streams(&mut linker)?;
    add_command_line(&mut linker)?;
    add_clocks_and_chance(&mut linker)?;
    filesystem::preopens::add_to_linker::<State, WasiFilesystem>(&mut linker, State::filesystem)?;
    filesystem::types::add_to_linker::<State, WasiFilesystem>(&mut linker, State::filesystem)?;
    Ok(linker)
}

fn add_streams(linker: &mut Linker<State>) -> Result<()> {
    io::error::add_to_linker::<State, HasResources>(linker, State::resources)?;
    io::poll::add_to_linker::<State, HasResources>(linker, State::resources)?;
    io::streams::add_to_linker::<State, HasResources>(linker, State::resources)
}

fn add_command_line(linker: &mut Linker<State>) -> Result<()> {
    cli::environment::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::exit::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stdin::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stdout::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stderr::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_input::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_output::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stdin::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stdout::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stderr::add_to_linker::<State, WasiCli>(linker, State::cli)
}

fn add_clocks_and_chance(linker: &mut Linker<State>) -> Result<()> {
    clocks::wall_clock::add_to_linker::<State, WasiClocks>(linker, State::clocks)?;
    clocks::monotonic_clock::add_to_linker::<State, WasiClocks>(linker, State::clocks)?;
    random::random::add_to_linker::<State, WasiRandom>(linker, |state| state.ctx().ctx.random())?;
    random::insecure::add_to_linker::<State, WasiRandom>(linker, |state| state.ctx().ctx.random())?;
    random::insecure_seed::add_to_linker::<State, WasiRandom>(linker, |state| {
        state.ctx().ctx.random()
    })
}
