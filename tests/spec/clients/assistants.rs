//! Assistants for the command line, as a person connects them: the gateway is added by its URL and
//! a key, and each says that it is connected. Neither calls a tool without a model, which nobody
//! has here.

use super::client::Client;
use casemate_tests::{Gateway, Output, Server, sample};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

const CLAUDE: &str = "@anthropic-ai/claude-code 2.1.330";
const GEMINI: &str = "@google/gemini-cli 0.61.0";

/// A program that is installed, with the words that start it.
pub(crate) struct Assistant {
    words: Vec<PathBuf>,
}

impl Assistant {
    pub(crate) fn claude() -> Option<Self> {
        let client = Client::assistant(CLAUDE);
        if !client.is_installed() {
            return None;
        }
        let scope = client.home().join("node_modules/@anthropic-ai");
        // The package holds a program for each kind of machine; one of them was installed.
        let programs = std::fs::read_dir(scope).unwrap();
        let mut programs = programs.map(|folder| folder.unwrap().path().join("claude"));
        let program = programs.find(|program| program.is_file());
        let words = vec![program.expect("a program of this machine")];
        Some(Self { words })
    }

    pub(crate) fn gemini() -> Option<Self> {
        let client = Client::assistant(GEMINI);
        if !client.is_installed() {
            return None;
        }
        let entry = "node_modules/@google/gemini-cli/bundle/gemini.js";
        let words = vec![client.program(), client.home().join(entry)];
        Some(Self { words })
    }

    /// What it says to these words, with its settings in this folder.
    pub(crate) fn run(&self, home: &Path, arguments: &[&str]) -> String {
        let mut command = Command::new(&self.words[0]);
        command
            .args(&self.words[1..])
            .args(arguments)
            .current_dir(home)
            .env("HOME", home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("GEMINI_CLI_TRUST_WORKSPACE", "true")
            .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
            .env("NO_COLOR", "1");
        let output = Output::of(command, "");
        format!("{}{}", output.stdout, output.stderr)
    }

    /// The line that its list of servers has about one.
    #[track_caller]
    pub(crate) fn listed(&self, home: &Path, name: &str) -> String {
        let list = self.run(home, &["mcp", "list"]);
        let mut lines = list.lines();
        let line = lines.find(|line| line.contains(&format!("{name}:")));
        line.unwrap_or_else(|| panic!("nothing about {name}: {list}"))
            .to_owned()
    }
}

struct Scene {
    gateway: Gateway,
    server: Server,
    assistant: Assistant,
    home: PathBuf,
}

impl Scene {
    fn new(name: &str, assistant: Assistant) -> Self {
        let gateway = Gateway::start();
        let server = gateway.server(name);
        gateway.push(&server, sample("echo"));
        let home = gateway.scratch();
        Self {
            gateway,
            server,
            assistant,
            home,
        }
    }

    fn run(&self, arguments: &[&str]) -> String {
        self.assistant.run(&self.home, arguments)
    }

    /// Adds the gateway under a name, with a key.
    fn add(&self, name: &str, key: &str, flag: &str) {
        let url = self.gateway.endpoint(&self.server);
        let header = format!("Authorization: Bearer {key}");
        let mut words = vec!["mcp", "add", "--transport", "http", "--scope", "user"];
        words.extend([name, &url, flag, &header]);
        self.run(&words);
    }

    #[track_caller]
    fn listed(&self, name: &str) -> String {
        self.assistant.listed(&self.home, name)
    }
}

#[test]
fn claude_code_connects_with_the_key_and_not_without() {
    let Some(claude) = Assistant::claude() else {
        return;
    };
    let scene = Scene::new("claude", claude);
    scene.add("right", &scene.server.key, "--header");
    scene.add("wrong", "mcp_wrong", "--header");
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
    let Some(gemini) = Assistant::gemini() else {
        return;
    };
    let scene = Scene::new("gemini", gemini);
    scene.add("right", &scene.server.key, "-H");
    scene.add("wrong", "mcp_wrong", "-H");
    let line = scene.listed("right");
    assert!(line.contains(" Connected"), "{line}");
    let line = scene.listed("wrong");
    assert!(!line.contains(" Connected"), "{line}");
}
