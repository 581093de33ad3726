//! Where the results of tasks lie until they expire: sealed, because what tools answer is often as
//! private as a secret, and nothing else of it is kept on disk.
//!
//! Each is a blob of its own: no two are the same, so one can be removed without asking who else
//! needs it.

use crate::service::{error::Error, keyring::Keyring};
use bytes::Bytes;
use casemate_domain::{Digest, Json, TaskId};
use casemate_store::{
    blobs::Blobs,
    records::{TaskContent, TaskRecord},
};
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use std::{collections::HashSet, fmt};
use zeroize::Zeroizing;

const NONCE_BYTES: usize = 24;

/// The results of tasks.
pub(super) struct Chest {
    cipher: XChaCha20Poly1305,
    blobs: Blobs,
}

/// A result that is not there, or not what was put in.
#[derive(Debug, thiserror::Error)]
#[error("the result of {task} cannot be read: it is gone, damaged, or sealed with another key")]
pub struct Unreadable {
    /// Of which task.
    pub task: TaskId,
}

impl Chest {
    pub(super) fn new(keyring: &Keyring, blobs: Blobs) -> Self {
        let key = Zeroizing::new(keyring.derive("task results"));
        Self {
            cipher: XChaCha20Poly1305::new((&*key).into()),
            blobs,
        }
    }

    /// Puts in what came of a task. When this returns, it is durable.
    pub(super) async fn put_in(
        &self,
        task: &TaskRecord,
        content: &Json,
    ) -> Result<TaskContent, Error> {
        let sealed = self.seal(task, content.get().as_bytes());
        let bytes = sealed.len() as u64;
        let digest = self.blobs.put(sealed).await?;
        Ok(TaskContent { digest, bytes })
    }

    /// What came of a task, if anything was said.
    pub(super) async fn take_out(&self, task: &TaskRecord) -> Result<Option<Json>, Error> {
        let Some(content) = task.content else {
            return Ok(None);
        };
        let sealed = self.blobs.get(&content.digest).await?;
        let text = sealed.and_then(|sealed| self.open(task, &sealed));
        let json = text.and_then(|text| Json::parse(text).ok());
        let unreadable = || Error::Store(Unreadable { task: task.id }.into());
        json.map(Some).ok_or_else(unreadable)
    }

    /// Removes what came of a task.
    pub(super) async fn remove(&self, content: TaskContent) -> Result<(), Error> {
        Ok(self.blobs.delete(&content.digest).await?)
    }

    /// Removes what no task knows: its gateway ended between the result and its record.
    pub(super) async fn remove_others(&self, known: &HashSet<Digest>) -> Result<(), Error> {
        for blob in self.blobs.list().await? {
            if !known.contains(&blob.digest) {
                self.blobs.delete(&blob.digest).await?;
            }
        }
        Ok(())
    }

    fn seal(&self, task: &TaskRecord, plain: &[u8]) -> Bytes {
        let mut nonce = [0_u8; NONCE_BYTES];
        getrandom::fill(&mut nonce).expect("the operating system has randomness");
        let payload = Payload {
            msg: plain,
            aad: &place(task),
        };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.expect("a result is far below the cipher's limit");
        [&nonce[..], &sealed].concat().into()
    }

    fn open(&self, task: &TaskRecord, sealed: &[u8]) -> Option<String> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload {
            msg: sealed,
            aad: &place(task),
        };
        let plain = self.cipher.decrypt(&XNonce::from(*nonce), payload).ok()?;
        String::from_utf8(plain).ok()
    }
}

/// A result that is moved to another task does not open there.
fn place(task: &TaskRecord) -> Vec<u8> {
    let TaskRecord {
        id,
        workspace_id,
        server_id,
        key_id,
        ..
    } = task;
    format!("casemate task 1\n{workspace_id}\n{server_id}\n{key_id}\n{id}").into_bytes()
}

impl fmt::Debug for Chest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chest")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::keyring::MayCreate;
    use casemate_domain::{CallId, KeyId, ServerId, TaskStatus, WorkspaceId};
    use jiff::Timestamp;
    use uuid::Uuid;

    fn task(n: u128, key: u128) -> TaskRecord {
        TaskRecord {
            id: TaskId::from_uuid(Uuid::from_u128(n)),
            workspace_id: WorkspaceId::from_uuid(Uuid::from_u128(1)),
            server_id: ServerId::from_uuid(Uuid::from_u128(1)),
            key_id: KeyId::from_uuid(Uuid::from_u128(key)),
            tool: "tool".parse().unwrap(),
            status: TaskStatus::Completed,
            message: None,
            call: CallId::from_uuid(Uuid::from_u128(1)),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            ttl_ms: 1,
            content: None,
        }
    }

    fn chest(folder: &std::path::Path) -> Chest {
        let keyring = Keyring::open(&folder.join("root.key"), MayCreate::Yes).unwrap();
        Chest::new(&keyring, Blobs::local(folder.join("tasks")).unwrap())
    }

    #[tokio::test]
    async fn a_result_is_sealed_for_its_task_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let chest = chest(folder.path());
        let said = Json::parse(r#"{"said":"something private"}"#.to_owned()).unwrap();
        let content = chest.put_in(&task(1, 1), &said).await.unwrap();
        let kept = chest.blobs.get(&content.digest).await.unwrap().unwrap();
        assert!(!String::from_utf8_lossy(&kept).contains("private"));
        let with = |task: TaskRecord| TaskRecord {
            content: Some(content),
            ..task
        };
        let read = chest.take_out(&with(task(1, 1))).await.unwrap();
        assert_eq!(read, Some(said.clone()));
        for other in [task(2, 1), task(1, 2)] {
            assert!(chest.take_out(&with(other)).await.is_err());
        }
        let again = chest.put_in(&task(1, 1), &said).await.unwrap();
        assert_ne!(again.digest, content.digest, "each is a blob of its own");
    }

    #[tokio::test]
    async fn what_no_task_knows_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let chest = chest(folder.path());
        let said = Json::parse("{}".to_owned()).unwrap();
        let kept = chest.put_in(&task(1, 1), &said).await.unwrap();
        let forgotten = chest.put_in(&task(2, 1), &said).await.unwrap();
        chest
            .remove_others(&HashSet::from([kept.digest]))
            .await
            .unwrap();
        assert!(chest.blobs.exists(&kept.digest).await.unwrap());
        assert!(!chest.blobs.exists(&forgotten.digest).await.unwrap());
    }
}
