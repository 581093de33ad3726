//! Taking in a component: examined, compiled, asked what it is, kept.

use super::Catalog;
use crate::service::{components::LoadError, definition, error::Error};
use bytes::Bytes;
use casemate_domain::{Digest, ToolDefinition};
use casemate_runtime::{Component, Inspection};

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
        let digest = inspection.digest;
        let tools = match self.describe(digest, wasm.clone()).await {
            Ok(tools) => tools,
            Err(error) => {
                // Nothing can refer to what was never taken in.
                if !self.blobs.exists(&digest).await? {
                    self.components.forget(digest).await;
                }
                return Err(error);
            }
        };
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
            None => self.compile(digest, wasm).await?,
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

    async fn compile(&self, digest: Digest, wasm: Bytes) -> Result<Component, Error> {
        let taken = self.components.take_in(digest, wasm).await;
        taken.map_err(|error| match error {
            LoadError::Rejected { rejection, .. } => Error::Rejected(rejection),
            other => Error::Internal(other.to_string()),
        })
    }
}
