//! Workspaces.

use super::{App, Body};
use crate::{problem::Problem, service::Administrator};
use axum::{Extension, Json, extract::State, http::StatusCode};
use casemate_domain::WorkspaceName;
use casemate_store::records::WorkspaceRecord;
use serde::Deserialize;
use serde_json::{Value, json};

/// What is needed to make one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewWorkspace {
    name: String,
}

/// Makes a workspace.
pub async fn create(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Body(new): Body<NewWorkspace>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let name: WorkspaceName = new.name.parse().map_err(crate::service::Error::Invalid)?;
    let record = app.service.catalog().create_workspace(&actor, name).await?;
    Ok((StatusCode::CREATED, Json(shown(&record))))
}

/// Lists all workspaces.
pub async fn list(State(app): State<App>) -> Json<Value> {
    let workspaces: Vec<_> = app
        .service
        .catalog()
        .list_workspaces()
        .iter()
        .map(shown)
        .collect();
    Json(json!({ "workspaces": workspaces }))
}

fn shown(record: &WorkspaceRecord) -> Value {
    json!({ "id": record.id, "name": record.name, "created_at": record.created_at })
}
