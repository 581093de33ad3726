//! Pointing a server at a version of a component.
//!
//! A version is immutable: digest, definitions, grant. Deploying makes a new version and moves the
//! server's tools to it. What clients were told about a tool does not change without consent: a
//! deployment that changes or removes a tool says what it would change, and must be told to go on.

mod plan;

pub use plan::{Change, ToolChange};

use super::{Catalog, load, servers, upload::Known};
use crate::service::{
    access::Administrator,
    audit,
    error::Error,
    snapshot::{ServerView, Snapshot, ToolView},
    state::Writer,
};
use casemate_domain::{
    ComponentName, Digest, Grant, HostPattern, SecretName, ToolDefinition, VersionId,
};
use casemate_store::records::{Batch, Record, ToolRecord, VersionRecord};
use jiff::Timestamp;
use serde::Serialize;
use std::sync::Arc;
use uuid::Uuid;

/// What to deploy.
#[derive(Debug, Clone)]
pub struct DeployRequest {
    /// The server, by id or name.
    pub server: String,
    /// The name under which versions of this component are kept in the server.
    pub component: ComponentName,
    /// The uploaded file.
    pub digest: Digest,
    /// What it may reach.
    pub grant: Grant,
    /// Show its tools to clients.
    pub activate: bool,
    /// Go on although tools that clients know change or go away.
    pub accept_changes: bool,
    /// Only say what would happen.
    pub dry_run: bool,
}

/// What a deployment did, or would do.
#[derive(Debug)]
pub struct Deployment {
    /// The new version, if one was made.
    pub version: Option<VersionId>,
    /// What changes for clients.
    pub changes: Vec<ToolChange>,
    /// The tools of the component after the deployment.
    pub tools: Vec<Arc<ToolView>>,
    /// What its tools want and will not get.
    pub missing: Missing,
}

/// What tools declare that they need and do not have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Granted secrets that nobody has set in the workspace.
    pub secrets: Vec<SecretName>,
    /// Declared secrets that are not granted.
    pub secret_grants: Vec<SecretName>,
    /// Declared hosts that are not granted.
    pub hosts: Vec<HostPattern>,
}

/// A deployment before it happens.
struct Plan {
    version: Arc<VersionRecord>,
    next: ServerView,
    deployment: Deployment,
}

impl Catalog {
    /// Deploys a version, or says what deploying it would do.
    pub async fn deploy(
        &self,
        actor: &Administrator,
        request: DeployRequest,
    ) -> Result<Deployment, Error> {
        let known = self.known(request.digest).await?;
        let known = known.ok_or(Error::UnknownComponent(request.digest))?;
        let writer = self.state.writer().await;
        let snapshot = writer.snapshot();
        let server = servers::find(&snapshot, &request.server)?;
        let plan = self.plan(&snapshot, &server, &request, known)?;
        if request.dry_run {
            return Ok(plan.deployment);
        }
        let changes = &plan.deployment.changes;
        let needs_consent = request.activate && changes.iter().any(ToolChange::needs_consent);
        if needs_consent && !request.accept_changes {
            return Err(Error::ChangesNotAccepted {
                changes: plan.deployment.changes,
            });
        }
        let batch = batch(actor, &writer, &server, &plan.next, &plan.version).await?;
        let next_server = Arc::new(plan.next);
        writer
            .commit(batch, move |next| servers::put(next, next_server))
            .await?;
        Ok(Deployment {
            version: Some(plan.version.id),
            ..plan.deployment
        })
    }

    fn plan(
        &self,
        snapshot: &Snapshot,
        server: &ServerView,
        request: &DeployRequest,
        known: Known,
    ) -> Result<Plan, Error> {
        let (record, definitions) = (known.record, known.tools);
        let changes = plan::changes(server, request, &definitions)?;
        let version = Arc::new(VersionRecord {
            id: VersionId::from_uuid(Uuid::now_v7()),
            server_id: server.record.id,
            workspace_id: server.workspace.id,
            component: request.component.clone(),
            digest: request.digest,
            definitions: record.definitions,
            size: record.size,
            grant: request.grant.clone(),
            tools: definitions.iter().map(|tool| tool.name.clone()).collect(),
            created_at: Timestamp::now(),
        });
        let next = self.next_server(server, &version, request, definitions)?;
        let tools = next.tools.values();
        let tools = tools.filter(|tool| tool.record.component == request.component);
        let workspace = snapshot.workspaces.get(&server.workspace.id);
        let is_set =
            |name: &SecretName| workspace.is_some_and(|view| view.secrets.contains_key(name));
        let deployment = Deployment {
            version: None,
            changes,
            tools: tools.cloned().collect(),
            missing: missing(&next, &version, is_set),
        };
        Ok(Plan {
            version,
            next,
            deployment,
        })
    }

    /// The server as it will be. A tool that exists stays active or inactive as it is: whoever
    /// switched it off had a reason. Without `activate`, it also stays at its version, and new ones
    /// are inactive.
    fn next_server(
        &self,
        server: &ServerView,
        version: &Arc<VersionRecord>,
        request: &DeployRequest,
        definitions: Vec<ToolDefinition>,
    ) -> Result<ServerView, Error> {
        let mut next = ServerView::clone(server);
        next.versions.insert(version.id, Arc::clone(version));
        if request.activate {
            next.tools
                .retain(|_, tool| tool.record.component != request.component);
        }
        let shared = load::Shared::new(&self.components, version);
        for definition in definitions {
            if next.tools.contains_key(&definition.name) {
                continue;
            }
            let record = ToolRecord {
                server_id: server.record.id,
                workspace_id: server.workspace.id,
                name: definition.name.clone(),
                component: request.component.clone(),
                version: version.id,
                active: server
                    .tools
                    .get(&definition.name)
                    .map_or(request.activate, |tool| tool.record.active),
            };
            let tool = shared.tool(record, definition).map_err(Error::Internal)?;
            next.tools.insert(tool.record.name.clone(), Arc::new(tool));
        }
        Ok(next)
    }
}

/// The writes that lead from one server to the next.
async fn batch(
    actor: &Administrator,
    writer: &Writer,
    server: &ServerView,
    next: &ServerView,
    version: &VersionRecord,
) -> Result<Batch, Error> {
    let subject = format!("{}/{}", server.record.id, version.id);
    let mut batch =
        audit::batch(actor, Some(server.workspace.id), "version.deploy", subject).create(version);
    for (name, tool) in &server.tools {
        if !next.tools.contains_key(name) {
            batch = batch.remove(&writer.stored(&tool.record.key()).await?);
        }
    }
    for tool in next
        .tools
        .values()
        .filter(|tool| tool.record.version == version.id)
    {
        // Asked of the store, not of memory: a tool that could not be loaded is only there, and
        // pushing it again is how it comes back.
        batch = match writer.find(&tool.record.key()).await? {
            Some(stored) => batch.replace(&stored, &tool.record),
            None => batch.create(&tool.record),
        };
    }
    Ok(batch)
}

fn missing(
    server: &ServerView,
    version: &VersionRecord,
    is_set: impl Fn(&SecretName) -> bool,
) -> Missing {
    let mut missing = Missing::default();
    let grant = &version.grant;
    for tool in server
        .tools
        .values()
        .filter(|tool| tool.record.version == version.id)
    {
        let needs = &tool.definition.needs;
        let ungranted = needs
            .hosts
            .iter()
            .filter(|host| !grant.hosts.contains(host));
        missing.hosts.extend(ungranted.cloned());
        let secrets = needs.secrets.iter().map(|need| &need.name);
        let ungranted = secrets.filter(|name| grant.secret(name.as_str()).is_none());
        missing.secret_grants.extend(ungranted.cloned());
    }
    let unset = grant
        .secrets
        .iter()
        .map(|secret| &secret.name)
        .filter(|name| !is_set(name));
    missing.secrets.extend(unset.cloned());
    for names in [&mut missing.secrets, &mut missing.secret_grants] {
        names.sort();
        names.dedup();
    }
    missing.hosts.sort();
    missing.hosts.dedup();
    missing
}
