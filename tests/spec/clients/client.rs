//! A client of somebody else: where it is, and how to make it list and call tools.

use casemate_tests::{Output, root};
use serde_json::Value;
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

const REMEDY: &str = "cargo xtask clients";

/// A pinned client and the script that uses it.
pub(super) struct Client {
    name: String,
    home: PathBuf,
    pins: Vec<PathBuf>,
    script: PathBuf,
    language: Language,
    mode: &'static str,
}

#[derive(PartialEq)]
enum Language {
    Python,
    JavaScript,
}

impl Client {
    pub(super) fn python(name: &str, environment: &str, script: &str) -> Self {
        let source = root().join("tests/clients/python");
        Self {
            name: format!("python {name}"),
            home: root().join(".clients/python").join(environment),
            pins: vec![source.join(format!("{environment}.txt"))],
            script: source.join(script),
            language: Language::Python,
            mode: "",
        }
    }

    pub(super) fn node(name: &str, script: &str) -> Self {
        let source = root().join("tests/clients/node");
        Self {
            name: name.to_owned(),
            home: root().join(".clients/node"),
            pins: ["package.json", "package-lock.json"]
                .map(|file| source.join(file))
                .into(),
            script: source.join(script),
            language: Language::JavaScript,
            mode: "",
        }
    }

    /// An assistant, which is a program of its own.
    pub(super) fn assistant(name: &str) -> Self {
        let source = root().join("tests/clients/assistants");
        Self {
            name: name.to_owned(),
            home: root().join(".clients/assistants"),
            pins: ["package.json", "package-lock.json"]
                .map(|file| source.join(file))
                .into(),
            script: PathBuf::new(),
            language: Language::JavaScript,
            mode: "",
        }
    }

    /// Where it is installed.
    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    /// How the client is to find the era, in its script's words.
    pub(super) fn mode(self, mode: &'static str) -> Self {
        Self { mode, ..self }
    }

    /// Whether the pinned version is there. If not, says so where the test runner does not swallow
    /// it, or fails if that was asked for.
    pub(super) fn is_installed(&self) -> bool {
        let wanted: String = self
            .pins
            .iter()
            .map(|p| fs::read_to_string(p).unwrap())
            .collect();
        let found = fs::read_to_string(self.home.join("installed-pins")).unwrap_or_default();
        if found == wanted {
            return true;
        }
        let required = std::env::var_os("CASEMATE_REQUIRE_CLIENTS").is_some();
        assert!(!required, "{} is not installed — run {REMEDY}", self.name);
        let skipped = format!("skipped: {} — run {REMEDY}\n", self.name);
        std::io::stderr().write_all(skipped.as_bytes()).unwrap();
        false
    }

    /// Lists the tools and makes the calls of a file; returns what the client saw of them.
    pub(super) fn see(&self, url: &str, key: &str, calls: &Path, scratch: &Path) -> Value {
        let mut command = Command::new(self.program());
        let mut input = String::new();
        match self.language {
            Language::Python => drop(command.arg(&self.script)),
            // Node looks for packages from the folder of a script; a script without one, from
            // where it is started.
            Language::JavaScript => {
                command.args(["--input-type=module", "-"]);
                input = fs::read_to_string(&self.script).unwrap();
            }
        }
        // Some clients keep files in the home of whoever runs them.
        command
            .current_dir(&self.home)
            .env("HOME", scratch)
            .env("XDG_CONFIG_HOME", scratch);
        command
            .env("MCP_URL", url)
            .env("MCP_KEY", key)
            .env("MCP_CALLS", calls);
        command.env("MCP_MODE", self.mode);
        let output = Output::of(command, &input);
        assert!(output.code == 0, "{} failed: {output}", self.name);
        output.json()
    }

    /// Python, or the Node that comes with the packages.
    pub(super) fn program(&self) -> PathBuf {
        match (&self.language, cfg!(windows)) {
            (Language::Python, false) => self.home.join("bin/python"),
            (Language::Python, true) => self.home.join("Scripts/python.exe"),
            (Language::JavaScript, false) => self.home.join("node_modules/.bin/node"),
            (Language::JavaScript, true) => self.home.join("node_modules/.bin/node.cmd"),
        }
    }
}
