//! Workspaces.

use super::Catalog;
use crate::service::{
    access::Administrator,
    audit,
    error::Error,
    snapshot::{Snapshot, WorkspaceView},
};
use casemate_domain::{WorkspaceId, WorkspaceName};
use casemate_store::records::WorkspaceRecord;
use jiff::Timestamp;
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

impl Catalog {
    /// Makes an empty workspace. Names are unique.
    pub async fn create_workspace(
        &self,
        actor: &Administrator,
        name: WorkspaceName,
    ) -> Result<WorkspaceRecord, Error> {
        let writer = self.state.writer().await;
        if find(&writer.snapshot(), name.as_str()).is_some() {
            return Err(Error::AlreadyExists {
                what: "workspace",
                name: name.to_string(),
            });
        }
        let record = WorkspaceRecord {
            id: WorkspaceId::from_uuid(Uuid::now_v7()),
            name,
            created_at: Timestamp::now(),
        };
        let batch =
            audit::batch(actor, Some(record.id), "workspace.create", record.id).create(&record);
        let view = WorkspaceView {
            record: record.clone(),
            secrets: BTreeMap::new(),
            traffic: Arc::default(),
        };
        writer
            .commit(batch, move |next| {
                drop(next.workspaces.insert(record.id, Arc::new(view)))
            })
            .await?;
        Ok(record)
    }

    /// All workspaces in order of their names.
    pub fn list_workspaces(&self) -> Vec<WorkspaceRecord> {
        let snapshot = self.state.snapshot();
        let mut records: Vec<_> = snapshot
            .workspaces
            .values()
            .map(|view| view.record.clone())
            .collect();
        records.sort_by(|a, b| a.name.cmp(&b.name));
        records
    }

    /// The workspace with this name or id.
    pub fn workspace(&self, reference: &str) -> Result<Arc<WorkspaceView>, Error> {
        find(&self.state.snapshot(), reference)
            .ok_or_else(|| Error::not_found("workspace", reference))
    }
}

pub(super) fn find(snapshot: &Snapshot, reference: &str) -> Option<Arc<WorkspaceView>> {
    if let Ok(id) = reference.parse::<WorkspaceId>() {
        return snapshot.workspaces.get(&id).cloned();
    }
    snapshot
        .workspaces
        .values()
        .find(|view| view.record.name.as_str() == reference)
        .cloned()
}
