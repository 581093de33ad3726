//! From what is stored to what is in memory.

use crate::service::{
    access::{keys, tokens},
    components::Components,
    limits::LimitBook,
    schema::Schema,
    snapshot::{ServerView, Snapshot, ToolView, WorkspaceView},
};
use casemate_domain::{Digest, Grant, LimitSettings, ToolDefinition, VersionId};
use casemate_store::{
    blobs::Blobs,
    records::{Everything, ToolRecord, VersionRecord},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// What all tools of one version share.
pub(super) struct Shared<'a> {
    components: &'a Components,
    digest: Digest,
    grant: Arc<Grant>,
}

impl<'a> Shared<'a> {
    pub(super) fn new(components: &'a Components, version: &VersionRecord) -> Self {
        Self {
            components,
            digest: version.digest,
            grant: Arc::new(version.grant.clone()),
        }
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
            component: self.components.slot(self.digest),
            definition: Arc::new(definition),
        })
    }
}

/// Builds the first snapshot. A tool that cannot be made ready is left out and reported: one
/// damaged file must not keep every other tool from being served.
pub(crate) async fn load(
    everything: Everything,
    blobs: &Blobs,
    components: &Components,
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
                versions,
            };
            snapshot.servers.insert(id, Arc::new(server));
        }
    }
    let versions = everything
        .versions
        .into_values()
        .map(|stored| stored.record)
        .collect();
    let tools = everything
        .tools
        .into_values()
        .map(|stored| stored.record)
        .collect();
    load_tools(&mut snapshot, versions, tools, blobs, components).await;
    snapshot
}

async fn load_tools(
    snapshot: &mut Snapshot,
    versions: Vec<VersionRecord>,
    tools: Vec<ToolRecord>,
    blobs: &Blobs,
    components: &Components,
) {
    let mut tools_by_version: HashMap<VersionId, Vec<ToolRecord>> = HashMap::new();
    for tool in tools {
        tools_by_version.entry(tool.version).or_default().push(tool);
    }
    for version in versions {
        let records = tools_by_version.remove(&version.id).unwrap_or_default();
        let views = if records.is_empty() {
            Vec::new()
        } else {
            tools_of(&version, records, blobs, components).await
        };
        let Some(server) = snapshot.servers.get_mut(&version.server_id) else {
            continue;
        };
        let server = Arc::make_mut(server);
        for view in views {
            server
                .tools
                .insert(view.record.name.clone(), Arc::new(view));
        }
        server.versions.insert(version.id, Arc::new(version));
    }
}

async fn tools_of(
    version: &VersionRecord,
    records: Vec<ToolRecord>,
    blobs: &Blobs,
    components: &Components,
) -> Vec<ToolView> {
    let definitions = match definitions(version, blobs).await {
        Ok(definitions) => definitions,
        Err(why) => {
            tracing::error!(version = %version.id, why, "the tools of a version cannot be loaded");
            return Vec::new();
        }
    };
    let mut by_name: HashMap<_, _> = definitions
        .into_iter()
        .map(|definition| (definition.name.clone(), definition))
        .collect();
    let shared = Shared::new(components, version);
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
    views
}

/// What the component of a version said about its tools.
pub(super) async fn definitions(
    version: &VersionRecord,
    blobs: &Blobs,
) -> Result<Vec<ToolDefinition>, String> {
    let text = blobs
        .get(&version.definitions)
        .await
        .map_err(|error| error.to_string())?
        .ok_or("its definitions are missing")?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}
