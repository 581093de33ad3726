//! What building needs, and how to get it.

use crate::{root, say};
use anyhow::{Context, Result, bail};
use std::{
    path::Path,
    process::{Command, Stdio},
};

/// The target that tools are built for.
pub(crate) const WASM: &str = "wasm32-wasip2";

/// The answer to "is it there?".
#[derive(Debug)]
pub(crate) enum Finding {
    /// It is; this is what was found.
    Good(String),
    /// It is not; this is how to get it.
    Missing(String),
}

/// Checks all that building needs, adds the wasm target if only that is missing, and fails with
/// every other thing that is.
pub(crate) fn ensure() -> Result<()> {
    if let Finding::Missing(_) = wasm_target() {
        add_wasm_target()?;
    }
    let findings = [
        ("Rust", rust()),
        (WASM, wasm_target()),
        ("C compiler", c_compiler()),
    ];
    let missing: Vec<String> = findings
        .into_iter()
        .filter_map(|(what, finding)| match finding {
            Finding::Good(_) => None,
            Finding::Missing(remedy) => Some(format!("{what}: {remedy}")),
        })
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        bail!("not ready to build.\n  {}", missing.join("\n  "))
    }
}

/// A compiler that is new enough.
pub(crate) fn rust() -> Finding {
    let wanted = env!("CARGO_PKG_RUST_VERSION");
    let Some(found) = first_line("rustc", &["--version"]) else {
        return Finding::Missing(
            "rustc is not on the path; install Rust from https://rustup.rs".into(),
        );
    };
    let version = found.split_whitespace().nth(1).unwrap_or_default();
    if at_least(version, wanted) {
        Finding::Good(found)
    } else {
        Finding::Missing(format!(
            "this is {version}, Casemate needs {wanted}; run: rustup update"
        ))
    }
}

/// What programs are built for here.
pub(crate) fn host() -> Result<String> {
    first_line("rustc", &["--print", "host-tuple"])
        .context("rustc does not say what it builds programs for")
}

/// The standard library for tools.
pub(crate) fn wasm_target() -> Finding {
    match first_line("rustc", &["--print", "target-libdir", "--target", WASM]) {
        Some(folder) if Path::new(&folder).is_dir() => Finding::Good("installed".into()),
        _ => Finding::Missing(format!("run: rustup target add {WASM}")),
    }
}

/// A C compiler: blake3 and ring carry a little C.
pub(crate) fn c_compiler() -> Finding {
    if cfg!(windows) {
        return Finding::Good("comes with the Visual Studio build tools that Rust needs".into());
    }
    let program = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    match first_line(&program, &["--version"]) {
        Some(found) => Finding::Good(found),
        None => Finding::Missing(format!(
            "`{program}` does not run. Debian and Ubuntu: apt install build-essential. \
             Fedora: dnf install gcc. macOS: xcode-select --install"
        )),
    }
}

/// The first line that a program prints, if it runs and succeeds.
pub(crate) fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output
        .status
        .success()
        .then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

/// Whether a dotted version is not older than another.
pub(crate) fn at_least(version: &str, wanted: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> {
        let text = text.split(['-', '+']).next().unwrap_or_default();
        text.split('.')
            .map(|part| part.parse().unwrap_or(0))
            .collect()
    };
    numbers(version) >= numbers(wanted)
}

fn add_wasm_target() -> Result<()> {
    if first_line("rustup", &["--version"]).is_none() {
        bail!(
            "the {WASM} target of Rust is missing, and rustup, which would add it, is not on the \
             path. Install Rust from https://rustup.rs, or the package of your system that holds \
             the {WASM} standard library"
        );
    }
    say::line(&format!(
        "the {WASM} target is missing; running: rustup target add {WASM}"
    ));
    let mut command = Command::new("rustup");
    command
        .args(["target", "add", WASM])
        .current_dir(root())
        .stdin(Stdio::null());
    crate::cargo::run(&mut command)
}

#[cfg(test)]
mod tests {
    use super::at_least;

    #[test]
    fn versions_compare_by_number_and_not_by_letter() {
        assert!(at_least("1.95.0", "1.95"));
        assert!(at_least("1.100.0", "1.95"));
        assert!(at_least("2.0.0-nightly", "1.95"));
        assert!(!at_least("1.94.9", "1.95"));
        assert!(!at_least("1.9.0", "1.95"));
    }
}
