//! The official conformance suite, through a key, against the real gateway and an uploaded
//! component: every revision it knows, all scenarios that it has for servers, and no check of them
//! may fail.

mod support;

use super::client::Client;
use casemate_guest_forge::Offers;
use casemate_tests::{ADMIN_TOKEN, Gateway, Output, Server, guest, http, root};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    thread,
};

const SUITE: &str = "node_modules/@modelcontextprotocol/conformance";
/// The tools whose calls ask whoever runs the suite to change a list.
const OF_TOOLS: &str = "test_trigger_tool_change";
const OF_PROMPTS: &str = "test_trigger_prompt_change";
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
    let gateway = Arc::new(Gateway::start());
    let server = gateway.server("conformance");
    gateway.push(&server, guest("conformance"));
    let changing = change_lists_when_asked(&gateway, &server);
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

/// Changes the list of tools or that of prompts each time a tool is called that stands for it: a tool
/// itself cannot. Ends with the gateway.
pub(super) fn change_lists_when_asked(
    gateway: &Arc<Gateway>,
    server: &Server,
) -> thread::JoinHandle<()> {
    let mut prompts = versions(gateway).into_iter().cycle();
    // Both are known from then on, so that the changes do not wait for a compiler.
    for _ in 0..2 {
        push_prompts(gateway, server, &prompts.next().unwrap());
    }
    let calls = format!("/v1/calls/stream?server={}", server.id);
    let calls = http::get(&gateway.admin_url(&calls))
        .bearer(ADMIN_TOKEN)
        .open();
    let tool = gateway.admin_url(&format!("/v1/servers/{}/tools/{TOGGLED}", server.id));
    let (gateway, server) = (Arc::downgrade(gateway), server.clone());
    thread::spawn(move || {
        let mut states = ["deactivate", "activate"].into_iter().cycle();
        let ended = BufReader::new(calls.into_reader()).lines();
        for record in ended.map_while(Result::ok) {
            let Ok(record) = serde_json::from_str::<Value>(&record) else {
                continue;
            };
            // The gateway may be gone already.
            let Some(gateway) = gateway.upgrade() else {
                return;
            };
            if record["tool"] == OF_TOOLS {
                let state = states.next().unwrap();
                let change = http::post(&format!("{tool}/{state}")).bearer(ADMIN_TOKEN);
                drop(change.try_send());
            } else if record["tool"] == OF_PROMPTS {
                push_prompts(&gateway, &server, &prompts.next().unwrap());
            }
        }
    })
}

/// Two versions of a component: one has a prompt more.
fn versions(gateway: &Gateway) -> Vec<PathBuf> {
    let versions = [vec!["greet"], vec!["greet", "part"]];
    let written = versions.into_iter().map(|prompts| {
        let file = format!("{}-prompts.wasm", prompts.len());
        let offers = Offers {
            prompts: prompts.into_iter().map(str::to_owned).collect(),
            // The suite fails a prompt without one.
            description: Some("Says what it says.".to_owned()),
            ..Offers::default()
        };
        let path = gateway.scratch().join(file);
        fs::write(&path, offers.component()).unwrap();
        path
    });
    written.collect()
}

fn push_prompts(gateway: &Gateway, server: &Server, version: &Path) {
    gateway.push_with(server, version, &["--name", "changing"]);
}
