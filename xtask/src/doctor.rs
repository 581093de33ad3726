//! `cargo xtask doctor`: one line for each thing that building, testing or checking needs.

use crate::{
    bench, clients, say,
    toolchain::{self, Finding, WASM},
};
use anyhow::{Result, bail};

/// Looks at everything and fails if something is missing that cannot be done without.
pub(crate) fn doctor() -> Result<()> {
    say::heading("Needed");
    let needed = [
        report("Rust", toolchain::rust()),
        report(WASM, toolchain::wasm_target()),
        report("C compiler", toolchain::c_compiler()),
    ];
    say::heading("For some tests only");
    report("Python", clients::python());
    report("npm", clients::npm());
    report("valgrind", bench::valgrind::find());
    say::heading("For convenience");
    report(
        "just",
        optional("just", &["--version"], "cargo install just --locked"),
    );
    let deny = "cargo install cargo-deny --locked";
    report(
        "cargo-deny",
        optional("cargo", &["deny", "--version"], deny),
    );
    if needed.contains(&false) {
        bail!("something needed is missing, see above");
    }
    Ok(())
}

fn report(what: &str, finding: Finding) -> bool {
    match finding {
        Finding::Good(found) => say::line(&format!("  ok       {what:<14} {found}")),
        Finding::Missing(remedy) => {
            say::line(&format!("  missing  {what:<14} {remedy}"));
            return false;
        }
    }
    true
}

fn optional(program: &str, arguments: &[&str], install: &str) -> Finding {
    match toolchain::first_line(program, arguments) {
        Some(found) => Finding::Good(found),
        None => Finding::Missing(format!("to get it, run: {install}")),
    }
}
