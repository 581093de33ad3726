//! Keeping the code of many components that differ by their digest alone, compiled once.
//!
//! The gateway must be stopped meanwhile. It finds the code as if it had compiled it: authenticated
//! with its key, for its engine. An upload of such a component compiles nothing.

use super::Components;
use anyhow::{Context, Result};
use casemate_gateway::service::keyring;
use casemate_runtime::{Artifacts, Compiler, Config, Runtime, inspect};
use casemate_store::{metadata::Metadata, sled::SledMetadata};
use std::{ops::Range, path::Path, sync::Arc};

/// Keeps the code of these numbers of a component in the data of a gateway.
pub(crate) fn keep_code(data: &Path, components: &Components, numbers: Range<u32>) -> Result<()> {
    // Its engine compiles for the same calls, and reserves little.
    let runtime = Runtime::new(&Config {
        slots: 4,
        ..Config::default()
    })?;
    let code = Compiler::new()?.precompile(&components.bytes)?;
    let artifacts = Artifacts::open(data.join("artifacts"), key(data)?, &runtime)?;
    for number in numbers {
        let digest = inspect(&components.number(number))?.digest;
        artifacts.keep(&digest, &code)?;
    }
    Ok(())
}

/// The key of this installation for compiled code.
fn key(data: &Path) -> Result<[u8; 32]> {
    let executor = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let metadata: Arc<dyn Metadata> = Arc::new(SledMetadata::open(data.join("metadata"))?);
    let root = data.join("keys/root.key");
    let keyring = executor.block_on(keyring::open_for(&*metadata, &root));
    Ok(keyring
        .context("opening the keys of the gateway")?
        .derive("compiled artifacts"))
}
