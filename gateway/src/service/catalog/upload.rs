//! Taking in a component: examined, compiled, asked what it is, kept.

use super::Catalog;
use crate::service::{definition, error::Error};
use bytes::Bytes;
use casemate_domain::{Digest, ToolDefinition};
use casemate_runtime::Inspection;

/// What came of an upload.
#[derive(Debug)]
pub struct Uploaded {
    /// What a look at the file tells, without running it.
    pub inspection: Inspection,
    /// What the component says about its tools.
    pub tools: Vec<ToolDefinition>,
}

impl Catalog {
    /// Takes in a component. Uploading the same file again is harmless.
    ///
    /// Nothing is visible to clients by this: a component becomes tools by being deployed.
    pub async fn upload(&self, wasm: Bytes) -> Result<Uploaded, Error> {
        let inspection = casemate_runtime::inspect(&wasm).map_err(Error::Rejected)?;
        let tools = self.describe(inspection.digest, wasm.clone()).await?;
        self.blobs.put(wasm).await?;
        Ok(Uploaded { inspection, tools })
    }

    /// What a component that was taken in earlier says about its tools.
    pub(super) async fn describe_stored(
        &self,
        digest: Digest,
    ) -> Result<Vec<ToolDefinition>, Error> {
        let wasm = self
            .blobs
            .get(&digest)
            .await?
            .ok_or(Error::UnknownComponent(digest))?;
        self.describe(digest, wasm).await
    }

    async fn describe(&self, digest: Digest, wasm: Bytes) -> Result<Vec<ToolDefinition>, Error> {
        let slot = self.components.slot(digest);
        let component = match self.components.get(&slot) {
            Some(component) => component,
            None => self.compile(wasm).await?,
        };
        let tools = self
            .runtime
            .describe(&component)
            .await
            .map_err(Error::Rejected)?;
        definition::check_all(&tools).map_err(Error::Rejected)?;
        self.components.fill(&slot, component);
        self.remember(slot);
        Ok(tools)
    }

    async fn compile(&self, wasm: Bytes) -> Result<casemate_runtime::Component, Error> {
        let _turn = self
            .compiling
            .acquire()
            .await
            .expect("this semaphore is never closed");
        let runtime = self.runtime.clone();
        tokio::task::spawn_blocking(move || runtime.compile(&wasm))
            .await
            .map_err(|error| Error::Internal(format!("the compiler ended early: {error}")))?
            .map_err(Error::Rejected)
    }
}
