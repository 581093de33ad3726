//! What people and programs read: the tables on standard output, unless JSON goes there, and all
//! else on standard error.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a program for a terminal"
)]

use anyhow::{Context, Result};
use serde::Serialize;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where results go.
#[derive(Debug)]
pub(crate) struct Output {
    json: Option<PathBuf>,
}

impl Output {
    pub(crate) fn new(json: Option<PathBuf>) -> Self {
        Self { json }
    }

    /// Whether standard output is for a program to read.
    pub(crate) fn is_for_programs(&self) -> bool {
        self.json.as_deref() == Some(Path::new("-"))
    }

    /// A table or a line that belongs to the result.
    pub(crate) fn people(&self, text: &str) {
        if self.is_for_programs() {
            eprintln!("{text}");
        } else {
            println!("{text}");
        }
    }

    /// The whole result, if a program wants it.
    pub(crate) fn programs(&self, result: &impl Serialize) -> Result<()> {
        let Some(path) = &self.json else {
            return Ok(());
        };
        let text = serde_json::to_string_pretty(result)?;
        if path == Path::new("-") {
            println!("{text}");
            return Ok(());
        }
        fs::write(path, text + "\n").with_context(|| format!("writing {}", path.display()))
    }
}

/// Something on the way.
pub(crate) fn note(text: &str) {
    eprintln!("{text}");
}

/// Something went wrong.
pub(crate) fn error(text: &str) {
    eprintln!("error: {text}");
}
