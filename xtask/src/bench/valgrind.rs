//! What counts instructions.

use crate::{
    cargo, say,
    toolchain::{Finding, first_line},
};
use anyhow::Result;
use std::process::{Command, Stdio};

const REMEDY: &str = "valgrind is not on the path; Debian and Ubuntu: apt install valgrind";

/// Whether it is there, to be found before half of the work is done.
pub(crate) fn find() -> Finding {
    match first_line("valgrind", &["--version"]) {
        Some(found) => Finding::Good(found),
        None => Finding::Missing(REMEDY.to_owned()),
    }
}

/// The same, after an attempt to install it where that needs nobody's consent: as root, on a system
/// with apt.
pub(crate) fn ensure() -> Finding {
    let found = find();
    if matches!(found, Finding::Good(_)) || !may_install() {
        return found;
    }
    say::line("valgrind is missing; running: apt-get install valgrind");
    match install() {
        Ok(()) => find(),
        Err(error) => Finding::Missing(format!("{REMEDY} ({error:#})")),
    }
}

fn may_install() -> bool {
    first_line("id", &["-u"]).is_some_and(|user| user == "0")
        && first_line("apt-get", &["--version"]).is_some()
}

fn install() -> Result<()> {
    // A machine that was just made has no lists of packages yet.
    for arguments in [&["update"][..], &["install", "--yes", "valgrind"]] {
        let mut command = Command::new("apt-get");
        command
            .args(["--quiet", "--quiet"])
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null());
        cargo::run(&mut command)?;
    }
    Ok(())
}
