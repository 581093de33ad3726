//! Servers of other people, started as their own guides say.

use crate::machine::Cores;
use anyhow::{Context, Result, bail};
use std::{
    ffi::OsString,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Where `cargo xtask bench` installed those that have to be installed.
const FOLDER: &str = "CASEMATE_PEERS";

/// A server in a process of its own, gone with this value.
#[derive(Debug)]
pub(super) struct Peer {
    child: Child,
    pub(super) address: SocketAddr,
}

/// A server that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Axum,
    Rmcp,
    TypeScript,
    FastMcp,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Axum => "bare axum",
            Self::Rmcp => "rmcp 3.11, Rust",
            Self::TypeScript => "TypeScript SDK 2.4",
            Self::FastMcp => "FastMCP 4.1, Python",
        }
    }

    /// Starts it on the cores of servers.
    pub(super) fn start(self, cores: Cores) -> Result<Peer> {
        let mut command = self.command()?;
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let child = cores.for_gateway(|| command.spawn())?;
        let mut child = child.with_context(|| format!("starting {}", self.name()))?;
        let output = child.stdout.take().context("its output is piped")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        match line.trim().parse() {
            Ok(address) => Ok(Peer { child, address }),
            Err(_) => {
                // It has said its reason on standard error.
                let _ = child.kill();
                bail!("{} did not start", self.name())
            }
        }
    }

    fn command(self) -> Result<Command> {
        let native = |server: &str| {
            let ours = std::env::current_exe()?;
            let mut command = Command::new(ours.with_file_name("casemate-bench-peers"));
            command.arg(server);
            Ok(command)
        };
        let scripts = casemate_tests::root().join("bench/peers");
        match self {
            Self::Axum => native("axum"),
            Self::Rmcp => native("rmcp"),
            Self::TypeScript => {
                let home = installed("node")?;
                let mut command = Command::new(home.join("node_modules/.bin/node"));
                // A module finds its packages from where it lies.
                command.arg(home.join("server.mjs"));
                Ok(command)
            }
            Self::FastMcp => {
                let mut command = Command::new(installed("python")?.join("bin/python"));
                command.arg(scripts.join("python/server.py"));
                Ok(command)
            }
        }
    }
}

fn installed(name: &str) -> Result<PathBuf> {
    let folder: OsString = std::env::var_os(FOLDER).context("it is not installed")?;
    let home = Path::new(&folder).join(name);
    if !home.exists() {
        bail!("it is not installed");
    }
    Ok(home)
}

impl Peer {
    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
