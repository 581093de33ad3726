//! Secrets of a workspace: set, listed by name, deleted. Never read back.

use super::{Catalog, workspaces};
use crate::service::{
    access::Administrator,
    audit,
    error::Error,
    snapshot::{Snapshot, WorkspaceView},
    vault::{MAX_SECRET_BYTES, MIN_SECRET_BYTES},
};
use casemate_domain::{Invalid, SecretName};
use casemate_store::records::{Record, SecretRecord};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use std::sync::Arc;

/// What may be shown of a secret.
#[derive(Debug, Clone, Serialize)]
pub struct SecretSummary {
    /// Its name.
    pub name: SecretName,
    /// Rises with each change.
    pub version: u64,
    /// When it was last set.
    pub updated_at: Timestamp,
}

impl From<&SecretRecord> for SecretSummary {
    fn from(record: &SecretRecord) -> Self {
        Self {
            name: record.name.clone(),
            version: record.version,
            updated_at: record.updated_at,
        }
    }
}

impl Catalog {
    /// Sets or replaces a secret. Calls that start after this use the new value.
    pub async fn set_secret(
        &self,
        actor: &Administrator,
        workspace: &str,
        name: SecretName,
        value: SecretString,
    ) -> Result<SecretSummary, Error> {
        check_value(value.expose_secret())?;
        let writer = self.state.writer().await;
        let workspace = find(&writer.snapshot(), workspace)?;
        let before = workspace.secrets.get(&name);
        let version = before.map_or(1, |record| record.version + 1);
        let id = workspace.record.id;
        let record =
            Arc::new(
                self.vault
                    .seal(id, &name, version, value.expose_secret(), Timestamp::now()),
            );
        let batch = audit::batch(actor, Some(id), "secret.set", &name);
        let batch = match before {
            Some(before) => batch.replace(&writer.stored(&before.key()).await?, &*record),
            None => batch.create(&*record),
        };
        let summary = SecretSummary::from(&*record);
        let mut changed = WorkspaceView::clone(&workspace);
        changed.secrets.insert(name, record);
        writer
            .commit(batch, move |next| {
                drop(next.workspaces.insert(id, Arc::new(changed)))
            })
            .await?;
        Ok(summary)
    }

    /// Deletes a secret. Calls that start after this do not have it.
    pub async fn delete_secret(
        &self,
        actor: &Administrator,
        workspace: &str,
        name: &SecretName,
    ) -> Result<(), Error> {
        let writer = self.state.writer().await;
        let workspace = find(&writer.snapshot(), workspace)?;
        let mut changed = WorkspaceView::clone(&workspace);
        let record = changed
            .secrets
            .remove(name)
            .ok_or_else(|| Error::not_found("secret", name))?;
        let id = workspace.record.id;
        let stored = writer.stored(&record.key()).await?;
        let batch = audit::batch(actor, Some(id), "secret.delete", name).remove(&stored);
        writer
            .commit(batch, move |next| {
                drop(next.workspaces.insert(id, Arc::new(changed)))
            })
            .await?;
        Ok(())
    }

    /// Names and versions of the secrets of a workspace.
    pub fn list_secrets(&self, workspace: &str) -> Result<Vec<SecretSummary>, Error> {
        let workspace = self.workspace(workspace)?;
        Ok(workspace
            .secrets
            .values()
            .map(|record| SecretSummary::from(&**record))
            .collect())
    }
}

fn find(snapshot: &Snapshot, workspace: &str) -> Result<Arc<WorkspaceView>, Error> {
    workspaces::find(snapshot, workspace).ok_or_else(|| Error::not_found("workspace", workspace))
}

fn check_value(value: &str) -> Result<(), Error> {
    let invalid = |problem: String| Err(Error::Invalid(Invalid::new("secret", problem)));
    if value.len() < MIN_SECRET_BYTES {
        return invalid(format!(
            "must be at least {MIN_SECRET_BYTES} bytes: a shorter one cannot be masked in logs and \
             results without masking ordinary words. What is no secret is a setting: push with \
             --config NAME=VALUE"
        ));
    }
    if value.len() > MAX_SECRET_BYTES {
        return invalid(format!("must be at most {MAX_SECRET_BYTES} bytes"));
    }
    Ok(())
}
