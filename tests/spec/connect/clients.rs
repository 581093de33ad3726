//! Clients that others wrote work with what is written for them, and through the bridge: those that
//! can be installed here. The files of all others are read by tests in `guide` and `writing` alone.
//!
//! `cargo xtask clients` installs them; one that is not there is skipped, loudly, unless
//! `CASEMATE_REQUIRE_CLIENTS` is set.

use super::echo;
use crate::clients::assistants::Assistant;
use casemate_tests::{Gateway, Output, Server, casemate, root};
use serde_json::{Value, json};
use std::{fs, io::Write, path::PathBuf, process::Command};

/// Where clients of one kind are installed.
struct Installed {
    home: PathBuf,
    program: PathBuf,
}

impl Installed {
    fn python() -> Option<Self> {
        Self::find("python/mcp-2", "bin/python", &["python/mcp-2.txt"])
    }

    fn node() -> Option<Self> {
        let pins = ["node/package.json", "node/package-lock.json"];
        Self::find("node", "node_modules/.bin/node", &pins)
    }

    /// In the pinned versions. What is missing is said where the test runner does not swallow it.
    fn find(folder: &str, program: &str, pins: &[&str]) -> Option<Self> {
        let home = root().join(".clients").join(folder);
        let pin = |pin| fs::read_to_string(root().join("tests/clients").join(pin)).unwrap();
        let wanted: String = pins.iter().map(pin).collect();
        let found = fs::read_to_string(home.join("installed-pins")).unwrap_or_default();
        if found == wanted {
            let program = home.join(program);
            return Some(Self { home, program });
        }
        let required = std::env::var_os("CASEMATE_REQUIRE_CLIENTS").is_some();
        assert!(
            !required,
            "{folder} is not installed — run cargo xtask clients"
        );
        let skipped = format!("skipped: clients in {folder} — run cargo xtask clients\n");
        std::io::stderr().write_all(skipped.as_bytes()).unwrap();
        None
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.home);
        command
    }

    /// The Inspector with these words behind its name.
    fn inspector(&self, words: &[String]) -> Output {
        let package = self
            .home
            .join("node_modules/@modelcontextprotocol/inspector");
        let manifest = fs::read_to_string(package.join("package.json")).unwrap();
        let manifest: Value = serde_json::from_str(&manifest).unwrap();
        let programs = manifest["bin"].as_object().unwrap();
        let entry = programs.values().next().unwrap().as_str().unwrap();
        let mut command = self.command();
        command.arg(package.join(entry)).args(words);
        Output::of(command, "")
    }
}

const GREETING: &str = "Grüße 🏰";

/// Lets a client start the bridge, list and call.
fn check(mut client: Command, input: &str, mode: &str, gateway: &Gateway, server: &Server) {
    let calls = gateway.scratch().join(format!("{}.json", server.name));
    let call = json!([{ "name": "echo", "arguments": { "text": GREETING } }]);
    fs::write(&calls, call.to_string()).unwrap();
    client
        .env("MCP_COMMAND", casemate())
        .env("MCP_URL", gateway.endpoint(server))
        .env("MCP_CALLS", calls)
        .env("MCP_MODE", mode)
        .env("CASEMATE_KEY", &server.key);
    let seen = Output::of(client, input).ok().json();
    let protocol = match mode {
        "legacy" => "2025-11-25",
        _ => "2026-07-28",
    };
    assert_eq!(seen["protocol"], protocol);
    assert_eq!(seen["tools"][0]["name"], "echo");
    assert_eq!(seen["results"]["echo"]["content"][0]["text"], GREETING);
}

#[test]
fn the_python_sdk_works_over_the_bridge_in_both_eras() {
    let Some(python) = Installed::python() else {
        return;
    };
    let (gateway, server) = echo("bridge-python");
    for mode in ["auto", "legacy"] {
        let mut client = python.command();
        client.arg(root().join("tests/clients/python/stdio_2.py"));
        check(client, "", mode, &gateway, &server);
    }
}

#[test]
fn the_typescript_client_works_over_the_bridge_in_both_eras() {
    let Some(node) = Installed::node() else {
        return;
    };
    let (gateway, server) = echo("bridge-typescript");
    let script = fs::read_to_string(root().join("tests/clients/node/stdio_2.mjs")).unwrap();
    for mode in ["auto", "legacy"] {
        let mut client = node.command();
        client.args(["--input-type=module", "-"]);
        check(client, &script, mode, &gateway, &server);
    }
}

#[test]
fn the_inspector_understands_the_command_that_is_printed_for_it() {
    let Some(node) = Installed::node() else {
        return;
    };
    let (gateway, server) = echo("inspects");
    let line = gateway
        .cli(["connect", "inspector", "-s", &server.name])
        .ok()
        .stdout;
    let words = shlex::split(&line).unwrap();
    assert_eq!(
        words[..2],
        ["npx", "@modelcontextprotocol/inspector@2.12.0"]
    );
    assert!(node.inspector(&words[2..]).ok().stdout.contains("echo"));
}

#[test]
fn the_inspector_starts_the_bridge_from_the_file_of_claude_desktop() {
    let Some(node) = Installed::node() else {
        return;
    };
    let (gateway, server) = echo("desktop");
    let file = gateway.scratch().join("desktop.json");
    let file = file.to_str().unwrap();
    let flags = [
        "connect",
        "claude-desktop",
        "-s",
        &server.name,
        "--write",
        "--file",
        file,
    ];
    gateway.cli(flags).ok();
    let words = [
        "--cli",
        "--config",
        file,
        "--server",
        "desktop",
        "--method",
        "tools/list",
    ];
    let seen = node.inspector(&words.map(str::to_owned));
    assert!(seen.ok().stdout.contains("echo"));
}

#[test]
fn the_samples_in_shell_python_and_typescript_run() {
    let (gateway, server) = echo("sample-code");
    let printed = |client: &str| {
        gateway
            .cli(["connect", client, "-s", &server.name])
            .ok()
            .stdout
    };
    let mut shell = Command::new("sh");
    shell.args(["-c", "command -v curl"]);
    if Output::of(shell, "").code == 0 {
        let mut shell = Command::new("sh");
        shell.args(["-ec", &printed("curl")]);
        let answer = Output::of(shell, "").ok().json();
        assert_eq!(answer["result"]["tools"][0]["name"], "echo");
    }
    if let Some(python) = Installed::python() {
        let mut command = python.command();
        command.args(["-c", &printed("python")]);
        assert_eq!(Output::of(command, "").ok().stdout, "echo\n");
    }
    if let Some(node) = Installed::node() {
        let mut command = node.command();
        command.args(["--input-type=module", "-"]);
        assert_eq!(
            Output::of(command, &printed("typescript")).ok().stdout,
            "echo\n"
        );
    }
}

#[test]
fn assistants_reach_what_is_written_for_them() {
    let assistants = [
        ("claude-code", Assistant::claude()),
        ("gemini", Assistant::gemini()),
    ];
    let (gateway, server) = echo("assistants");
    for (client, assistant) in assistants {
        let Some(assistant) = assistant else { continue };
        let home = tempfile::tempdir().unwrap();
        let mut connect = gateway.cli_command();
        connect
            .current_dir(home.path())
            .env("HOME", home.path())
            .args(["connect", client, "-s", &server.id, "--write"]);
        Output::of(connect, "").ok();
        let line = assistant.listed(home.path(), &server.name);
        assert!(line.contains(" Connected"), "{client}: {line}");
    }
}
