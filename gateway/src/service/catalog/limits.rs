//! Limits of workspaces, servers and tools: set, shown, explained.

use super::{Catalog, servers, workspaces};
use crate::service::{
    access::Administrator,
    audit,
    error::Error,
    limits::Scope,
    snapshot::{ServerView, Snapshot},
};
use casemate_domain::{ExplainedLimit, Invalid, Level, Limit, LimitSettings, Profile, ToolName};
use casemate_store::records::LimitsRecord;
use serde::Serialize;
use std::collections::BTreeMap;

/// What is asked about, as a caller names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScopeName {
    /// The installation.
    Platform,
    /// A workspace by its name.
    Workspace(String),
    /// A server by its id or name.
    Server(String),
    /// A tool of a server.
    Tool(String, String),
}

/// A change of what a scope sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LimitChange {
    /// The profile to set, or none to unset it; left out, it stays.
    pub profile: Option<Option<Profile>>,
    /// Values to set, or none to unset them.
    pub values: BTreeMap<Limit, Option<u64>>,
}

/// The limits of a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScopeLimits {
    /// The level of the scope.
    pub level: Level,
    /// Its name: `workspace`, `workspace/server` or `workspace/server/tool`; empty for the platform.
    pub scope: String,
    /// What the scope itself sets.
    pub settings: LimitSettings,
    /// What is in force in it, and why.
    pub limits: Vec<ExplainedLimit>,
}

impl Catalog {
    /// The limits in force in a scope, and which level sets each.
    pub fn limits(&self, name: &ScopeName) -> Result<ScopeLimits, Error> {
        let snapshot = self.state.snapshot();
        let (scope, shown) = find(&snapshot, name)?;
        Ok(shown_limits(&snapshot, &scope, shown))
    }

    /// Changes what a workspace, a server or a tool sets, from the next call on.
    ///
    /// A value looser than the level above is refused, because it would do nothing.
    pub async fn set_limits(
        &self,
        actor: &Administrator,
        name: &ScopeName,
        change: LimitChange,
    ) -> Result<ScopeLimits, Error> {
        let writer = self.state.writer().await;
        let snapshot = writer.snapshot();
        let (scope, shown) = find(&snapshot, name)?;
        let (Some(place), Some(above)) = (scope.place(), scope.above()) else {
            return Err(Error::Invalid(Invalid::new(
                "platform",
                "has its limits in the configuration file of the gateway: change them there, in \
                 the section `limits`, and restart it",
            )));
        };
        let mut settings = snapshot.limits.settings(&scope);
        let allowed = snapshot.limits.explain(&above);
        apply(&mut settings, change, &allowed)?;
        let (workspace_id, server_id, tool) = place.clone();
        let record = LimitsRecord {
            workspace_id,
            server_id,
            tool,
            settings: settings.clone(),
        };
        let key = LimitsRecord::at(workspace_id, server_id, record.tool.as_ref());
        let batch = audit::batch(actor, Some(workspace_id), "limits.set", &shown);
        let batch = match (writer.find(&key).await?, settings.is_empty()) {
            (Some(stored), true) => batch.remove(&stored),
            (Some(stored), false) => batch.replace(&stored, &record),
            (None, true) => return Ok(shown_limits(&snapshot, &scope, shown)),
            (None, false) => batch.create(&record),
        };
        writer
            .commit(batch, move |next| next.limits.put(place, settings))
            .await?;
        Ok(shown_limits(&self.state.snapshot(), &scope, shown))
    }
}

fn apply(
    settings: &mut LimitSettings,
    change: LimitChange,
    allowed: &[ExplainedLimit],
) -> Result<(), Error> {
    if let Some(profile) = change.profile {
        settings.profile = profile;
    }
    for (limit, value) in change.values {
        let Some(value) = value else {
            settings.values.remove(&limit);
            continue;
        };
        limit.check(value)?;
        let above = allowed.iter().find(|allowed| allowed.limit == limit);
        if let Some(above) = above.filter(|above| value > above.value) {
            return Err(Error::LooserLimit {
                limit,
                value,
                allowed: above.value,
                above: above.from,
            });
        }
        settings.values.insert(limit, value);
    }
    Ok(())
}

fn shown_limits(snapshot: &Snapshot, scope: &Scope, shown: String) -> ScopeLimits {
    ScopeLimits {
        level: scope.level(),
        scope: shown,
        settings: snapshot.limits.settings(scope),
        limits: snapshot.limits.explain(scope),
    }
}

/// The scope behind a name, and its whole name.
fn find(snapshot: &Snapshot, name: &ScopeName) -> Result<(Scope, String), Error> {
    Ok(match name {
        ScopeName::Platform => (Scope::Platform, String::new()),
        ScopeName::Workspace(name) => {
            let workspace = workspaces::find(snapshot, name)
                .ok_or_else(|| Error::not_found("workspace", name))?;
            let shown = workspace.record.name.to_string();
            (Scope::Workspace(workspace.record.id), shown)
        }
        ScopeName::Server(name) => {
            let server = servers::find(snapshot, name)?;
            let scope = Scope::Server(server.workspace.id, server.record.id);
            (scope, whole_name(&server))
        }
        ScopeName::Tool(server, tool) => {
            let server = servers::find(snapshot, server)?;
            let tool: ToolName = server
                .tools
                .get_key_value(tool.as_str())
                .map(|(name, _)| name.clone())
                .ok_or_else(|| Error::not_found("tool", tool))?;
            let shown = format!("{}/{tool}", whole_name(&server));
            let scope = Scope::Tool(server.workspace.id, server.record.id, tool);
            (scope, shown)
        }
    })
}

fn whole_name(server: &ServerView) -> String {
    format!("{}/{}", server.workspace.name, server.record.name)
}
