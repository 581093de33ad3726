//! What outlasts a gateway of its tasks, and what does not outlast their time.

use super::{Inner, entry::Entry, worker::RESTARTED};
use crate::service::error::Error;
use casemate_domain::TaskStatus;
use casemate_store::records::{self, TaskRecord};
use jiff::Timestamp;
use std::{
    collections::HashSet,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Takes up every task that is stored.
pub(super) async fn load(inner: &Inner) -> Result<(), Error> {
    let snapshot = inner.state.snapshot();
    let mut known = HashSet::new();
    let mut expired = Vec::new();
    for workspace in snapshot.workspaces.keys() {
        let prefix = TaskRecord::of_workspace(*workspace);
        for stored in records::list(&*inner.metadata, &prefix).await? {
            let record = failed_if_open(inner, stored.record).await?;
            let content = record.content;
            let bytes = content.map_or(0, |content| content.bytes);
            let seat = inner.seats.occupy(record.key_id, *workspace, bytes);
            let (id, entry) = (record.id, Entry::new(record.clone(), seat));
            if entry.has_expired() {
                expired.push(record);
                continue;
            }
            known.extend(content.map(|content| content.digest));
            inner.entries().insert(id, Arc::new(entry));
        }
    }
    records::remove_tasks(&*inner.metadata, &expired).await?;
    inner.chest.remove_others(&known).await
}

/// Half a call cannot be continued.
async fn failed_if_open(inner: &Inner, record: TaskRecord) -> Result<TaskRecord, Error> {
    if record.status.is_over() {
        return Ok(record);
    }
    let failed = TaskRecord {
        status: TaskStatus::Failed,
        message: Some(RESTARTED.to_owned()),
        updated_at: Timestamp::now(),
        ..record
    };
    records::update_task(&*inner.metadata, &failed).await?;
    Ok(failed)
}

/// Removes tasks whose time is over, now and then, until the gateway stops.
pub(super) async fn sweep(inner: Weak<Inner>, stop: CancellationToken, pause: Duration) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        let Some(inner) = inner.upgrade() else {
            return;
        };
        if let Err(error) = remove_expired(&inner).await {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "expired tasks are not removed");
        }
    }
}

/// Those that still run are stopped by their workers first.
async fn remove_expired(inner: &Inner) -> Result<(), Error> {
    let expired: Vec<TaskRecord> = {
        let entries = inner.entries();
        let expired = entries
            .values()
            .filter(|entry| entry.has_expired() && entry.is_over());
        expired
            .map(|entry| TaskRecord::clone(&entry.view().record))
            .collect()
    };
    if expired.is_empty() {
        return Ok(());
    }
    records::remove_tasks(&*inner.metadata, &expired).await?;
    for record in expired {
        // What stays behind of it after a failure is removed at the next start.
        if let Some(content) = record.content {
            inner.chest.remove(content).await?;
        }
        inner.entries().remove(&record.id);
    }
    Ok(())
}
