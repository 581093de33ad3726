//! How a server shows its tools: under which names, listed or to be searched for.

use super::{Catalog, servers};
use crate::service::{
    access::Administrator,
    audit,
    error::Error,
    profile::{self, Warning},
    search::{CALL_TOOL, SEARCH_TOOLS},
    snapshot::{ServerView, Snapshot},
};
use casemate_domain::{ToolName, ToolPrefix};
use casemate_store::records::{Record, ServerRecord};
use std::sync::Arc;

/// What to change; what is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Presentation {
    /// What stands before the names of tools; nothing if this holds `None`.
    pub tool_prefix: Option<Option<ToolPrefix>>,
    /// Whether clients search for tools instead of listing them.
    pub tool_search: Option<bool>,
}

impl Catalog {
    /// Changes how clients see the tools of a server, from the next request on.
    pub async fn present_server(
        &self,
        actor: &Administrator,
        reference: &str,
        change: Presentation,
    ) -> Result<Arc<ServerView>, Error> {
        let writer = self.state.writer().await;
        let server = servers::find(&writer.snapshot(), reference)?;
        let former = &server.record;
        let record = ServerRecord {
            tool_prefix: change.tool_prefix.unwrap_or(former.tool_prefix.clone()),
            tool_search: change.tool_search.unwrap_or(former.tool_search),
            ..former.clone()
        };
        if record == *former {
            return Ok(server);
        }
        let changed = Arc::new(ServerView {
            record,
            ..ServerView::clone(&server)
        });
        check_names(&changed)?;
        let record = &changed.record;
        let stored = writer.stored(&record.key()).await?;
        let batch = audit::batch(actor, Some(record.workspace_id), "server.set", record.id)
            .replace(&stored, record);
        let shown = Arc::clone(&changed);
        writer
            .commit(batch, move |next| servers::put(next, shown))
            .await?;
        Ok(changed)
    }

    /// What clients may stumble over in the active tools of a server.
    pub fn warnings(&self, server: &ServerView) -> Vec<Warning> {
        let snapshot = self.state.snapshot();
        let tools = server.active_tools().map(|tool| &*tool.definition);
        let tools: Vec<_> = tools.collect();
        profile::of_tools_in(server, neighbors(&snapshot, server), tools)
    }
}

/// The other servers of its workspace: an assistant is often given several.
pub(super) fn neighbors<'a>(
    snapshot: &'a Snapshot,
    server: &ServerView,
) -> impl Iterator<Item = &'a ServerView> {
    let (id, workspace) = (server.record.id, server.workspace.id);
    let servers = snapshot.servers.values().map(|server| &**server);
    servers.filter(move |other| other.workspace.id == workspace && other.record.id != id)
}

/// Every tool, active or not, must have a name that clients can see: one that is refused when it is
/// activated would be a surprise.
pub(super) fn check_names(server: &ServerView) -> Result<(), Error> {
    let record = &server.record;
    let unfit = |tool: &ToolName, problem: String| Error::NameUnfit {
        tool: tool.to_string(),
        problem,
    };
    for tool in server.tools.keys() {
        if let Some(prefix) = &record.tool_prefix {
            let shown = format!("{prefix}{tool}");
            if shown.parse::<ToolName>().is_err() {
                let problem = format!(
                    "would be shown as `{shown}`, which has {} characters; a name has at most 128",
                    shown.len()
                );
                return Err(unfit(tool, problem));
            }
        }
        if record.tool_search && [SEARCH_TOOLS, CALL_TOOL].contains(&tool.as_str()) {
            let problem = "has a name that the tool search of this server uses itself";
            return Err(unfit(tool, problem.to_owned()));
        }
    }
    Ok(())
}
