//! Switching tools on and off.

use super::{Catalog, servers};
use crate::service::{
    access::Administrator,
    audit,
    error::Error,
    snapshot::{ServerView, ToolView},
};
use casemate_domain::ToolName;
use casemate_store::records::{Record, ToolRecord};
use std::sync::Arc;

impl Catalog {
    /// Shows a tool to clients or hides it, from the next request on.
    pub async fn set_tool_active(
        &self,
        actor: &Administrator,
        server: &str,
        tool: &str,
        active: bool,
    ) -> Result<Arc<ToolView>, Error> {
        let writer = self.state.writer().await;
        let server = servers::find(&writer.snapshot(), server)?;
        let view = find(&server, tool)?;
        if view.record.active == active {
            return Ok(view);
        }
        let record = ToolRecord {
            active,
            ..view.record.clone()
        };
        let action = if active {
            "tool.activate"
        } else {
            "tool.deactivate"
        };
        let subject = format!("{}/{}", server.record.id, record.name);
        let stored = writer.stored(&record.key()).await?;
        let batch = audit::batch(actor, Some(server.workspace.id), action, subject)
            .replace(&stored, &record);
        let changed = Arc::new(view.with_record(record));
        let mut next_server = ServerView::clone(&server);
        next_server
            .tools
            .insert(changed.record.name.clone(), Arc::clone(&changed));
        let next_server = Arc::new(next_server);
        writer
            .commit(batch, move |next| servers::put(next, next_server))
            .await?;
        Ok(changed)
    }
}

/// A tool of a server, active or not.
pub(super) fn find(server: &ServerView, tool: &str) -> Result<Arc<ToolView>, Error> {
    let missing = || Error::not_found("tool", tool);
    let name: ToolName = tool.parse().map_err(|_| missing())?;
    server.tools.get(&name).cloned().ok_or_else(missing)
}
