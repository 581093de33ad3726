//! Who changed what.

use super::{
    decode, encode,
    key::{self, PLATFORM},
};
use crate::metadata::{Error, Metadata};
use casemate_domain::{Invalid, TokenId, WorkspaceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Names one audit record: `aud_` and 32 hexadecimal digits of a UUID version 7.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AuditId(Uuid);

impl AuditId {
    const PREFIX: &str = "aud_";

    /// Wraps a UUID that the caller made. Version 7, so that records are in order of time.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// Later ids come first: the newest records are what is asked for, and engines read upwards.
    fn newest_first(self) -> String {
        format!("{:032x}", !self.0.as_u128())
    }
}

impl fmt::Display for AuditId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Self::PREFIX, self.0.simple())
    }
}

impl fmt::Debug for AuditId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for AuditId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.strip_prefix(Self::PREFIX)
            .filter(|rest| rest.len() == 32)
            .and_then(|rest| Uuid::try_parse(rest).ok())
            .map(Self)
            .ok_or_else(|| Invalid::new("audit id", "must be `aud_` and 32 hexadecimal digits"))
    }
}

impl Serialize for AuditId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AuditId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Who made a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// Whoever holds an access token of the admin API.
    Token {
        /// Its id.
        id: TokenId,
    },
    /// Whoever can write to the data directory, through a command on the machine.
    Operator,
}

/// One change: who, what, to what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Its id.
    pub id: AuditId,
    /// The workspace in which it happened; none for changes of the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<WorkspaceId>,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What: a stable word such as `key.revoke`.
    pub action: String,
    /// To what: an id or a name.
    pub subject: String,
    /// More about it in a sentence. No secrets.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl AuditRecord {
    pub(super) fn key(&self) -> Vec<u8> {
        key_of(self.workspace_id, &self.id.newest_first())
    }

    pub(super) fn value(&self) -> Vec<u8> {
        encode(self)
    }
}

fn key_of(workspace: Option<WorkspaceId>, id: &str) -> Vec<u8> {
    match workspace {
        Some(workspace) => key::join(&[&workspace, &"audit", &id]),
        None => key::join(&[&PLATFORM, &"audit", &id]),
    }
}

/// Reads audit records of a workspace, or those of the platform, newest first: at most `limit`,
/// those before `before` if it is given.
pub async fn audit(
    metadata: &dyn Metadata,
    workspace: Option<WorkspaceId>,
    before: Option<AuditId>,
    limit: usize,
) -> Result<Vec<AuditRecord>, Error> {
    let prefix = key_of(workspace, "");
    let mut start = prefix.clone();
    if let Some(before) = before {
        start = key_of(workspace, &before.newest_first());
        // The next key after that of `before`.
        start.push(0);
    }
    let entries = metadata.scan_from(&prefix, &start, limit).await?;
    entries
        .iter()
        .map(|entry| decode(&entry.key, &entry.value))
        .collect()
}
