//! `cargo xtask test`: every check and every test, the quick ones first, with a summary that
//! names what was left out.

mod tally;

use crate::{
    bench,
    build::{self, Profile},
    cargo::{self, cargo},
    clients, say,
    steps::Steps,
    toolchain::{self, Finding},
};
use anyhow::{Result, bail};
use std::path::Path;
pub(crate) use tally::Tally;

/// How `cargo xtask test` is used.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Leave out everything that needs the gateway to run
    #[arg(long)]
    quick: bool,
}

/// What a call takes, against the committed baseline.
const COST: &str = "the cost of a call";

/// The package of the specification, and its tests with the clients of others.
const SPECIFICATION: &str = "casemate-tests";
const CLIENTS: &str = "clients::";

const ON_REQUEST: &str = "left out by --quick; run: cargo xtask test";

/// `cargo xtask check`.
pub(crate) fn check() -> Result<()> {
    let mut steps = Steps::new(3);
    checks(&mut steps);
    steps.show_summary();
    steps.verdict()
}

/// `cargo xtask test`.
pub(crate) fn test(options: &Options) -> Result<()> {
    let mut steps = Steps::new(if options.quick { 4 } else { 9 });
    checks(&mut steps);
    let last_words = if options.quick {
        quick_tests(&mut steps)
    } else {
        all_tests(&mut steps)
    };
    steps.show_summary();
    if let Some(words) = last_words {
        say::heading("The last words of the test runner");
        say::result(&words);
    }
    steps.verdict()
}

fn checks(steps: &mut Steps) {
    steps.take("tools", || toolchain::ensure().map(|()| String::new()));
    steps.take("formatting", || {
        cargo::run(cargo().args(["fmt", "--all", "--check"])).map(|()| String::new())
    });
    steps.take("lints", || {
        let mut command = cargo();
        command.args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "--deny",
            "warnings",
        ]);
        cargo::run(&mut command).map(|()| String::new())
    });
}

fn quick_tests(steps: &mut Steps) -> Option<String> {
    let mut tally = Tally::default();
    steps.take("unit tests", || {
        tally.run(cargo().args(["test", "--workspace", "--lib", "--bins"]))
    });
    steps.skip("the specification", ON_REQUEST);
    steps.skip("documentation tests", ON_REQUEST);
    steps.skip("the clients of others", ON_REQUEST);
    steps.skip(COST, ON_REQUEST);
    tally.last_words
}

fn all_tests(steps: &mut Steps) -> Option<String> {
    let components = steps.take("components", || {
        let built = build::components(&["sample-tools", "tests/guests"])?;
        Ok(format!("{} built", built.len()))
    });
    let mut gateway = None;
    steps.take("gateway", || {
        let path = build::gateway(Profile::Dev)?;
        let note = build::short(&path);
        gateway = Some(path);
        Ok(note)
    });
    let Some(gateway) = gateway.filter(|_| components) else {
        for what in ["tests", "clients", "tests with clients", COST] {
            steps.leave_out(what, "a build failed, see above");
        }
        return None;
    };
    let mut tally = Tally::default();
    steps.take("tests", || {
        let test = || {
            let mut command = cargo();
            command.env("CASEMATE_BIN", &gateway);
            command.args(["test", "--no-fail-fast"]);
            command
        };
        let units = tally.run(test().args(["--workspace", "--exclude", SPECIFICATION]));
        // Those with clients have a step of their own. The runner skips every test with these words
        // in its name, also where they name something else: so that only this package is told to.
        let mut specification = test();
        specification.args(["--package", SPECIFICATION, "--", "--skip", CLIENTS]);
        let all = tally.run(&mut specification);
        units.and(all)
    });
    let last_words = client_tests(steps, &gateway).or(tally.last_words);
    match bench::valgrind::ensure() {
        Finding::Good(_) => {
            steps.take(COST, || bench::guard().map(|()| String::new()));
        }
        // Nobody reads what a machine has skipped.
        Finding::Missing(remedy) if is_ci() => {
            steps.take(COST, || bail!(remedy));
        }
        Finding::Missing(remedy) => steps.skip(COST, &remedy),
    }
    last_words
}

/// Whether a machine runs this for others, as the services for it say.
fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty())
}

fn client_tests(steps: &mut Steps, gateway: &Path) -> Option<String> {
    let mut missing = clients::Missing::new();
    steps.take("clients", || {
        missing = clients::install();
        Ok(if missing.is_empty() {
            "all installed".into()
        } else {
            "see below".into()
        })
    });
    for (what, why) in &missing {
        steps.skip(what, &format!("{why}. Then run: cargo xtask clients"));
    }
    let mut tally = Tally::default();
    steps.take("tests with clients", || {
        let mut command = cargo();
        command.env("CASEMATE_BIN", gateway);
        command.args(["test", "--package", SPECIFICATION, "--test", "spec"]);
        if missing.is_empty() {
            command.env("CASEMATE_REQUIRE_CLIENTS", "1");
        }
        tally.run(command.args(["--", CLIENTS]))
    });
    tally.last_words
}
