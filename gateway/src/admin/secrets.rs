//! Secrets of a workspace: written, listed by name, deleted. No address reads one.

use super::{App, Body};
use crate::{
    problem::Problem,
    service::{Administrator, Error},
};
use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
};
use casemate_domain::SecretName;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

/// What is needed to set one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewValue {
    value: SecretString,
}

/// Sets or replaces a secret.
pub async fn set(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Path((workspace, name)): Path<(String, String)>,
    Body(new): Body<NewValue>,
) -> Result<Json<Value>, Problem> {
    let name: SecretName = name.parse().map_err(Error::Invalid)?;
    let summary = app
        .service
        .catalog()
        .set_secret(&actor, &workspace, name, new.value)
        .await?;
    Ok(Json(json!(summary)))
}

/// Lists the names of secrets.
pub async fn list(
    State(app): State<App>,
    Path(workspace): Path<String>,
) -> Result<Json<Value>, Problem> {
    let secrets = app.service.catalog().list_secrets(&workspace)?;
    Ok(Json(json!({ "secrets": secrets })))
}

/// Deletes a secret.
pub async fn delete(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Path((workspace, name)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let name: SecretName = name
        .parse()
        .map_err(|_| Error::not_found("secret", &name))?;
    app.service
        .catalog()
        .delete_secret(&actor, &workspace, &name)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
