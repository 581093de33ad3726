//! Tools of a server.

use super::{App, Body};
use crate::{
    mcp,
    problem::{Code, Problem},
    service::{Administrator, CallRequest, ToolView},
};
use axum::{
    Extension, Json,
    extract::{Path, State},
};
use casemate_domain::{Conclusion, Json as RawJson, OutcomeKind};
use casemate_runtime::Unobserved;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// What to call a tool with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    #[serde(default)]
    arguments: Option<RawJson>,
}

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

/// Calls a tool, on the same path as a client.
pub async fn call(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Path((server, tool)): Path<(String, String)>,
    Body(call): Body<Call>,
) -> Result<Json<Value>, Problem> {
    let view = app.service.catalog().server(&server)?;
    let open = app.service.access().open_as(&actor, view);
    let arguments = call.arguments.unwrap_or_else(|| RawJson::from(&json!({})));
    let request = CallRequest::new(tool, arguments);
    let authorized = app.service.calls().authorize(&open, request).map_err(|unknown| {
        Problem::new(Code::NotFound, format!("{unknown}."))
            .hint("It may be inactive. List the tools of the server with: casemate tool list -s SERVER")
    })?;
    let finished = app
        .service
        .calls()
        .run(authorized, Arc::new(Unobserved))
        .await;
    let outcome = &finished.outcome;
    let message = match &outcome.conclusion {
        Conclusion::Stopped(stop) => Some(stop.message.clone()),
        Conclusion::ToolError(error) => Some(error.message.clone()),
        _ => None,
    };
    let detail = match &outcome.conclusion {
        Conclusion::ToolError(error) => error.detail.as_deref(),
        _ => None,
    };
    Ok(Json(json!({
        "call_id": finished.id,
        "outcome": OutcomeKind::from(&outcome.conclusion),
        "result": mcp::result::to_value(&finished),
        "message": message,
        "detail": detail,
        "receipt": outcome.receipt,
        "log": outcome.log,
        "log_dropped": outcome.log_dropped,
        "duration_us": finished.duration_us,
    })))
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
