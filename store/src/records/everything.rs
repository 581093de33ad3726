//! All records that the gateway needs in memory.

use super::{
    KeyRecord, LimitsRecord, PointerRecord, Record, SecretRecord, ServerRecord, Stored,
    TokenRecord, ToolRecord, VersionRecord, WorkspaceRecord, decode_entry, key::Place,
};
use crate::metadata::{Change, Entry, Error, Metadata, Revision, Write};
use casemate_domain::{
    ComponentName, KeyId, SecretName, ServerId, TokenId, ToolName, VersionId, WorkspaceId,
};
use std::collections::BTreeMap;

/// How many entries are read at once.
const PAGE: usize = 512;

/// Every record but those of the audit, as of one revision.
#[derive(Debug, Clone, Default)]
pub struct Everything {
    /// As of when.
    pub revision: Revision,
    /// All workspaces.
    pub workspaces: BTreeMap<WorkspaceId, Stored<WorkspaceRecord>>,
    /// All servers.
    pub servers: BTreeMap<ServerId, Stored<ServerRecord>>,
    /// All versions.
    pub versions: BTreeMap<VersionId, Stored<VersionRecord>>,
    /// All tools, those of one server beside each other.
    pub tools: BTreeMap<(ServerId, ToolName), Stored<ToolRecord>>,
    /// All versions in use, those of one server beside each other.
    pub pointers: BTreeMap<(ServerId, ComponentName), Stored<PointerRecord>>,
    /// All keys.
    pub keys: BTreeMap<KeyId, Stored<KeyRecord>>,
    /// All secrets, those of one workspace beside each other.
    pub secrets: BTreeMap<(WorkspaceId, SecretName), Stored<SecretRecord>>,
    /// All access tokens.
    pub tokens: BTreeMap<TokenId, Stored<TokenRecord>>,
    /// All limits that are set below the platform.
    pub limits: BTreeMap<LimitsPlace, Stored<LimitsRecord>>,
}

/// Of what limits are: a workspace, a server of it, a tool of that.
pub type LimitsPlace = (WorkspaceId, Option<ServerId>, Option<ToolName>);

/// Reads every record that the gateway needs in memory.
pub async fn load_all(metadata: &dyn Metadata) -> Result<Everything, Error> {
    loop {
        let start = metadata.revision();
        let mut everything = Everything {
            revision: start,
            ..Everything::default()
        };
        everything.read_pages(metadata).await?;
        // Pages are read one after the other; what was committed meanwhile makes them fit together.
        match metadata.changes_since(start).await {
            Ok(changes) => {
                everything.apply(changes)?;
                return Ok(everything);
            }
            // More was committed while reading than the store remembers.
            Err(Error::Compacted { .. }) => {}
            Err(error) => return Err(error),
        }
    }
}

impl Everything {
    /// Brings it up to date with what [`Metadata::changes_since`] gave for its revision.
    pub fn apply(&mut self, changes: Vec<Change>) -> Result<(), Error> {
        for Change { revision, write } in changes {
            match write {
                Write::Put { key, value } => self.put(&Entry {
                    key,
                    value,
                    revision,
                })?,
                Write::Delete { key } => self.delete(&key),
            }
            self.revision = self.revision.max(revision);
        }
        Ok(())
    }

    async fn read_pages(&mut self, metadata: &dyn Metadata) -> Result<(), Error> {
        let mut start = b"1/".to_vec();
        loop {
            let page = metadata.scan_from(b"1/", &start, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            start = last.key.clone();
            start.push(0);
            for entry in &page {
                if let Some(end) = end_of_audit(&entry.key) {
                    // The audit grows without bound and is not needed: go on behind it.
                    start = end;
                    break;
                }
                self.put(entry)?;
            }
        }
    }

    fn put(&mut self, entry: &Entry) -> Result<(), Error> {
        match Place::of(&entry.key) {
            Some(Place::Workspace(id)) => insert(&mut self.workspaces, id, entry),
            Some(Place::Server(id)) => insert(&mut self.servers, id, entry),
            Some(Place::Version(id)) => insert(&mut self.versions, id, entry),
            Some(Place::Tool(server, name)) => insert(&mut self.tools, (server, name), entry),
            Some(Place::Pointer(server, component)) => {
                insert(&mut self.pointers, (server, component), entry)
            }
            Some(Place::Key(id)) => insert(&mut self.keys, id, entry),
            Some(Place::Secret(workspace, name)) => {
                insert(&mut self.secrets, (workspace, name), entry)
            }
            Some(Place::Token(id)) => insert(&mut self.tokens, id, entry),
            Some(Place::Limits(workspace, server, tool)) => {
                insert(&mut self.limits, (workspace, server, tool), entry)
            }
            None => Ok(()),
        }
    }

    fn delete(&mut self, key: &[u8]) {
        match Place::of(key) {
            Some(Place::Workspace(id)) => drop(self.workspaces.remove(&id)),
            Some(Place::Server(id)) => drop(self.servers.remove(&id)),
            Some(Place::Version(id)) => drop(self.versions.remove(&id)),
            Some(Place::Tool(server, name)) => drop(self.tools.remove(&(server, name))),
            Some(Place::Pointer(server, component)) => {
                drop(self.pointers.remove(&(server, component)));
            }
            Some(Place::Key(id)) => drop(self.keys.remove(&id)),
            Some(Place::Secret(workspace, name)) => drop(self.secrets.remove(&(workspace, name))),
            Some(Place::Token(id)) => drop(self.tokens.remove(&id)),
            Some(Place::Limits(workspace, server, tool)) => {
                drop(self.limits.remove(&(workspace, server, tool)));
            }
            None => {}
        }
    }
}

fn insert<I: Ord, R: Record>(
    map: &mut BTreeMap<I, Stored<R>>,
    id: I,
    entry: &Entry,
) -> Result<(), Error> {
    map.insert(id, decode_entry(entry)?);
    Ok(())
}

/// If the key is of an audit record: the first key behind all audit records beside it.
fn end_of_audit(key: &[u8]) -> Option<Vec<u8>> {
    let mut slashes = (0..key.len()).filter(|at| key[*at] == b'/');
    let (start, end) = (slashes.nth(1)? + 1, slashes.next()?);
    (&key[start..end] == b"audit").then(|| {
        let mut behind = key[..end].to_vec();
        behind.push(b'/' + 1);
        behind
    })
}
