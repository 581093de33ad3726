//! The official conformance suite, through a key, against the real gateway and an uploaded
//! component: every revision it knows, all scenarios that it has for servers, and no check of them
//! may fail.

mod support;

use super::client::Client;
use casemate_tests::{ADMIN_TOKEN, Gateway, Output, Server, guest, http, root};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::Command,
    thread,
};

const SUITE: &str = "node_modules/@modelcontextprotocol/conformance";
/// The tool whose call asks whoever runs the suite to change the list of tools.
const TRIGGER: &str = "test_trigger_tool_change";
/// A tool that no scenario uses.
const TOGGLED: &str = "test_busy";

/// What the suite said in one run.
#[derive(Default)]
struct Verdicts {
    counts: BTreeMap<String, usize>,
    /// `scenario:check`
    failures: BTreeSet<String>,
    /// How often each status was given in a scenario.
    scenarios: BTreeMap<String, BTreeMap<String, usize>>,
}

impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |status| self.counts.get(status).copied().unwrap_or_default();
        let (passed, failed) = (of("SUCCESS"), of("FAILURE"));
        let (warned, skipped) = (of("WARNING"), of("SKIPPED"));
        write!(
            f,
            "{passed} passed, {failed} failed, {warned} warnings, {skipped} skipped"
        )
    }
}

#[test]
fn all_that_is_required_in_2025_11_25_passes() {
    check("2025-11-25", &["--requirements", "2025-11-25"]);
}

#[test]
fn all_that_is_required_in_2026_07_28_passes() {
    check("2026-07-28", &["--requirements", "2026-07-28"]);
}

#[test]
fn all_that_there_is_for_2025_06_18_passes() {
    check(
        "2025-06-18",
        &["--suite", "all", "--spec-version", "2025-06-18"],
    );
}

#[test]
fn all_that_there_is_for_2025_03_26_passes() {
    check(
        "2025-03-26",
        &["--suite", "all", "--spec-version", "2025-03-26"],
    );
}

#[test]
fn control_a_gateway_without_the_tools_fails() {
    let suite = Client::node("@modelcontextprotocol/conformance", "bearer.mjs");
    if !suite.is_installed() {
        return;
    }
    let gateway = Gateway::start();
    let server = gateway.server("empty");
    let verdicts = run(&gateway, &server, &["--scenario", "tools-call-error"]);
    assert!(
        verdicts
            .failures
            .contains("tools-call-error:tools-call-error"),
        "{verdicts}"
    );
}

#[track_caller]
fn check(revision: &str, selection: &[&str]) {
    let suite = Client::node(
        "@modelcontextprotocol/conformance 0.2.0-alpha.12",
        "bearer.mjs",
    );
    if !suite.is_installed() {
        return;
    }
    let gateway = Gateway::start();
    let server = gateway.server("conformance");
    gateway.push(&server, guest("conformance"));
    let changing = change_tools_when_asked(&gateway, &server);
    let verdicts = run(&gateway, &server, selection);
    drop(gateway);
    changing.join().unwrap();
    // The runner swallows what tests print; the counts are for whoever runs it.
    let counts = format!("conformance {revision}: {verdicts}\n");
    std::io::stderr().write_all(counts.as_bytes()).unwrap();
    let failures = &verdicts.failures;
    assert!(failures.is_empty(), "{revision} fails: {failures:#?}");
    support::check(revision, &verdicts);
}

fn run(gateway: &Gateway, server: &Server, selection: &[&str]) -> Verdicts {
    let home = root().join(".clients/node");
    let out = gateway.scratch().join("verdicts");
    let mut command = Command::new(home.join("node_modules/.bin/node"));
    command
        .current_dir(&home)
        .env("MCP_TARGET", gateway.mcp_addr().to_string())
        .env("MCP_KEY", &server.key)
        .env("MCP_SUITE", home.join(SUITE).join("package.json"))
        .arg("--import")
        .arg(root().join("tests/clients/node/bearer.mjs"))
        .arg(home.join(SUITE).join("dist/index.js"))
        .args(["server", "--url", &gateway.endpoint(server), "-o"])
        .arg(&out)
        .args(selection);
    // Its exit code counts failures; the verdicts say more.
    let output = Output::of(command, "");
    let files = checks(&out);
    assert!(!files.is_empty(), "the suite did not run: {output}");
    let mut verdicts = Verdicts::default();
    for (scenario, file) in files {
        let checks: Vec<Value> = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        for check in checks {
            let status = check["status"].as_str().unwrap();
            *verdicts.counts.entry(status.to_owned()).or_default() += 1;
            let counts = verdicts.scenarios.entry(scenario.clone()).or_default();
            *counts.entry(status.to_owned()).or_default() += 1;
            if status == "FAILURE" {
                let id = check["id"].as_str().unwrap();
                verdicts.failures.insert(format!("{scenario}:{id}"));
            }
        }
    }
    verdicts
}

/// The file of verdicts of each scenario: `server-SCENARIO-TIME/checks.json`.
fn checks(out: &Path) -> Vec<(String, PathBuf)> {
    let Ok(folders) = fs::read_dir(out) else {
        return Vec::new();
    };
    let scenario = |folder: &str| {
        let name = folder.strip_prefix("server-")?;
        let (name, _time) =
            name.split_at_checked(name.len().checked_sub("-2026-01-01T00-00-00-000Z".len())?)?;
        Some(name.to_owned())
    };
    let folders = folders.map(|folder| folder.unwrap());
    let named = folders.filter_map(|folder| {
        let name = scenario(folder.file_name().to_str()?)?;
        Some((name, folder.path().join("checks.json")))
    });
    named.collect()
}

/// Changes the list of tools each time a tool is called that stands for it: a tool itself cannot.
/// Ends with the gateway.
pub(super) fn change_tools_when_asked(
    gateway: &Gateway,
    server: &Server,
) -> thread::JoinHandle<()> {
    let calls = format!("/v1/calls/stream?server={}&tool={TRIGGER}", server.id);
    let calls = http::get(&gateway.admin_url(&calls))
        .bearer(ADMIN_TOKEN)
        .open();
    let tool = gateway.admin_url(&format!("/v1/servers/{}/tools/{TOGGLED}", server.id));
    thread::spawn(move || {
        let ended = BufReader::new(calls.into_reader()).lines();
        let states = ["deactivate", "activate"].into_iter().cycle();
        let records = ended
            .map_while(Result::ok)
            .filter(|line| line.starts_with('{'));
        for (_call, state) in records.zip(states) {
            let change = http::post(&format!("{tool}/{state}")).bearer(ADMIN_TOKEN);
            // The gateway may be gone already.
            drop(change.try_send());
        }
    })
}
