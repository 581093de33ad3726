//! The way of the file to the gateway.

use crate::cli::{client::Client, exit::Exit, failure::Failure, human, inspect, printer::Printer};
use crate::service::Item;
use bytes::Bytes;
use casemate_domain::{
    PromptDefinition, ResourceDefinition, ResourceTemplateDefinition, ToolDefinition,
};
use futures_util::stream;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::Body;
use serde::Deserialize;
use std::{convert::Infallible, fs, io::IsTerminal, path::Path};

/// What the gateway says about an uploaded file.
#[derive(Debug, Deserialize)]
pub(super) struct Uploaded {
    pub(super) digest: String,
    pub(super) size: u64,
    pub(super) kind: String,
    /// The interfaces that it was built to use.
    #[serde(default)]
    pub(super) imports: Vec<String>,
    pub(super) tools: Vec<ToolDefinition>,
    #[serde(default)]
    resources: Vec<ResourceDefinition>,
    #[serde(default)]
    templates: Vec<ResourceTemplateDefinition>,
    #[serde(default)]
    prompts: Vec<PromptDefinition>,
}

/// Below this an upload is over before anybody could look at a bar.
const WORTH_A_BAR: usize = 1 << 20;
const CHUNK: usize = 64 << 10;

/// Reads the file, and refuses what cannot be a component before anything is sent.
pub(super) fn read(file: &Path) -> Result<Bytes, Failure> {
    let wasm = fs::read(file).map_err(|error| {
        Failure::new(Exit::Failure, format!("cannot read {}", file.display()))
            .note(error.to_string())
    })?;
    casemate_runtime::inspect(&wasm).map_err(inspect::rejected)?;
    Ok(wasm.into())
}

/// Sends the file.
pub(super) async fn upload(
    client: &Client,
    wasm: Bytes,
    printer: Printer,
) -> Result<Uploaded, Failure> {
    let size = wasm.len();
    let shows_bar =
        size >= WORTH_A_BAR && printer.is_talkative() && std::io::stderr().is_terminal();
    let bar = if shows_bar {
        bar(size as u64)
    } else {
        ProgressBar::hidden()
    };
    let body = if shows_bar {
        watched(wasm, bar.clone())
    } else {
        Body::from(wasm)
    };
    let reply = client
        .upload(&["v1", "components"], body, size as u64)
        .await;
    bar.finish_and_clear();
    reply?.read()
}

fn bar(size: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("uploading {bar:30} {percent}%")
        .expect("the template is a constant and valid");
    ProgressBar::new(size).with_style(style)
}

fn watched(wasm: Bytes, bar: ProgressBar) -> Body {
    let chunks = (0..wasm.len()).step_by(CHUNK).map(move |start| {
        let chunk = wasm.slice(start..wasm.len().min(start + CHUNK));
        bar.inc(chunk.len() as u64);
        Ok::<_, Infallible>(chunk)
    });
    Body::wrap_stream(stream::iter(chunks))
}

impl Uploaded {
    /// What something is, in a sentence.
    pub(super) fn about(&self, item: &Item) -> Option<String> {
        let description = match item {
            Item::Tool(name) => {
                let tool = self.tools.iter().find(|tool| tool.name == *name)?;
                Some(&tool.description)
            }
            Item::Resource(uri) => {
                let resource = self.resources.iter().find(|one| one.uri == *uri)?;
                resource.description.as_ref().or(Some(&resource.name))
            }
            Item::Template(uri) => {
                let template = self.templates.iter().find(|one| one.uri_template == *uri)?;
                template.description.as_ref().or(Some(&template.name))
            }
            Item::Prompt(name) => {
                let prompt = self.prompts.iter().find(|one| one.name == *name)?;
                prompt.description.as_ref()
            }
        };
        description.cloned()
    }

    /// One line about the file.
    pub(super) fn summary(&self) -> String {
        let short: String = self.digest.chars().take(12).collect();
        format!("{} · {} · {short}", self.kind, human::bytes(self.size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_webassembly_is_not_sent() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tool.wasm");
        fs::write(&file, "#!/bin/sh").unwrap();
        assert_eq!(read(&file).unwrap_err().exit(), Exit::Validation);
        fs::write(&file, b"\0asm\x0d\0\x01\0").unwrap();
        assert_eq!(read(&file).unwrap().len(), 8);
        assert_eq!(
            read(&folder.path().join("absent")).unwrap_err().exit(),
            Exit::Failure
        );
    }
}
