//! Tasks: what runs without a connection, and what became of it. Not what it answered.

use super::{App, Parameters};
use crate::{
    problem::Problem,
    service::{Administrator, Error, TaskView},
};
use axum::{
    Extension, Json,
    extract::{Path, State},
};
use casemate_domain::TaskStatus;
use serde::Deserialize;
use serde_json::{Value, json};

/// Which ones to list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    server: Option<String>,
    status: Option<String>,
}

/// Lists tasks, newest first.
pub async fn list(
    State(app): State<App>,
    Parameters(selection): Parameters<Selection>,
) -> Result<Json<Value>, Problem> {
    let catalog = app.service.catalog();
    let server = selection.server.map(|server| catalog.server(&server));
    let server = server.transpose()?.map(|server| server.record.id);
    let status = selection.status.map(|status| status.parse::<TaskStatus>());
    let status = status.transpose().map_err(Error::Invalid)?;
    let tasks = app.service.tasks().list(server);
    let tasks = tasks
        .iter()
        .filter(|task| status.is_none_or(|status| status == task.record.status));
    let tasks: Vec<_> = tasks.map(|task| shown(&app, task)).collect();
    Ok(Json(json!({ "tasks": tasks })))
}

/// Shows one.
pub async fn show(
    State(app): State<App>,
    Path(task): Path<String>,
) -> Result<Json<Value>, Problem> {
    let task = app.service.tasks().get(&task)?;
    Ok(Json(shown(&app, &task)))
}

/// Withdraws one and waits until it has ended. One that is over stays as it is.
pub async fn cancel(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Path(task): Path<String>,
) -> Result<Json<Value>, Problem> {
    let task = app.service.tasks().cancel_as(&actor, &task).await?;
    Ok(Json(shown(&app, &task)))
}

fn shown(app: &App, task: &TaskView) -> Value {
    let record = &*task.record;
    let server = app.service.catalog().server(&record.server_id.to_string());
    let server = server.ok().map(|server| server.record.name.clone());
    json!({
        "id": record.id,
        "server": { "id": record.server_id, "name": server },
        "key_id": record.key_id,
        "tool": record.tool,
        "status": record.status,
        "message": record.message,
        "questions": task.questions.len(),
        "call_id": record.call,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "expires_at": task.expires_at(),
        "result_bytes": record.content.map(|content| content.bytes),
    })
}
