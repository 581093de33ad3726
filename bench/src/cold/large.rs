//! First calls of tools that bring a whole language along: JavaScript and Python.

use super::{First, Options, first_calls};
use crate::{
    gateway::Gateway,
    machine::{Cores, Layout},
    progress::Progress,
    say,
    seed::{Components, Seeder, keep_code},
};
use anyhow::Result;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// Where `cargo xtask bench` built them.
const FOLDER: &str = "CASEMATE_PEERS";
const LANGUAGES: [(&str, &str); 2] = [("JavaScript", "javascript.wasm"), ("Python", "python.wasm")];

/// Such components are larger than the gateway takes by default, and take longer to compile.
const CONFIG: &str = "[compile]\n\
    component_bytes = 67108864\n\
    cpu_ms = 600000\n\
    memory_bytes = 17179869184\n\
    wall_ms = 900000\n";

/// What was seen of the tool of one language.
pub(super) struct Large {
    pub(super) language: &'static str,
    pub(super) kib: usize,
    /// From the upload to the first answer, with the compilation, once.
    pub(super) push: Duration,
    pub(super) first: First,
}

/// Measures those that were built; each is compiled once, and kept under every digest.
pub(super) fn measure(options: &Options, progress: &Progress) -> Result<Vec<Large>> {
    let mut all = Vec::new();
    for (language, file) in LANGUAGES {
        let built = std::env::var_os(FOLDER).map(|folder| PathBuf::from(folder).join(file));
        match built.filter(|path| path.exists()) {
            Some(path) => {
                let components = Components::of(&path)?;
                all.push(one(options, language, &components, progress)?);
            }
            None => say::note(&format!(
                "no tool in {language}: {FOLDER} has no {file}; run it through cargo xtask bench"
            )),
        }
    }
    Ok(all)
}

fn one(
    options: &Options,
    language: &'static str,
    components: &Components,
    progress: &Progress,
) -> Result<Large> {
    progress.says(&format!("{language}: compiling"));
    let mut gateway = Gateway::start(CONFIG, Cores::of(Layout::Split)?)?;
    let seeder = Seeder::of(&gateway);
    seeder.workspace()?;
    // One more than are called, so that the gateway compiles one itself.
    let pushed = seeder.server("pushed")?;
    let component = components.number(options.large_components);
    let start = Instant::now();
    seeder.deploy(&pushed, &seeder.upload(component)?)?;
    super::call(&gateway, &pushed)?;
    let push = start.elapsed();
    gateway.stop();
    keep_code(&gateway.data(), components, 0..options.large_components)?;
    gateway.go_on()?;
    let seeder = Seeder::of(&gateway);
    let servers = seeder.distinct("large", components, options.large_components)?;
    let first = first_calls(options, &mut gateway, &servers, progress)?;
    Ok(Large {
        language,
        kib: components.kib(),
        push,
        first,
    })
}
