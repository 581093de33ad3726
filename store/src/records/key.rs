//! Where records are kept.
//!
//! A key is `1/<workspace or "platform">/<kind>/<ids>`: the layout's version first, then the
//! workspace, so that nothing of one workspace can be found under another. The parts cannot contain
//! a slash.

use super::Record;
use crate::metadata::printable;
use casemate_domain::{
    ComponentName, KeyId, SecretName, ServerId, TokenId, ToolName, VersionId, WorkspaceId,
    WorkspaceName,
};
use std::{fmt, marker::PhantomData, str::FromStr};

/// The first part of a key that belongs to no workspace.
pub(super) const PLATFORM: &str = "platform";

/// The key of a record of one kind, or the common start of the keys of several.
pub struct Key<R> {
    bytes: Vec<u8>,
    kind: PhantomData<fn() -> R>,
}

impl<R: Record> Key<R> {
    pub(super) fn new(parts: &[&dyn fmt::Display]) -> Self {
        Self {
            bytes: join(parts),
            kind: PhantomData,
        }
    }

    /// The key as the store sees it.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl<R> Clone for Key<R> {
    fn clone(&self) -> Self {
        Self {
            bytes: self.bytes.clone(),
            kind: PhantomData,
        }
    }
}

impl<R> fmt::Debug for Key<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.bytes))
    }
}

/// Joins the parts of a key. An empty last part makes a prefix that ends in a slash.
pub(super) fn join(parts: &[&dyn fmt::Display]) -> Vec<u8> {
    let mut key = String::from("1");
    for part in parts {
        key.push('/');
        key.push_str(&part.to_string());
    }
    key.into_bytes()
}

/// The key that claims the name of a workspace.
pub(super) fn workspace_name(name: &WorkspaceName) -> Vec<u8> {
    join(&[&PLATFORM, &"name", name])
}

/// The key that claims a name inside a workspace.
pub(super) fn server_name(workspace: WorkspaceId, name: &dyn fmt::Display) -> Vec<u8> {
    join(&[&workspace, &"name", name])
}

/// Whether a key claims a name.
pub(super) fn is_claim(key: &[u8]) -> bool {
    key.split(|byte| *byte == b'/').nth(2) == Some(b"name")
}

/// What a key is of, with the ids that are in it.
pub(super) enum Place {
    Workspace(WorkspaceId),
    Server(ServerId),
    Version(VersionId),
    Tool(ServerId, ToolName),
    Pointer(ServerId, ComponentName),
    Key(KeyId),
    Secret(WorkspaceId, SecretName),
    Token(TokenId),
    Limits(WorkspaceId, Option<ServerId>, Option<ToolName>),
}

impl Place {
    /// Finds it. `None` for what is not held in memory: claims, audit records, kinds that a newer
    /// program may have added.
    pub(super) fn of(key: &[u8]) -> Option<Self> {
        fn id<T: FromStr>(text: &str) -> Option<T> {
            text.parse().ok()
        }
        let parts: Vec<&str> = str::from_utf8(key).ok()?.split('/').collect();
        match parts.as_slice() {
            ["1", workspace, "workspace"] => id(workspace).map(Self::Workspace),
            ["1", _, "server", server] => id(server).map(Self::Server),
            ["1", _, "version", _, version] => id(version).map(Self::Version),
            ["1", _, "tool", server, tool] => Some(Self::Tool(id(server)?, id(tool)?)),
            ["1", _, "pointer", server, component] => {
                Some(Self::Pointer(id(server)?, id(component)?))
            }
            ["1", _, "key", key] => id(key).map(Self::Key),
            ["1", workspace, "secret", name] => Some(Self::Secret(id(workspace)?, id(name)?)),
            ["1", workspace, "limits"] => Some(Self::Limits(id(workspace)?, None, None)),
            ["1", workspace, "limits", server] => {
                Some(Self::Limits(id(workspace)?, Some(id(server)?), None))
            }
            ["1", workspace, "limits", server, tool] => Some(Self::Limits(
                id(workspace)?,
                Some(id(server)?),
                Some(id(tool)?),
            )),
            ["1", PLATFORM, "token", token] => id(token).map(Self::Token),
            _ => None,
        }
    }
}
