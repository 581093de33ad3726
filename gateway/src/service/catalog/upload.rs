//! Taking in a component: examined, compiled, asked once what it is, kept.

use super::{Catalog, examiner::behind_calls};
use crate::service::{
    access::Administrator, audit, components::LoadError, definition, error::Error,
};
use bytes::Bytes;
use casemate_domain::{Definitions, Digest};
use casemate_runtime::{Component, Inspection};
use casemate_store::{
    blobs,
    records::{ComponentRecord, Record},
};
use jiff::Timestamp;

/// What came of an upload.
#[derive(Debug)]
pub struct Uploaded {
    /// What a look at the file tells, without running it.
    pub inspection: Inspection,
    /// What the component says about itself.
    pub definitions: Definitions,
}

/// A component that was taken in, and what it said then.
pub(super) struct Known {
    pub(super) record: ComponentRecord,
    pub(super) definitions: Definitions,
}

impl Catalog {
    /// Takes in a component. Uploading the same file again is harmless, and mends a stored copy
    /// that was damaged.
    ///
    /// Nothing is visible to clients by this: a component becomes tools by being deployed. It is
    /// asked what it provides at its first upload and never again, so that what is deployed is what
    /// was looked at.
    pub async fn upload(&self, actor: &Administrator, wasm: Bytes) -> Result<Uploaded, Error> {
        let file = wasm.clone();
        let look = move || casemate_runtime::inspect(&file);
        let inspection = behind_calls(self.components.niceness(), look)
            .await?
            .map_err(Error::Rejected)?;
        let digest = inspection.digest;
        self.components.try_again(&digest);
        if let Some(known) = self.known(digest).await? {
            self.blobs.put(wasm).await?;
            let definitions = known.definitions;
            return Ok(Uploaded {
                inspection,
                definitions,
            });
        }
        let definitions = match self.describe(digest, wasm.clone()).await {
            Ok(definitions) => definitions,
            Err(error) => {
                // Nothing can refer to what was never taken in.
                if !self.blobs.exists(&digest).await? {
                    self.components.forget(digest).await;
                }
                return Err(error);
            }
        };
        // A call may have failed meanwhile.
        self.components.try_again(&digest);
        self.take_in(actor, digest, wasm, &definitions).await?;
        Ok(Uploaded {
            inspection,
            definitions,
        })
    }

    /// What is known of a component, if it was taken in and what it said is still there.
    pub(super) async fn known(&self, digest: Digest) -> Result<Option<Known>, Error> {
        let Some(record) = self.state.read(&ComponentRecord::at(&digest)).await? else {
            return Ok(None);
        };
        let text = match self.blobs.get(&record.definitions).await {
            Ok(Some(text)) => text,
            Ok(None) | Err(blobs::Error::BlobDamaged { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let definitions = Definitions::from_json(&text)
            .map_err(|error| Error::Internal(format!("component {digest}: {error}")))?;
        Ok(Some(Known {
            record,
            definitions,
        }))
    }

    async fn take_in(
        &self,
        actor: &Administrator,
        digest: Digest,
        wasm: Bytes,
        definitions: &Definitions,
    ) -> Result<(), Error> {
        let text =
            serde_json::to_vec(definitions).map_err(|error| Error::Internal(error.to_string()))?;
        let record = ComponentRecord {
            digest,
            size: wasm.len() as u64,
            // Blobs before the record that names them: a record never leads to nothing.
            definitions: self.blobs.put(text.into()).await?,
            uploaded_at: Timestamp::now(),
        };
        self.blobs.put(wasm).await?;
        let writer = self.state.writer().await;
        let batch = audit::batch(actor, None, "component.upload", digest);
        let batch = match writer.find(&record.key()).await? {
            Some(stored) => batch.replace(&stored, &record),
            None => batch.create(&record),
        };
        writer.commit(batch, |_| ()).await
    }

    async fn describe(&self, digest: Digest, wasm: Bytes) -> Result<Definitions, Error> {
        let component = match self.components.get(&digest) {
            Some(component) => component,
            None => self.compile(digest, wasm).await?,
        };
        let mut definitions = self
            .runtime
            .describe(&component)
            .await
            .map_err(Error::Rejected)?;
        let check = move || definition::accept(&mut definitions.tools).map(|()| definitions);
        let definitions = behind_calls(self.components.niceness(), check)
            .await?
            .map_err(Error::Rejected)?;
        self.components.keep(component);
        Ok(definitions)
    }

    async fn compile(&self, digest: Digest, wasm: Bytes) -> Result<Component, Error> {
        let taken = self.components.take_in(digest, wasm).await;
        taken.map_err(|error| match error {
            LoadError::Rejected { rejection, .. } => Error::Rejected(rejection),
            other => Error::Internal(other.to_string()),
        })
    }
}
