//! Versions: deploying one, listing them, going back to one.

use super::{App, Body, tools};
use crate::{
    mcp::ListSize,
    problem::Problem,
    service::{
        Administrator, Consent, DeployRequest, Deployment, Error, VersionSummary,
        profile::{self, Warning},
    },
};
use axum::{
    Extension, Json,
    extract::{Path, State},
};
use casemate_domain::{ComponentName, Digest, Grant};
use casemate_store::call_log::CallFilter;
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
    accept_changes: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

const fn yes() -> bool {
    true
}

/// What was agreed to about a version that is there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    accept_changes: Option<String>,
    #[serde(default)]
    dry_run: bool,
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
        component,
        digest,
        grant: new.grant,
        activate: new.activate,
        consent: Consent {
            accepted: new.accept_changes,
            dry_run: new.dry_run,
        },
    };
    let deployment = app.service.catalog().deploy(&actor, request).await?;
    Ok(Json(planned(&app, &deployment).await?))
}

/// Lists the versions of a server, newest first.
pub async fn list(
    State(app): State<App>,
    Path(server): Path<String>,
) -> Result<Json<Value>, Problem> {
    let versions = app.service.catalog().list_versions(&server)?;
    let versions: Vec<_> = versions.iter().map(shown).collect();
    Ok(Json(json!({ "versions": versions })))
}

/// Points a server at a version that it has, or says what that would do.
pub async fn use_version(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Path((server, version)): Path<(String, String)>,
    Body(choice): Body<Choice>,
) -> Result<Json<Value>, Problem> {
    let consent = Consent {
        accepted: choice.accept_changes,
        dry_run: choice.dry_run,
    };
    let catalog = app.service.catalog();
    let deployment = catalog
        .use_version(&actor, &server, &version, consent)
        .await?;
    Ok(Json(planned(&app, &deployment).await?))
}

/// Recorded calls that are looked at for answers that clients do not hand on.
const RECORDS: usize = 500;

async fn planned(app: &App, deployment: &Deployment) -> Result<Value, Problem> {
    let tools: Vec<_> = deployment
        .tools
        .iter()
        .map(|tool| tools::shown(tool))
        .collect();
    let server = &deployment.server;
    let size = ListSize::of(server);
    let mut warnings = deployment.warnings.clone();
    warnings.extend(large_results(app, deployment).await?);
    warnings.extend(profile::of_list(server, size.tokens));
    Ok(json!({
        "version": deployment.version,
        "component": deployment.component,
        "digest": deployment.digest,
        "changes": deployment.changes,
        "fingerprint": deployment.fingerprint,
        "tools": tools,
        "missing": deployment.missing,
        "applied": deployment.applied,
        "warnings": warnings,
        "tools_list": size,
    }))
}

async fn large_results(app: &App, deployment: &Deployment) -> Result<Vec<Warning>, Problem> {
    let server = &deployment.server;
    let filter = CallFilter {
        workspace: Some(server.workspace.id),
        server: Some(server.record.id),
        limit: RECORDS,
        ..CallFilter::default()
    };
    let page = app.service.log().query(filter).await.map_err(Error::from)?;
    let is_deployed = |name| deployment.tools.iter().any(|tool| tool.record.name == name);
    let warnings = profile::of_results(&page.records).into_iter();
    let about = |warning: &Warning| warning.tool.clone().is_some_and(is_deployed);
    Ok(warnings.filter(about).collect())
}

fn shown(version: &VersionSummary) -> Value {
    let record = &version.record;
    json!({
        "id": record.id,
        "component": record.component,
        "digest": record.digest,
        "size": record.size,
        "tools": record.tools,
        "serves": version.serves,
        "offers": version.offers,
        "grant": record.grant,
        "created_at": record.created_at,
    })
}
