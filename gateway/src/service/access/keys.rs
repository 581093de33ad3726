//! API keys: made once, shown once, revoked at once.

use super::Access;
use crate::service::{
    access::Administrator,
    audit,
    credential::{self, Class},
    error::Error,
    snapshot::Snapshot,
};
use casemate_domain::{KeyId, KeyName, ServerId, ToolPattern};
use casemate_store::records::{KeyRecord, Record, TokenHash};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Serialize;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use uuid::Uuid;

/// Whether a key opens anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyStatus {
    /// It does.
    Active,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
}

impl KeyStatus {
    /// The status of a key at a moment.
    pub fn of(record: &KeyRecord, now: Timestamp) -> Self {
        Self::at(record.revoked_at, record.expires_at, now)
    }

    /// The status at a moment of what was revoked and expires then.
    pub(super) fn at(
        revoked_at: Option<Timestamp>,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        if revoked_at.is_some() {
            Self::Revoked
        } else if expires_at.is_some_and(|expiry| expiry <= now) {
            Self::Expired
        } else {
            Self::Active
        }
    }
}

/// A key as it may be shown at any time.
#[derive(Debug, Clone)]
pub struct KeySummary {
    /// What is stored of it; its hash is not for showing.
    pub record: Arc<KeyRecord>,
    /// Whether it opens anything now.
    pub status: KeyStatus,
}

/// A key that was just made. The only moment at which its text exists.
#[derive(Debug)]
pub struct NewKey {
    /// The text, for its owner.
    pub key: SecretString,
    /// What is kept.
    pub summary: KeySummary,
}

/// What a key is to open.
#[derive(Debug, Clone)]
pub struct Opens {
    /// The servers.
    pub servers: Vec<ServerId>,
    /// Which of their tools; all if this is not said.
    pub tools: Option<Vec<ToolPattern>>,
}

impl From<Vec<ServerId>> for Opens {
    fn from(servers: Vec<ServerId>) -> Self {
        Self {
            servers,
            tools: None,
        }
    }
}

/// Names of the tools of one key, in bytes: records are small.
const TOOLS_BYTES: usize = 2_500;

/// The longest a key may live, in days. Longer is "until revoked", which is what no expiry means.
const MAX_LIFETIME: Duration = Duration::from_secs(3_650 * 24 * 60 * 60);

impl Access {
    /// Makes a key that opens exactly these servers, all of one workspace, or only these tools of
    /// them.
    pub async fn create_key(
        &self,
        actor: &Administrator,
        name: KeyName,
        opens: impl Into<Opens>,
        lifetime: Option<Duration>,
    ) -> Result<NewKey, Error> {
        let Opens { servers, tools } = opens.into();
        let writer = self.state.writer().await;
        let workspace_id = one_workspace(&writer.snapshot(), &servers)?;
        if let Some(tools) = &tools {
            check_tools(&writer.snapshot(), &servers, tools)?;
        }
        let created_at = Timestamp::now();
        let expires_at = lifetime
            .map(|lifetime| expiry("key", created_at, lifetime))
            .transpose()?;
        let key = credential::generate(Class::Key);
        let record = Arc::new(KeyRecord {
            id: KeyId::from_uuid(Uuid::now_v7()),
            workspace_id,
            name,
            servers,
            tools,
            hash: TokenHash::from_bytes(self.pepper.hash_secret(&key)),
            created_at,
            expires_at,
            revoked_at: None,
        });
        let batch =
            audit::batch(actor, Some(workspace_id), "key.create", record.id).create(&*record);
        let made = Arc::clone(&record);
        writer.commit(batch, move |next| put(next, made)).await?;
        let status = KeyStatus::of(&record, created_at);
        Ok(NewKey {
            key,
            summary: KeySummary { record, status },
        })
    }

    /// Takes away what a key opens, from the next request on, and stops the calls that run with it.
    /// Revoking twice is harmless.
    pub async fn revoke_key(&self, actor: &Administrator, id: KeyId) -> Result<KeySummary, Error> {
        let writer = self.state.writer().await;
        let snapshot = writer.snapshot();
        let record = snapshot
            .keys
            .get(&id)
            .ok_or_else(|| Error::not_found("key", id))?;
        if record.revoked_at.is_some() {
            return Ok(KeySummary {
                record: Arc::clone(record),
                status: KeyStatus::Revoked,
            });
        }
        let revoked = Arc::new(KeyRecord {
            revoked_at: Some(Timestamp::now()),
            ..KeyRecord::clone(record)
        });
        let stored = writer.stored(&record.key()).await?;
        let batch = audit::batch(actor, Some(record.workspace_id), "key.revoke", id)
            .replace(&stored, &*revoked);
        let (shown, running) = (Arc::clone(&revoked), Arc::clone(&self.running));
        // On its own, like the commit: calls are stopped also when nobody waits for the answer, and
        // only after the key is seen to be revoked, so that none starts behind the back of this.
        let revoking = tokio::spawn(async move {
            writer.commit(batch, move |next| put(next, shown)).await?;
            running.stop_key(id);
            Ok::<_, Error>(())
        });
        revoking
            .await
            .map_err(|error| Error::Internal(format!("a revocation ended early: {error}")))??;
        Ok(KeySummary {
            record: revoked,
            status: KeyStatus::Revoked,
        })
    }

    /// All keys, or those that open one server, oldest first.
    pub fn list_keys(&self, server: Option<ServerId>) -> Vec<KeySummary> {
        let snapshot = self.state.snapshot();
        let now = Timestamp::now();
        let mut keys: Vec<KeySummary> = snapshot
            .keys
            .values()
            .filter(|record| server.is_none_or(|server| record.servers.contains(&server)))
            .map(|record| KeySummary {
                record: Arc::clone(record),
                status: KeyStatus::of(record, now),
            })
            .collect();
        keys.sort_by_key(|key| (key.record.created_at, key.record.id));
        keys
    }
}

pub(crate) fn put(snapshot: &mut Snapshot, record: Arc<KeyRecord>) {
    snapshot
        .keys_by_hash
        .insert(*record.hash.as_bytes(), record.id);
    snapshot.keys.insert(record.id, record);
}

fn one_workspace(
    snapshot: &Snapshot,
    servers: &[ServerId],
) -> Result<casemate_domain::WorkspaceId, Error> {
    let mut workspaces = servers.iter().map(|id| {
        let server = snapshot
            .servers
            .get(id)
            .ok_or_else(|| Error::not_found("server", id))?;
        Ok::<_, Error>(server.workspace.id)
    });
    let invalid = |problem: &str| Error::Invalid(casemate_domain::Invalid::new("key", problem));
    let first = workspaces
        .next()
        .ok_or_else(|| invalid("must open at least one server"))??;
    for workspace in workspaces {
        if workspace? != first {
            return Err(invalid("can only open servers of one workspace"));
        }
    }
    Ok(first)
}

/// A name that means no tool is most often a slip, and would make a key that opens nothing. The tool
/// may be inactive: that is how a key is made before its tool is shown.
fn check_tools(
    snapshot: &Snapshot,
    servers: &[ServerId],
    tools: &[ToolPattern],
) -> Result<(), Error> {
    let invalid = |problem: &str| {
        Err(Error::Invalid(casemate_domain::Invalid::new(
            "key", problem,
        )))
    };
    if tools.is_empty() {
        return invalid("must open at least one tool; leave `tools` out for all of them");
    }
    let bytes: usize = tools.iter().map(|tool| tool.as_str().len() + 3).sum();
    if bytes > TOOLS_BYTES {
        return invalid("names more tools than fit; stand for several with a beginning and `*`");
    }
    let servers = servers.iter().filter_map(|id| snapshot.servers.get(id));
    let known: BTreeSet<_> = servers.flat_map(|server| server.tools.keys()).collect();
    let unknown = tools
        .iter()
        .find(|pattern| !known.iter().any(|name| pattern.matches(name)));
    unknown.map_or(Ok(()), |pattern| {
        Err(Error::NoSuchTool {
            name: pattern.to_string(),
            known: known.into_iter().map(ToString::to_string).collect(),
        })
    })
}

/// When a credential made at a moment expires.
pub(super) fn expiry(
    what: &'static str,
    created_at: Timestamp,
    lifetime: Duration,
) -> Result<Timestamp, Error> {
    let problem = "must expire after at least one second and at most 3650 days, or never";
    let invalid = || Error::Invalid(casemate_domain::Invalid::new(what, problem));
    if lifetime < Duration::from_secs(1) || lifetime > MAX_LIFETIME {
        return Err(invalid());
    }
    created_at.checked_add(lifetime).map_err(|_| invalid())
}
