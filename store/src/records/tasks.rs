//! Tasks: calls that their clients poll.
//!
//! A task is work, not administration: who made the call and what it used is in the log of calls, and
//! an audit record for each would bury those of what administrators did. So its record is written
//! without one, by the functions of this module and for this kind alone. Each task has one writer, its
//! gateway, and only two moments that must outlast it: that it is there, and how it ended.

use super::{Key, Record, encode};
use crate::metadata::{CommitError, Error, Metadata, Precondition, Transaction};
use casemate_domain::{CallId, Digest, KeyId, ServerId, TaskId, TaskStatus, ToolName, WorkspaceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How many records one commit removes.
const REMOVED_AT_ONCE: usize = 256;

/// A task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRecord {
    /// Its id, which nobody can guess.
    pub id: TaskId,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// The server that it was called through.
    pub server_id: ServerId,
    /// The key that made it, and the only one that may ask for it.
    pub key_id: KeyId,
    /// What was called.
    pub tool: ToolName,
    /// Where it is. What is stored as running did not end before its gateway did.
    pub status: TaskStatus,
    /// More about that in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Its latest call, as the log of calls knows it.
    pub call: CallId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last in another status.
    pub updated_at: Timestamp,
    /// How long after that it is kept, in milliseconds.
    pub ttl_ms: u64,
    /// What came of it, if anything was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<TaskContent>,
}

/// Where the result of a task is: it may be larger than a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskContent {
    /// The blob, sealed by whoever holds the key of the installation.
    pub digest: Digest,
    /// Bytes of the blob.
    pub bytes: u64,
}

impl TaskRecord {
    /// Where the task is kept.
    pub fn at(workspace: WorkspaceId, id: TaskId) -> Key<Self> {
        Key::new(&[&workspace, &"task", &id])
    }

    /// Where the tasks of a workspace are kept.
    pub fn of_workspace(workspace: WorkspaceId) -> Key<Self> {
        Key::new(&[&workspace, &"task", &""])
    }
}

impl Record for TaskRecord {
    fn key(&self) -> Key<Self> {
        Self::at(self.workspace_id, self.id)
    }
}

/// Keeps a new task. When this returns, it is durable.
pub async fn create_task(metadata: &dyn Metadata, task: &TaskRecord) -> Result<(), Error> {
    let key = task.key().as_bytes().to_vec();
    let transaction = Transaction::new()
        .require(Precondition::Absent(key.clone()))
        .put(key, encode(task));
    commit(metadata, transaction).await
}

/// Keeps a task as it is now in place of what was kept of it.
pub async fn update_task(metadata: &dyn Metadata, task: &TaskRecord) -> Result<(), Error> {
    let key = task.key().as_bytes().to_vec();
    let transaction = Transaction::new()
        .require(Precondition::Present(key.clone()))
        .put(key, encode(task));
    commit(metadata, transaction).await
}

/// Removes tasks, those that are there.
pub async fn remove_tasks(metadata: &dyn Metadata, tasks: &[TaskRecord]) -> Result<(), Error> {
    for some in tasks.chunks(REMOVED_AT_ONCE) {
        let keys = some.iter().map(|task| task.key().as_bytes().to_vec());
        commit(metadata, keys.fold(Transaction::new(), Transaction::delete)).await?;
    }
    Ok(())
}

/// A conflict is not for the caller to solve: a task has one writer.
async fn commit(metadata: &dyn Metadata, transaction: Transaction) -> Result<(), Error> {
    match metadata.commit(transaction).await {
        Ok(_) => Ok(()),
        Err(CommitError::Failed(error)) => Err(error),
        Err(CommitError::Conflict { key }) => Err(Error::Malformed {
            key: crate::metadata::printable(&key),
            source: serde::de::Error::custom("it is not as its only writer left it"),
        }),
    }
}
