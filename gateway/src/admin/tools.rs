//! Tools of a server.

use super::App;
use crate::{
    problem::Problem,
    service::{Administrator, ToolView},
};
use axum::{
    Extension, Json,
    extract::{Path, State},
};
use serde_json::{Value, json};

/// Lists all tools of a server, active or not.
pub async fn list(
    State(app): State<App>,
    Path(server): Path<String>,
) -> Result<Json<Value>, Problem> {
    let server = app.service.catalog().server(&server)?;
    let tools: Vec<_> = server.tools.values().map(|tool| shown(tool)).collect();
    Ok(Json(json!({ "tools": tools })))
}

/// Shows a tool to clients, or hides it.
pub async fn switch<const ACTIVE: bool>(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Path((server, tool)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let catalog = app.service.catalog();
    let tool = catalog
        .set_tool_active(&actor, &server, &tool, ACTIVE)
        .await?;
    Ok(Json(shown(&tool)))
}

/// A tool as the admin API shows it.
pub(super) fn shown(tool: &ToolView) -> Value {
    let definition = &tool.definition;
    json!({
        "name": definition.name,
        "title": definition.title,
        "description": definition.description,
        "active": tool.record.active,
        "component": tool.record.component,
        "version": tool.record.version,
        "digest": tool.digest,
        "annotations": definition.annotations,
        "grant": *tool.grant,
        "needs": definition.needs,
        "input_schema": definition.input_schema,
        "output_schema": definition.output_schema,
    })
}
