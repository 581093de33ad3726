//! Assistants for the command line, as a person connects them: the gateway is added by its URL and
//! a key, and each says that it is connected. Neither calls a tool without a model, which nobody
//! has here.
//!
//! They are large, so that only `cargo xtask nightly` installs them (`cargo xtask clients --large`).

use super::client::Client;
use casemate_tests::{Gateway, Output, Server, sample};
use std::{path::PathBuf, process::Command};

const CLAUDE: &str = "@anthropic-ai/claude-code 2.1.330";
const GEMINI: &str = "@google/gemini-cli 0.61.0";

struct Scene {
    gateway: Gateway,
    server: Server,
    /// How the program is started.
    words: Vec<PathBuf>,
}

impl Scene {
    fn new(name: &str, words: Vec<PathBuf>) -> Self {
        let gateway = Gateway::start();
        let server = gateway.server(name);
        gateway.push(&server, sample("echo"));
        Self {
            gateway,
            server,
            words,
        }
    }

    fn run(&self, arguments: &[&str]) -> String {
        let home = self.gateway.scratch();
        let mut command = Command::new(&self.words[0]);
        command
            .args(&self.words[1..])
            .args(arguments)
            .current_dir(&home)
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("GEMINI_CLI_TRUST_WORKSPACE", "true")
            .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
            .env("NO_COLOR", "1");
        let output = Output::of(command, "");
        format!("{}{}", output.stdout, output.stderr)
    }

    /// Adds the gateway under a name, with a key.
    fn add(&self, name: &str, key: &str, flags: &[&str]) {
        let url = self.gateway.endpoint(&self.server);
        let header = format!("Authorization: Bearer {key}");
        let mut words = vec!["mcp", "add", "--transport", "http", "--scope", "user"];
        words.extend([name, &url]);
        words.extend(flags);
        words.push(&header);
        self.run(&words);
    }

    /// The line that the list of servers has about one.
    #[track_caller]
    fn listed(&self, name: &str) -> String {
        let list = self.run(&["mcp", "list"]);
        let mut lines = list.lines();
        let line = lines.find(|line| line.contains(&format!("{name}:")));
        line.unwrap_or_else(|| panic!("nothing about {name}: {list}"))
            .to_owned()
    }
}

#[test]
fn claude_code_connects_with_the_key_and_not_without() {
    let client = Client::assistant(CLAUDE);
    if !client.is_installed() {
        return;
    }
    let scope = client.home().join("node_modules/@anthropic-ai");
    // The package holds a program for each kind of machine; one of them was installed.
    let programs = std::fs::read_dir(scope).unwrap();
    let programs = programs.map(|folder| folder.unwrap().path().join("claude"));
    let program = programs.into_iter().find(|program| program.is_file());
    let scene = Scene::new("claude", vec![program.expect("a program of this machine")]);
    scene.add("right", &scene.server.key, &["--header"]);
    scene.add("wrong", "mcp_wrong", &["--header"]);
    let line = scene.listed("right");
    assert!(line.contains("Connected"), "{line}");
    assert!(!scene.listed("wrong").contains("Connected"));
    let told = scene.run(&["mcp", "get", "right"]);
    assert!(
        told.contains("Connected") && told.contains(&scene.server.id),
        "{told}"
    );
}

#[test]
fn gemini_connects_with_the_key_and_not_without() {
    let client = Client::assistant(GEMINI);
    if !client.is_installed() {
        return;
    }
    let entry = client
        .home()
        .join("node_modules/@google/gemini-cli/bundle/gemini.js");
    let scene = Scene::new("gemini", vec![client.program(), entry]);
    scene.add("right", &scene.server.key, &["-H"]);
    scene.add("wrong", "mcp_wrong", &["-H"]);
    let line = scene.listed("right");
    assert!(line.contains("Connected"), "{line}");
    let line = scene.listed("wrong");
    assert!(!line.contains(" Connected"), "{line}");
}
