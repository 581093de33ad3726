//! Deployments.

use super::{App, Body, tools};
use crate::{
    problem::Problem,
    service::{Administrator, DeployRequest, Error},
};
use axum::{
    Extension, Json,
    extract::{Path, State},
};
use casemate_domain::{ComponentName, Digest, Grant};
use serde::Deserialize;
use serde_json::{Value, json};

/// What to deploy.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewVersion {
    component: String,
    digest: String,
    #[serde(default)]
    grant: Grant,
    #[serde(default = "yes")]
    activate: bool,
    #[serde(default)]
    accept_changes: bool,
    #[serde(default)]
    dry_run: bool,
}

const fn yes() -> bool {
    true
}

/// Deploys a version, or says what deploying it would do.
pub async fn deploy(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Path(server): Path<String>,
    Body(new): Body<NewVersion>,
) -> Result<Json<Value>, Problem> {
    let component: ComponentName = new.component.parse().map_err(Error::Invalid)?;
    let digest: Digest = new.digest.parse().map_err(Error::Invalid)?;
    let request = DeployRequest {
        server,
        component: component.clone(),
        digest,
        grant: new.grant,
        activate: new.activate,
        accept_changes: new.accept_changes,
        dry_run: new.dry_run,
    };
    let deployment = app.service.catalog().deploy(&actor, request).await?;
    let shown: Vec<_> = deployment
        .tools
        .iter()
        .map(|tool| tools::shown(tool))
        .collect();
    Ok(Json(json!({
        "version": deployment.version,
        "component": component,
        "digest": digest,
        "changes": deployment.changes,
        "tools": shown,
        "missing": deployment.missing,
        "applied": deployment.version.is_some(),
    })))
}
