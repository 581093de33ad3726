//! `cargo xtask clients`: installs the MCP clients of others, in exactly the versions that
//! `tests/clients` pins, into `.clients`. What is there already in the right version stays.

use crate::{
    build, cargo, root, say,
    toolchain::{Finding, at_least, first_line},
};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Python environments, one for each file of pins: the clients need versions of the same
/// packages that exclude each other.
const PYTHON: [&str; 3] = ["mcp-1", "mcp-2", "fastmcp"];
const OLDEST_PYTHON: &str = "3.10";
const PYTHON_REMEDY: &str =
    "install Python 3.10 or newer with venv (Debian and Ubuntu: apt install python3-venv)";
const NPM_REMEDY: &str = "install Node.js 20 or newer with npm, from https://nodejs.org";

/// Clients that could not be installed, by name, with the reason.
pub(crate) type Missing = Vec<(String, String)>;

/// JavaScript packages, by folder: libraries and programs, and assistants for the command line,
/// which are large.
const NODE: [(&str, &str); 2] = [
    ("node", "JavaScript clients"),
    ("assistants", "assistants, 650 MB"),
];

/// `cargo xtask clients`.
pub(crate) fn command() -> Result<()> {
    let missing = install();
    for (what, why) in &missing {
        say::line(&format!("missing: {what} — {why}"));
    }
    if !missing.is_empty() {
        bail!("not all clients could be installed");
    }
    say::line("all clients are installed");
    Ok(())
}

/// Installs what is not there yet. One that fails does not keep the others away.
pub(crate) fn install() -> Missing {
    let mut missing = Missing::new();
    for name in PYTHON {
        let home = root().join(".clients/python").join(name);
        let pins = pins("python").join(format!("{name}.txt"));
        if let Err(error) = install_python(&pins, &home) {
            missing.push((format!("Python client {name}"), format!("{error:#}")));
        }
    }
    for (folder, what) in NODE {
        let home = root().join(".clients").join(folder);
        if let Err(error) = install_node(&pins(folder), &home) {
            missing.push((what.to_owned(), format!("{error:#}")));
        }
    }
    missing
}

/// A Python that can make environments.
pub(crate) fn python() -> Finding {
    let Some(found) = first_line("python3", &["--version"]) else {
        return Finding::Missing(format!("python3 is not on the path; {PYTHON_REMEDY}"));
    };
    let version = found.split_whitespace().nth(1).unwrap_or_default();
    let has_venv = first_line("python3", &["-c", "import venv, ensurepip"]).is_some();
    if at_least(version, OLDEST_PYTHON) && has_venv {
        Finding::Good(found)
    } else {
        Finding::Missing(format!("{found} will not do; {PYTHON_REMEDY}"))
    }
}

/// An npm, to install the JavaScript clients and the Node that they run on.
pub(crate) fn npm() -> Finding {
    match first_line(NPM, &["--version"]) {
        Some(found) => Finding::Good(found),
        None => Finding::Missing(format!("npm is not on the path; {NPM_REMEDY}")),
    }
}

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// A Python environment with what a file pins.
pub(crate) fn install_python(pins: &Path, home: &Path) -> Result<()> {
    if is_current(home, &[pins]) {
        return Ok(());
    }
    require(python())?;
    begin(home, pins)?;
    let mut command = Command::new("python3");
    cargo::run(quiet(command.args(["-m", "venv"]).arg(home)))?;
    let program = if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    };
    let mut command = Command::new(home.join(program));
    command.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]);
    command
        .args(["--no-input", "--only-binary", ":all:", "--requirement"])
        .arg(pins);
    cargo::run(quiet(&mut command))?;
    finish(home, &[pins])
}

/// The packages that a folder pins. Node comes as one of them, because the Inspector needs a newer
/// one than most systems have. No script of any package is run at installation.
pub(crate) fn install_node(pins: &Path, home: &Path) -> Result<()> {
    let [manifest, lock] = ["package.json", "package-lock.json"].map(|f| pins.join(f));
    if is_current(home, &[&manifest, &lock]) {
        return Ok(());
    }
    require(npm())?;
    begin(home, &lock)?;
    fs::create_dir_all(home)?;
    fs::copy(&manifest, home.join("package.json"))?;
    fs::copy(&lock, home.join("package-lock.json"))?;
    let mut command = Command::new(NPM);
    command.args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel",
        "error",
    ]);
    cargo::run(quiet(command.current_dir(home)))?;
    if first_line(
        &home.join("node_modules/.bin/node").to_string_lossy(),
        &["--version"],
    )
    .is_none()
    {
        bail!(
            "there is no package with Node for this kind of machine in {}",
            build::short(pins)
        );
    }
    finish(home, &[&manifest, &lock])
}

fn begin(home: &Path, pins: &Path) -> Result<()> {
    say::line(&format!(
        "installing {} into {}",
        build::short(pins),
        build::short(home)
    ));
    if home.exists() {
        fs::remove_dir_all(home).with_context(|| format!("{} is in the way", home.display()))?;
    }
    Ok(())
}

/// A copy of the pins beside what they led to says that it is complete and what it is.
fn finish(home: &Path, pins: &[&Path]) -> Result<()> {
    fs::write(stamp(home), contents(pins)?)?;
    Ok(())
}

fn is_current(home: &Path, pins: &[&Path]) -> bool {
    let wanted = contents(pins);
    wanted.is_ok_and(|wanted| fs::read_to_string(stamp(home)).is_ok_and(|found| found == wanted))
}

fn stamp(home: &Path) -> PathBuf {
    home.join("installed-pins")
}

fn contents(pins: &[&Path]) -> Result<String> {
    pins.iter()
        .map(|path| fs::read_to_string(path).context("pins are missing"))
        .collect()
}

fn pins(language: &str) -> PathBuf {
    root().join("tests/clients").join(language)
}

fn require(finding: Finding) -> Result<()> {
    match finding {
        Finding::Good(_) => Ok(()),
        Finding::Missing(remedy) => bail!(remedy),
    }
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null())
}
