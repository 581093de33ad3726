//! Servers of other people, started as their own guides say.

use crate::machine::{Cores, locked};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{
    ffi::OsString,
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Where `cargo xtask bench` installed those that have to be installed.
const FOLDER: &str = "CASEMATE_PEERS";
/// The interpreters in there.
const NODE: &str = "node_modules/.bin/node";
const PYTHON: &str = "bin/python";

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
            Self::Rmcp => "rmcp",
            Self::TypeScript => "TypeScript SDK",
            Self::FastMcp => "FastMCP",
        }
    }

    /// Its version as the repository pins it, and what it runs on.
    pub(super) fn version(self) -> String {
        let version = match self {
            Self::Axum => locked("axum"),
            Self::Rmcp => locked("rmcp"),
            Self::TypeScript => pinned_for_node("@modelcontextprotocol/server")
                .map(|sdk| runs_on(&sdk, "node", NODE)),
            Self::FastMcp => {
                pinned_for_python("fastmcp").map(|sdk| runs_on(&sdk, "python", PYTHON))
            }
        };
        version.unwrap_or_else(|| "unknown".to_owned())
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
                let mut command = Command::new(home.join(NODE));
                // A module finds its packages from where it lies.
                command.arg(home.join("server.mjs"));
                Ok(command)
            }
            Self::FastMcp => {
                let mut command = Command::new(installed("python")?.join(PYTHON));
                command.arg(scripts.join("python/server.py"));
                Ok(command)
            }
        }
    }
}

/// A version with that of the interpreter that was installed for it.
fn runs_on(version: &str, home: &str, program: &str) -> String {
    let said = installed(home).ok().and_then(|home| {
        let output = Command::new(home.join(program)).arg("--version").output();
        let text = String::from_utf8(output.ok()?.stdout).ok()?;
        Some(text.trim().replace("Python ", "").replace('v', ""))
    });
    match said {
        Some(interpreter) => format!("{version} on {home} {interpreter}"),
        None => version.to_owned(),
    }
}

fn pinned_for_node(package: &str) -> Option<String> {
    let pins = casemate_tests::root().join("bench/peers/node/package.json");
    let pins: Value = serde_json::from_slice(&fs::read(pins).ok()?).ok()?;
    pins["dependencies"][package].as_str().map(str::to_owned)
}

fn pinned_for_python(package: &str) -> Option<String> {
    let pins = casemate_tests::root().join("tests/clients/python/fastmcp.txt");
    let pins = fs::read_to_string(pins).ok()?;
    let start = format!("{package}==");
    let pin = pins.lines().find_map(|line| line.strip_prefix(&*start))?;
    Some(pin.split([' ', ';', '\\']).next()?.to_owned())
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

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn every_version_is_found_where_it_is_pinned() {
        for kind in [Kind::Axum, Kind::Rmcp, Kind::TypeScript, Kind::FastMcp] {
            let version = kind.version();
            let is_number = version.starts_with(|first: char| first.is_ascii_digit());
            assert!(is_number, "{}: {version}", kind.name());
        }
    }
}
