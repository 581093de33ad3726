//! Calls by an administrator, on the same path as those of a client: of a tool, of a resource, of a
//! prompt.

use super::{App, Body};
use crate::{
    mcp,
    problem::{Code, Problem},
    service::{Administrator, Asked, CallRequest, FinishedCall},
};
use axum::{
    Extension, Json,
    extract::{Path, State},
};
use casemate_domain::{Conclusion, Json as RawJson, OutcomeKind};
use casemate_runtime::Unobserved;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Instant};

/// What to call a tool with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    #[serde(default)]
    arguments: Option<RawJson>,
}

/// What to read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    uri: String,
}

/// What to fill into a prompt.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fill {
    #[serde(default)]
    arguments: BTreeMap<String, String>,
}

/// Calls a tool.
pub async fn call(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Path((server, name)): Path<(String, String)>,
    Body(call): Body<Call>,
) -> Result<Json<Value>, Problem> {
    let arguments = call.arguments.unwrap_or_else(|| RawJson::from(&json!({})));
    let asked = Asked::Tool { name, arguments };
    let hint =
        "It may be inactive. List the tools of the server with: casemate tool list -s SERVER";
    let finished = run(&app, &actor, &server, asked, hint).await?;
    Ok(Json(shown(&finished, mcp::result::to_value(&finished))))
}

/// Reads a resource.
pub async fn read(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Path(server): Path<String>,
    Body(Read { uri }): Body<Read>,
) -> Result<Json<Value>, Problem> {
    offered(&app, &actor, &server, Asked::Resource { uri }).await
}

/// Fills in a prompt.
pub async fn fill(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Path((server, name)): Path<(String, String)>,
    Body(fill): Body<Fill>,
) -> Result<Json<Value>, Problem> {
    let arguments = fill.arguments.into_iter().collect();
    offered(&app, &actor, &server, Asked::Prompt { name, arguments }).await
}

async fn offered(
    app: &App,
    actor: &Administrator,
    server: &str,
    asked: Asked,
) -> Result<Json<Value>, Problem> {
    let hint = "List the resources and prompts of the server with: casemate server show SERVER";
    let finished = run(app, actor, server, asked, hint).await?;
    let result = mcp::result::offered_to_value(&finished);
    Ok(Json(shown(&finished, result.unwrap_or_default())))
}

async fn run(
    app: &App,
    actor: &Administrator,
    server: &str,
    asked: Asked,
    hint: &'static str,
) -> Result<FinishedCall, Problem> {
    let view = app.service.catalog().server(server)?;
    let open = app.service.access().open_as(actor, view);
    let calls = app.service.calls();
    let authorized = calls
        .authorize(&open, CallRequest::new(asked, Instant::now()))
        .map_err(|unknown| Problem::new(Code::NotFound, format!("{unknown}.")).hint(hint))?;
    Ok(calls.run(authorized, Arc::new(Unobserved)).await)
}

/// What came of it. The result is what a client of the newest revision gets, null if there is none.
fn shown(finished: &FinishedCall, result: Value) -> Value {
    let outcome = &finished.outcome;
    let (message, detail) = match &outcome.conclusion {
        Conclusion::Stopped(stop) => (Some(stop.message.clone()), None),
        Conclusion::ToolError(error) => (Some(error.message.clone()), error.detail.as_deref()),
        Conclusion::ProtocolError(error) => (Some(mcp::result::refusal(error).into_owned()), None),
        _ => (None, None),
    };
    json!({
        "call_id": finished.id,
        "outcome": OutcomeKind::from(&outcome.conclusion),
        "result": result,
        "message": message,
        "detail": detail,
        "receipt": outcome.receipt,
        "log": outcome.log,
        "log_dropped": outcome.log_dropped,
        "duration_us": finished.duration_us,
    })
}
