//! Uploads of components.

use super::{App, extract};
use crate::{
    problem::{Code, Problem},
    service::{Administrator, Error, profile},
};
use axum::{
    Extension, Json,
    extract::{Request, State},
};
use casemate_runtime::{Rejection, RejectionKind};
use serde_json::{Value, json};
use std::sync::Arc;

/// Takes in a component. The body is the file itself.
pub async fn upload(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    request: Request,
) -> Result<Json<Value>, Problem> {
    // Before the body is read: those who wait hold no components in memory. Who then sends nothing
    // holds up only those who send, and not those whose components are there.
    let arrives = app.uploads.arriving().await;
    let wasm = extract::bytes(request)
        .await
        .map_err(|problem| match problem.code() {
            Code::PayloadTooLarge => too_large(&app).into(),
            _ => problem,
        })?;
    let turn = app.uploads.turn().await;
    let service = Arc::clone(&app.service);
    // By itself: what was begun goes on if the client goes away, and holds its place until it ends.
    let work = tokio::spawn(async move {
        let _held = (arrives, turn);
        service.catalog().upload(&actor, wasm).await
    });
    let uploaded = work
        .await
        .map_err(|error| Error::Internal(format!("an upload ended early: {error}")))??;
    let (inspection, definitions) = (&uploaded.inspection, &uploaded.definitions);
    Ok(Json(json!({
        "digest": inspection.digest,
        "size": inspection.size,
        "kind": inspection.kind.as_str(),
        "imports": inspection.imports,
        "exports": inspection.exports,
        "tools": definitions.tools,
        "resources": definitions.resources,
        "templates": definitions.templates,
        "prompts": definitions.prompts,
        "completes": definitions.completes,
        "warnings": profile::of_tools(&definitions.tools),
    })))
}

fn too_large(app: &App) -> Error {
    let allowed = app.service.platform_limits().compile.component_bytes;
    Error::Rejected(Rejection {
        kind: RejectionKind::ComponentTooLarge,
        message: format!(
            "The component has more than {} bytes. Strip debug information and build for size, or \
             have an operator raise `compile.component_bytes`.",
            allowed
        ),
    })
}
