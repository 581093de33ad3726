//! Servers.

use super::{Catalog, workspaces};
use crate::service::{
    access::Administrator,
    audit,
    error::Error,
    snapshot::{ServerView, Snapshot},
};
use casemate_domain::{ServerId, ServerName};
use casemate_store::records::{Record, ServerRecord};
use jiff::Timestamp;
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

impl Catalog {
    /// Makes an empty, active server. Names are unique in a workspace.
    pub async fn create_server(
        &self,
        actor: &Administrator,
        workspace: &str,
        name: ServerName,
    ) -> Result<Arc<ServerView>, Error> {
        let writer = self.state.writer().await;
        let snapshot = writer.snapshot();
        let workspace = workspaces::find(&snapshot, workspace)
            .ok_or_else(|| Error::not_found("workspace", workspace))?;
        let workspace = Arc::new(workspace.record.clone());
        let taken = snapshot
            .servers
            .values()
            .any(|server| server.workspace.id == workspace.id && server.record.name == name);
        if taken {
            return Err(Error::AlreadyExists {
                what: "server",
                name: name.to_string(),
            });
        }
        let record = ServerRecord {
            // Random, because the id is part of the URL and nobody must be able to guess one.
            id: ServerId::from_uuid(Uuid::new_v4()),
            workspace_id: workspace.id,
            name,
            active: true,
            tool_prefix: None,
            tool_search: false,
            created_at: Timestamp::now(),
        };
        let batch =
            audit::batch(actor, Some(workspace.id), "server.create", record.id).create(&record);
        let (tools, versions) = (BTreeMap::new(), BTreeMap::new());
        let server = Arc::new(ServerView {
            record,
            workspace,
            tools,
            offers: BTreeMap::new(),
            versions,
        });
        let made = Arc::clone(&server);
        writer.commit(batch, move |next| put(next, made)).await?;
        Ok(server)
    }

    /// Switches a server on or off, from the next request on.
    pub async fn set_server_active(
        &self,
        actor: &Administrator,
        reference: &str,
        active: bool,
    ) -> Result<Arc<ServerView>, Error> {
        let writer = self.state.writer().await;
        let server = find(&writer.snapshot(), reference)?;
        if server.record.active == active {
            return Ok(server);
        }
        let record = ServerRecord {
            active,
            ..server.record.clone()
        };
        let action = if active {
            "server.activate"
        } else {
            "server.deactivate"
        };
        let stored = writer.stored(&record.key()).await?;
        let batch = audit::batch(actor, Some(record.workspace_id), action, record.id)
            .replace(&stored, &record);
        let changed = Arc::new(ServerView {
            record,
            ..ServerView::clone(&server)
        });
        let shown = Arc::clone(&changed);
        writer.commit(batch, move |next| put(next, shown)).await?;
        Ok(changed)
    }

    /// All servers, or those of one workspace, in order of workspace and name.
    pub fn list_servers(&self, workspace: Option<&str>) -> Result<Vec<Arc<ServerView>>, Error> {
        let snapshot = self.state.snapshot();
        let workspace = workspace
            .map(|name| {
                workspaces::find(&snapshot, name).ok_or_else(|| Error::not_found("workspace", name))
            })
            .transpose()?;
        let mut servers: Vec<_> = snapshot
            .servers
            .values()
            .filter(|server| {
                workspace
                    .as_ref()
                    .is_none_or(|workspace| workspace.record.id == server.workspace.id)
            })
            .cloned()
            .collect();
        servers.sort_by(|a, b| {
            (&a.workspace.name, &a.record.name).cmp(&(&b.workspace.name, &b.record.name))
        });
        Ok(servers)
    }

    /// The server with this id, this name (if only one workspace has it) or this `workspace/name`.
    pub fn server(&self, reference: &str) -> Result<Arc<ServerView>, Error> {
        find(&self.state.snapshot(), reference)
    }
}

pub(super) fn put(snapshot: &mut Snapshot, server: Arc<ServerView>) {
    snapshot.servers.insert(server.record.id, server);
}

pub(super) fn find(snapshot: &Snapshot, reference: &str) -> Result<Arc<ServerView>, Error> {
    let missing = || Error::not_found("server", reference);
    if let Ok(id) = reference.parse::<ServerId>() {
        return snapshot.servers.get(&id).cloned().ok_or_else(missing);
    }
    let (workspace, name) = match reference.split_once('/') {
        Some((workspace, name)) => (Some(workspace), name),
        None => (None, reference),
    };
    let mut found: Vec<_> = snapshot
        .servers
        .values()
        .filter(|server| server.record.name.as_str() == name)
        .filter(|server| {
            workspace.is_none_or(|workspace| server.workspace.name.as_str() == workspace)
        })
        .cloned()
        .collect();
    match found.len() {
        0 => Err(missing()),
        1 => Ok(found.remove(0)),
        _ => Err(Error::Ambiguous {
            name: name.to_owned(),
            candidates: candidates(&found),
        }),
    }
}

fn candidates(servers: &[Arc<ServerView>]) -> String {
    let mut names: Vec<_> = servers
        .iter()
        .map(|server| format!("{}/{}", server.workspace.name, server.record.name))
        .collect();
    names.sort();
    names.join(", ")
}
