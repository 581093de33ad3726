//! Everything a call needs to know, in memory and immutable.
//!
//! Built from the store at start, replaced as a whole after each committed change. A reader takes
//! one snapshot and sees one consistent state; nothing on the way of a call reads the store.

mod offer;

pub use offer::OfferView;
pub(super) use offer::Source as OfferSource;

use super::{calls::Traffic, limits::LimitBook, schema::Schema};
use casemate_domain::{
    ComponentName, Digest, Grant, KeyId, SecretName, ServerId, TokenId, ToolDefinition, ToolName,
    VersionId, WorkspaceId,
};
use casemate_store::records::{
    KeyRecord, SecretRecord, ServerRecord, TokenRecord, ToolRecord, VersionRecord, WorkspaceRecord,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// The state of the platform at one moment. Cloning copies pointers only.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// All workspaces.
    pub workspaces: HashMap<WorkspaceId, Arc<WorkspaceView>>,
    /// All servers, active or not.
    pub servers: HashMap<ServerId, Arc<ServerView>>,
    /// All keys that were ever created, revoked ones too.
    pub keys: HashMap<KeyId, Arc<KeyRecord>>,
    /// Where the keyed hash of a key leads to. Looking up by a keyed hash takes the same time
    /// whether the key is unknown, wrong or revoked.
    pub keys_by_hash: HashMap<[u8; 32], KeyId>,
    /// All access tokens of the admin API.
    pub tokens: HashMap<TokenId, Arc<TokenRecord>>,
    /// Where the keyed hash of an access token leads to.
    pub tokens_by_hash: HashMap<[u8; 32], TokenId>,
    /// All limits.
    pub limits: LimitBook,
}

/// A workspace and its secrets, still encrypted.
#[derive(Debug, Clone)]
pub struct WorkspaceView {
    /// What is stored of it.
    pub record: WorkspaceRecord,
    /// Its secrets by name.
    pub secrets: BTreeMap<SecretName, Arc<SecretRecord>>,
    /// What its calls share. The same through all changes.
    pub traffic: Arc<Traffic>,
}

/// A server with its tools.
#[derive(Debug, Clone)]
pub struct ServerView {
    /// What is stored of it.
    pub record: ServerRecord,
    /// Its workspace. Only names and ids: secrets are read from the snapshot, so that a new
    /// secret does not replace every server.
    pub workspace: Arc<WorkspaceRecord>,
    /// All tools by name, in the order in which clients see them.
    pub tools: BTreeMap<ToolName, Arc<ToolView>>,
    /// What the components in use provide besides tools.
    pub offers: BTreeMap<ComponentName, Arc<OfferView>>,
    /// All versions that were ever deployed here.
    pub versions: BTreeMap<VersionId, Arc<VersionRecord>>,
}

/// A tool of a server, ready to be called.
#[derive(Debug)]
pub struct ToolView {
    /// What is stored of it.
    pub record: ToolRecord,
    /// What its component said about it at upload.
    pub definition: Arc<ToolDefinition>,
    /// The component behind it.
    pub digest: Digest,
    /// What it may reach.
    pub grant: Arc<Grant>,
    /// What arguments must look like.
    pub input: Arc<Schema>,
    /// What a structured answer must look like.
    pub output: Option<Arc<Schema>>,
}

impl ServerView {
    /// Tools that clients may see, in order.
    pub fn active_tools(&self) -> impl Iterator<Item = &Arc<ToolView>> {
        self.tools.values().filter(|tool| tool.record.active)
    }

    /// Whether clients may see it.
    pub fn is_active(&self) -> bool {
        self.record.active
    }

    /// How many tools are active and how many are not.
    pub fn tool_counts(&self) -> (usize, usize) {
        let active = self.active_tools().count();
        (active, self.tools.len() - active)
    }
}

impl ToolView {
    /// The same tool with another record.
    pub(super) fn with_record(&self, record: ToolRecord) -> Self {
        Self {
            record,
            definition: Arc::clone(&self.definition),
            digest: self.digest,
            grant: Arc::clone(&self.grant),
            input: Arc::clone(&self.input),
            output: self.output.clone(),
        }
    }
}
