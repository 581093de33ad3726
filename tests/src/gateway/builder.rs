//! How a gateway differs from the defaults.

use super::Gateway;
use std::{fs, path::Path, process::Command};

/// Settings of a gateway that is to be started.
#[derive(Debug, Clone, Default)]
pub struct Builder {
    config: String,
    variables: Vec<(String, String)>,
    arguments: Vec<String>,
    no_token: bool,
}

impl Builder {
    /// Adds lines to the configuration file (TOML). Dotted keys keep it flat:
    /// `egress.allow_ranges = ['127.0.0.1/32']`.
    #[must_use]
    pub fn config(mut self, lines: &str) -> Self {
        self.config.push_str(lines);
        self.config.push('\n');
        self
    }

    /// Sets an environment variable of the gateway.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds an argument to `casemate serve`.
    #[must_use]
    pub fn arg(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Lets the first start make an access token instead of bringing one.
    #[must_use]
    pub fn without_bootstrap_token(mut self) -> Self {
        self.no_token = true;
        self
    }

    /// Starts the gateway and waits until it serves.
    pub fn start(self) -> Gateway {
        let mut gateway = self.build();
        gateway.start_again();
        gateway
    }

    /// A gateway with its folder that does not run yet.
    pub fn build(self) -> Gateway {
        let folder = tempfile::Builder::new().prefix("casemate-").tempdir();
        let folder = folder.expect("a temporary folder can be made");
        fs::create_dir(folder.path().join("home")).expect("a fresh folder can be written to");
        Gateway {
            folder,
            settings: self,
            running: None,
        }
    }

    pub(super) fn replace_config(&mut self, lines: &str) {
        lines.clone_into(&mut self.config);
    }

    pub(super) fn apply(&self, command: &mut Command, folder: &Path) {
        if !self.config.is_empty() {
            let file = folder.join("config.toml");
            fs::write(&file, &self.config).expect("the gateway's folder can be written to");
            command.arg("--config").arg(file);
        }
        if self.no_token {
            command.env_remove("CASEMATE_BOOTSTRAP_TOKEN");
        }
        command.args(&self.arguments);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
    }
}
