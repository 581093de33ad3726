//! Pointing a server at a version of a component: deploying a new one, going back to one it has.
//!
//! A version is immutable: digest, definitions, grant. Deploying makes a new version and moves the
//! server's tools, resources and prompts to it. What clients were told about a tool does not change without consent, and
//! consent is for one plan: whoever agrees names the fingerprint of what they looked at, and a plan
//! that became another one meanwhile is refused.

mod missing;
mod plan;

pub use missing::Missing;
pub use plan::{Change, Difference, Item, ItemChange};

use super::{
    Catalog, load,
    presentation::{self, neighbors},
    servers,
};
use crate::service::{
    access::Administrator,
    audit,
    error::Error,
    profile::{self, Warning},
    snapshot::{ServerView, Snapshot, ToolView},
    state::Writer,
};
use casemate_domain::{ComponentName, Definitions, Digest, Grant, SecretName, VersionId};
use casemate_store::records::{Batch, PointerRecord, Record, ToolRecord, VersionRecord};
use jiff::Timestamp;
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
    /// What was agreed to.
    pub consent: Consent,
}

/// What somebody agreed to.
#[derive(Debug, Clone, Default)]
pub struct Consent {
    /// The fingerprint of the plan that they looked at.
    pub accepted: Option<String>,
    /// Nothing yet: only say what would happen.
    pub dry_run: bool,
}

/// What a deployment did, or would do.
#[derive(Debug)]
pub struct Deployment {
    /// The version, unless it was not made yet.
    pub version: Option<VersionId>,
    /// The name under which it is kept.
    pub component: ComponentName,
    /// The component behind it.
    pub digest: Digest,
    /// Whether it was done.
    pub applied: bool,
    /// What stands for this plan and no other.
    pub fingerprint: String,
    /// What changes for clients.
    pub changes: Vec<ItemChange>,
    /// The tools of the component after the deployment.
    pub tools: Vec<Arc<ToolView>>,
    /// What its tools want and will not get.
    pub missing: Missing,
    /// What clients may stumble over in its tools.
    pub warnings: Vec<Warning>,
    /// The server after the deployment.
    pub server: Arc<ServerView>,
}

/// A version that a server is to point at.
pub(super) struct Candidate {
    pub(super) version: Arc<VersionRecord>,
    pub(super) definitions: Definitions,
    pub(super) origin: Origin,
    /// Whether the tools move to it, and new ones are shown to clients.
    pub(super) activate: bool,
}

/// Where a version comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// It is new with this deployment.
    Upload,
    /// The server has had it before.
    History,
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
        let server = servers::find(&writer.snapshot(), &request.server)?;
        let version = Arc::new(VersionRecord {
            id: VersionId::from_uuid(Uuid::now_v7()),
            server_id: server.record.id,
            workspace_id: server.workspace.id,
            component: request.component,
            digest: request.digest,
            definitions: known.record.definitions,
            size: known.record.size,
            grant: request.grant,
            tools: known
                .definitions
                .tools
                .iter()
                .map(|tool| tool.name.clone())
                .collect(),
            created_at: Timestamp::now(),
        });
        let candidate = Candidate {
            version,
            definitions: known.definitions,
            origin: Origin::Upload,
            activate: request.activate,
        };
        self.point(actor, writer, &server, candidate, request.consent)
            .await
    }

    /// Points a server at a version, if that is agreed to.
    pub(super) async fn point(
        &self,
        actor: &Administrator,
        writer: Writer,
        server: &ServerView,
        candidate: Candidate,
        consent: Consent,
    ) -> Result<Deployment, Error> {
        let deployment = self.plan(&writer.snapshot(), server, &candidate)?;
        if consent.dry_run {
            return Ok(deployment);
        }
        let needs_consent =
            candidate.activate && deployment.changes.iter().any(ItemChange::needs_consent);
        match consent.accepted {
            Some(accepted) if accepted != deployment.fingerprint => {
                return Err(Error::PlanChanged(deployment.into()));
            }
            None if needs_consent => return Err(Error::ChangesNotAccepted(deployment.into())),
            _ => {}
        }
        let batch = batch(actor, &writer, server, &deployment.server, &candidate).await?;
        let next_server = Arc::clone(&deployment.server);
        writer
            .commit(batch, move |next| servers::put(next, next_server))
            .await?;
        Ok(Deployment {
            version: Some(candidate.version.id),
            applied: true,
            ..deployment
        })
    }

    fn plan(
        &self,
        snapshot: &Snapshot,
        server: &ServerView,
        candidate: &Candidate,
    ) -> Result<Deployment, Error> {
        let (version, definitions) = (&candidate.version, &candidate.definitions);
        let changes = plan::changes(server, version, definitions)?;
        let next = self.next_server(server, candidate)?;
        presentation::check_names(&next)?;
        let tools = next.tools.values();
        let tools = tools.filter(|tool| tool.record.component == version.component);
        let workspace = snapshot.workspaces.get(&server.workspace.id);
        let is_set =
            |name: &SecretName| workspace.is_some_and(|view| view.secrets.contains_key(name));
        Ok(Deployment {
            version: (candidate.origin == Origin::History).then_some(version.id),
            component: version.component.clone(),
            digest: version.digest,
            applied: false,
            fingerprint: plan::fingerprint(server, candidate),
            changes,
            tools: tools.cloned().collect(),
            missing: missing::missing(&definitions.tools, &version.grant, is_set),
            warnings: profile::of_tools_in(&next, neighbors(snapshot, &next), &definitions.tools),
            server: Arc::new(next),
        })
    }

    /// The server as it will be. Resources and prompts go with their component: without `activate`
    /// they stay as they are. A tool that exists stays active or inactive as it is: whoever
    /// switched it off had a reason. Without `activate`, it also stays at its version, and new ones
    /// are inactive.
    fn next_server(&self, server: &ServerView, candidate: &Candidate) -> Result<ServerView, Error> {
        let version = &candidate.version;
        let mut next = ServerView::clone(server);
        next.versions.insert(version.id, Arc::clone(version));
        if candidate.activate {
            next.tools
                .retain(|_, tool| tool.record.component != version.component);
        }
        let shared = load::Shared::new(version);
        if candidate.activate {
            next.offers.remove(&version.component);
            if let Some(offer) = shared.offer(candidate.definitions.clone()) {
                let offer = Arc::new(offer);
                next.offers.insert(version.component.clone(), offer);
            }
        }
        for definition in &candidate.definitions.tools {
            if next.tools.contains_key(&definition.name) {
                continue;
            }
            let record = ToolRecord {
                server_id: server.record.id,
                workspace_id: server.workspace.id,
                name: definition.name.clone(),
                component: version.component.clone(),
                version: version.id,
                active: server
                    .tools
                    .get(&definition.name)
                    .map_or(candidate.activate, |tool| tool.record.active),
            };
            let tool = shared
                .tool(record, definition.clone())
                .map_err(Error::Internal)?;
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
    candidate: &Candidate,
) -> Result<Batch, Error> {
    let version = &candidate.version;
    let subject = format!("{}/{}", server.record.id, version.id);
    let workspace = Some(server.workspace.id);
    let mut batch = match candidate.origin {
        Origin::Upload => {
            audit::batch(actor, workspace, "version.deploy", subject).create(&**version)
        }
        Origin::History => {
            let stored = writer.stored(&version.key()).await?;
            audit::batch(actor, workspace, "version.use", subject).unchanged(&stored)
        }
    };
    if candidate.activate {
        let pointer = PointerRecord {
            server_id: server.record.id,
            workspace_id: server.workspace.id,
            component: version.component.clone(),
            version: version.id,
        };
        batch = match writer.find(&pointer.key()).await? {
            Some(stored) => batch.replace(&stored, &pointer),
            None => batch.create(&pointer),
        };
    }
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
