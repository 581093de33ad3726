//! From what is stored to what is in memory.

use crate::service::{
    access::{keys, tokens},
    limits::LimitBook,
    schema::Schema,
    snapshot::{OfferSource, OfferView, ServerView, Snapshot, ToolView, WorkspaceView},
};
use casemate_domain::{Definitions, Digest, Grant, LimitSettings, ToolDefinition, VersionId};
use casemate_store::{
    blobs::Blobs,
    records::{Everything, PointerRecord, ToolRecord, VersionRecord},
};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

/// What all that one version provides shares.
pub(super) struct Shared<'a> {
    version: &'a VersionRecord,
    digest: Digest,
    grant: Arc<Grant>,
}

impl<'a> Shared<'a> {
    pub(super) fn new(version: &'a VersionRecord) -> Self {
        Self {
            version,
            digest: version.digest,
            grant: Arc::new(version.grant.clone()),
        }
    }

    /// Makes what there is besides tools ready to be asked for, if there is anything.
    pub(super) fn offer(&self, definitions: Definitions) -> Option<OfferView> {
        let source = OfferSource {
            component: self.version.component.clone(),
            version: self.version.id,
            digest: self.digest,
            grant: Arc::clone(&self.grant),
        };
        OfferView::new(source, definitions)
    }

    /// Makes a tool ready to be called. Fails with a reason for the operator if its schema no
    /// longer compiles, which upload made sure of once.
    pub(super) fn tool(
        &self,
        record: ToolRecord,
        definition: ToolDefinition,
    ) -> Result<ToolView, String> {
        let schema = |schema| {
            Schema::compile(schema)
                .map(Arc::new)
                .map_err(|problem| format!("a schema of the tool `{}` {problem}", definition.name))
        };
        let input = schema(&definition.input_schema)?;
        let output = definition.output_schema.as_ref().map(schema).transpose()?;
        Ok(ToolView {
            record,
            digest: self.digest,
            grant: Arc::clone(&self.grant),
            input,
            output,
            definition: Arc::new(definition),
        })
    }
}

/// Builds the first snapshot. A tool that cannot be made ready is left out and reported: one
/// damaged file must not keep every other tool from being served.
pub(crate) async fn load(
    everything: Everything,
    blobs: &Blobs,
    platform: LimitSettings,
) -> Snapshot {
    let mut snapshot = Snapshot {
        limits: LimitBook::new(platform),
        ..Snapshot::default()
    };
    for (place, stored) in everything.limits {
        snapshot.limits.put(place, stored.record.settings);
    }
    for (id, stored) in everything.workspaces {
        let record = stored.record;
        let view = WorkspaceView {
            record,
            secrets: BTreeMap::new(),
            traffic: Arc::default(),
        };
        snapshot.workspaces.insert(id, Arc::new(view));
    }
    for ((workspace_id, name), stored) in everything.secrets {
        if let Some(workspace) = snapshot.workspaces.get_mut(&workspace_id) {
            Arc::make_mut(workspace)
                .secrets
                .insert(name, Arc::new(stored.record));
        }
    }
    for stored in everything.keys.into_values() {
        keys::put(&mut snapshot, Arc::new(stored.record));
    }
    for stored in everything.tokens.into_values() {
        tokens::put(&mut snapshot, Arc::new(stored.record));
    }
    for (id, stored) in everything.servers {
        let record = stored.record;
        if let Some(workspace) = snapshot.workspaces.get(&record.workspace_id) {
            let workspace = Arc::new(workspace.record.clone());
            let (tools, versions) = (BTreeMap::new(), BTreeMap::new());
            let server = ServerView {
                record,
                workspace,
                tools,
                offers: BTreeMap::new(),
                versions,
            };
            snapshot.servers.insert(id, Arc::new(server));
        }
    }
    let versions = everything.versions.into_values();
    let tools = everything.tools.into_values();
    let pointers = everything.pointers.into_values();
    let used = Used::new(
        tools.map(|stored| stored.record),
        pointers.map(|stored| stored.record),
    );
    let versions = versions.map(|stored| stored.record).collect();
    load_versions(&mut snapshot, versions, used, blobs).await;
    snapshot
}

/// What is used of each version.
#[derive(Default)]
struct Used {
    tools: HashMap<VersionId, Vec<ToolRecord>>,
    /// Those whose resources and prompts are served.
    offering: HashSet<VersionId>,
}

impl Used {
    fn new(
        tools: impl Iterator<Item = ToolRecord>,
        pointers: impl Iterator<Item = PointerRecord>,
    ) -> Self {
        let mut used = Self::default();
        for tool in tools {
            used.tools.entry(tool.version).or_default().push(tool);
        }
        used.offering
            .extend(pointers.map(|pointer| pointer.version));
        used
    }
}

async fn load_versions(
    snapshot: &mut Snapshot,
    versions: Vec<VersionRecord>,
    mut used: Used,
    blobs: &Blobs,
) {
    for version in versions {
        let records = used.tools.remove(&version.id).unwrap_or_default();
        let offers = used.offering.contains(&version.id);
        let (tools, offer) = if records.is_empty() && !offers {
            (Vec::new(), None)
        } else {
            provided(&version, records, offers, blobs).await
        };
        let Some(server) = snapshot.servers.get_mut(&version.server_id) else {
            continue;
        };
        let server = Arc::make_mut(server);
        for view in tools {
            server
                .tools
                .insert(view.record.name.clone(), Arc::new(view));
        }
        if let Some(offer) = offer {
            server
                .offers
                .insert(version.component.clone(), Arc::new(offer));
        }
        server.versions.insert(version.id, Arc::new(version));
    }
}

/// The tools of a version that are recorded, and the rest if it is served.
async fn provided(
    version: &VersionRecord,
    records: Vec<ToolRecord>,
    offers: bool,
    blobs: &Blobs,
) -> (Vec<ToolView>, Option<OfferView>) {
    let mut definitions = match definitions(version, blobs).await {
        Ok(definitions) => definitions,
        Err(why) => {
            tracing::error!(version = %version.id, why, "the definitions of a version cannot be loaded");
            return (Vec::new(), None);
        }
    };
    let mut by_name: HashMap<_, _> = std::mem::take(&mut definitions.tools)
        .into_iter()
        .map(|definition| (definition.name.clone(), definition))
        .collect();
    let shared = Shared::new(version);
    let mut views = Vec::with_capacity(records.len());
    for record in records {
        let made = by_name
            .remove(&record.name)
            .ok_or_else(|| "its definition is missing".to_owned())
            .and_then(|definition| shared.tool(record, definition));
        match made {
            Ok(view) => views.push(view),
            Err(why) => tracing::error!(version = %version.id, why, "a tool cannot be loaded"),
        }
    }
    (views, offers.then(|| shared.offer(definitions)).flatten())
}

/// What the component of a version said about itself.
pub(super) async fn definitions(
    version: &VersionRecord,
    blobs: &Blobs,
) -> Result<Definitions, String> {
    let text = blobs
        .get(&version.definitions)
        .await
        .map_err(|error| error.to_string())?
        .ok_or("its definitions are missing")?;
    Definitions::from_json(&text).map_err(|error| error.to_string())
}
