//! The file that says where the gateway serves, while it serves.

use anyhow::{Context, Result};
use std::{fs, net::SocketAddr, path::PathBuf};

/// There as long as this is.
#[derive(Debug)]
pub(super) struct ReadyFile(PathBuf);

impl ReadyFile {
    /// Written whole or not at all: whoever waits for the file must not read half of it.
    pub(super) fn write(path: PathBuf, mcp: SocketAddr, admin: SocketAddr) -> Result<Self> {
        let unfinished = path.with_extension("unfinished");
        fs::write(&unfinished, format!("mcp={mcp} admin={admin}\n"))
            .and_then(|()| fs::rename(&unfinished, &path))
            .with_context(|| format!("writing the ready file {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        // Somebody may have removed it already, which is as good.
        let _ = fs::remove_file(&self.0);
    }
}
