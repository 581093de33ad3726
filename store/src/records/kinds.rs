//! The records of the catalog and of access.

use super::{
    Key, Record, TokenHash,
    key::{self, PLATFORM},
};
use casemate_domain::{
    ComponentName, Digest, Grant, KeyId, KeyName, LimitSettings, ServerId, ServerName, TokenId,
    TokenName, ToolName, ToolPattern, ToolPrefix, VersionId, WorkspaceId, WorkspaceName,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A workspace. Its name is unique.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceRecord {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name.
    pub name: WorkspaceName,
    /// When it was made.
    pub created_at: Timestamp,
}

impl WorkspaceRecord {
    /// Where the workspace is kept.
    pub fn at(id: WorkspaceId) -> Key<Self> {
        Key::new(&[&id, &"workspace"])
    }
}

impl Record for WorkspaceRecord {
    fn key(&self) -> Key<Self> {
        Self::at(self.id)
    }

    fn claims(&self) -> Vec<Vec<u8>> {
        vec![key::workspace_name(&self.name)]
    }
}

/// A server. Its name is unique in its workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerRecord {
    /// Its id, which never changes.
    pub id: ServerId,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// Its name.
    pub name: ServerName,
    /// Whether clients may use it.
    pub active: bool,
    /// What stands before the names of its tools where clients see them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_prefix: Option<ToolPrefix>,
    /// Whether clients search for its tools instead of listing them.
    #[serde(default)]
    pub tool_search: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl ServerRecord {
    /// Where the server is kept.
    pub fn at(workspace: WorkspaceId, id: ServerId) -> Key<Self> {
        Key::new(&[&workspace, &"server", &id])
    }

    /// Where the servers of a workspace are kept.
    pub fn of_workspace(workspace: WorkspaceId) -> Key<Self> {
        Key::new(&[&workspace, &"server", &""])
    }
}

impl Record for ServerRecord {
    fn key(&self) -> Key<Self> {
        Self::at(self.workspace_id, self.id)
    }

    fn claims(&self) -> Vec<Vec<u8>> {
        vec![key::server_name(self.workspace_id, &self.name)]
    }
}

/// A version: one upload of a component under a name in a server. Never changed, only added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRecord {
    /// Its id.
    pub id: VersionId,
    /// The server it was uploaded to.
    pub server_id: ServerId,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// The name it was uploaded under.
    pub component: ComponentName,
    /// The blob of the component.
    pub digest: Digest,
    /// The blob of what it provides: the JSON of
    /// [`Definitions`](casemate_domain::Definitions). They may be larger than a record.
    pub definitions: Digest,
    /// Bytes of the component.
    pub size: u64,
    /// What it may reach.
    pub grant: Grant,
    /// The names of its tools.
    pub tools: Vec<ToolName>,
    /// When it was uploaded.
    pub created_at: Timestamp,
}

impl VersionRecord {
    /// Where the version is kept.
    pub fn at(workspace: WorkspaceId, server: ServerId, id: VersionId) -> Key<Self> {
        Key::new(&[&workspace, &"version", &server, &id])
    }

    /// Where the versions in a server are kept.
    pub fn of_server(workspace: WorkspaceId, server: ServerId) -> Key<Self> {
        Key::new(&[&workspace, &"version", &server, &""])
    }
}

impl Record for VersionRecord {
    fn key(&self) -> Key<Self> {
        Self::at(self.workspace_id, self.server_id, self.id)
    }
}

/// A component that was taken in: what it said about itself then. It is never asked again, so
/// that what is deployed is what was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentRecord {
    /// The blob of the component.
    pub digest: Digest,
    /// The blob of what it provides.
    pub definitions: Digest,
    /// Bytes of the component.
    pub size: u64,
    /// When it was first taken in.
    pub uploaded_at: Timestamp,
}

impl ComponentRecord {
    /// Where the component is kept.
    pub fn at(digest: &Digest) -> Key<Self> {
        Key::new(&[&PLATFORM, &"component", digest])
    }
}

impl Record for ComponentRecord {
    fn key(&self) -> Key<Self> {
        Self::at(&self.digest)
    }
}

/// A tool of a server: which version provides it, and whether clients see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolRecord {
    /// The server it is in.
    pub server_id: ServerId,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// Its name, unique in the server.
    pub name: ToolName,
    /// The component that provides it.
    pub component: ComponentName,
    /// The version of it that is called.
    pub version: VersionId,
    /// Whether clients see it.
    pub active: bool,
}

impl ToolRecord {
    /// Where the tool is kept.
    pub fn at(workspace: WorkspaceId, server: ServerId, name: &ToolName) -> Key<Self> {
        Key::new(&[&workspace, &"tool", &server, name])
    }

    /// Where the tools of a server are kept.
    pub fn of_server(workspace: WorkspaceId, server: ServerId) -> Key<Self> {
        Key::new(&[&workspace, &"tool", &server, &""])
    }
}

impl Record for ToolRecord {
    fn key(&self) -> Key<Self> {
        Self::at(self.workspace_id, self.server_id, &self.name)
    }
}

/// Which version of a component a server points at. Tools have records of their own besides, because
/// each of them can be switched off; resources and prompts are served by what is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointerRecord {
    /// The server.
    pub server_id: ServerId,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// The component.
    pub component: ComponentName,
    /// The version of it that is in use.
    pub version: VersionId,
}

impl PointerRecord {
    /// Where the pointer is kept.
    pub fn at(workspace: WorkspaceId, server: ServerId, component: &ComponentName) -> Key<Self> {
        Key::new(&[&workspace, &"pointer", &server, component])
    }
}

impl Record for PointerRecord {
    fn key(&self) -> Key<Self> {
        Self::at(self.workspace_id, self.server_id, &self.component)
    }
}

/// An API key. The key itself is nowhere; this is how it is recognized.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Its id.
    pub id: KeyId,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// Its label.
    pub name: KeyName,
    /// The servers that it opens.
    pub servers: Vec<ServerId>,
    /// The tools of these servers that it opens, by their own names; all of them if this is not
    /// there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<ToolPattern>>,
    /// The hash of the whole key.
    pub hash: TokenHash,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it opens nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

impl KeyRecord {
    /// Where the key is kept.
    pub fn at(workspace: WorkspaceId, id: KeyId) -> Key<Self> {
        Key::new(&[&workspace, &"key", &id])
    }

    /// Where the keys of a workspace are kept.
    pub fn of_workspace(workspace: WorkspaceId) -> Key<Self> {
        Key::new(&[&workspace, &"key", &""])
    }
}

impl Record for KeyRecord {
    fn key(&self) -> Key<Self> {
        Self::at(self.workspace_id, self.id)
    }
}

/// An access token of the admin API. The token itself is nowhere; this is how it is recognized.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokenRecord {
    /// Its id.
    pub id: TokenId,
    /// Its label.
    #[serde(default = "unnamed")]
    pub name: TokenName,
    /// The hash of the whole token.
    pub hash: TokenHash,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it opens nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

/// Tokens had no labels at first.
fn unnamed() -> TokenName {
    "unnamed".parse().expect("this is a label")
}

impl TokenRecord {
    /// Where the token is kept.
    pub fn at(id: TokenId) -> Key<Self> {
        Key::new(&[&PLATFORM, &"token", &id])
    }

    /// Where all tokens are kept.
    pub fn all() -> Key<Self> {
        Key::new(&[&PLATFORM, &"token", &""])
    }
}

impl Record for TokenRecord {
    fn key(&self) -> Key<Self> {
        Self::at(self.id)
    }
}

/// The limits that a workspace, a server or a tool sets. There is none where nothing is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsRecord {
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// The server, if they are of a server or a tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_id: Option<ServerId>,
    /// The tool, if they are of a tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolName>,
    /// What is set.
    pub settings: LimitSettings,
}

impl LimitsRecord {
    /// Where the limits of a workspace, of one of its servers, or of a tool are kept.
    pub fn at(
        workspace: WorkspaceId,
        server: Option<ServerId>,
        tool: Option<&ToolName>,
    ) -> Key<Self> {
        match (server, tool) {
            (None, _) => Key::new(&[&workspace, &"limits"]),
            (Some(server), None) => Key::new(&[&workspace, &"limits", &server]),
            (Some(server), Some(tool)) => Key::new(&[&workspace, &"limits", &server, tool]),
        }
    }
}

impl Record for LimitsRecord {
    fn key(&self) -> Key<Self> {
        Self::at(self.workspace_id, self.server_id, self.tool.as_ref())
    }
}
