//! Uploads of components.

use super::{App, extract};
use crate::{problem::Problem, service::Administrator};
use axum::{
    Extension, Json,
    extract::{Request, State},
};
use serde_json::{Value, json};

/// The largest file, in bytes.
pub const MAX_COMPONENT_BYTES: usize = 16 << 20;

/// Takes in a component. The body is the file itself.
pub async fn upload(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    request: Request,
) -> Result<Json<Value>, Problem> {
    let wasm = extract::bytes(request, &app).await?;
    let uploaded = app.service.catalog().upload(&actor, wasm).await?;
    let inspection = &uploaded.inspection;
    Ok(Json(json!({
        "digest": inspection.digest,
        "size": inspection.size,
        "kind": inspection.kind.as_str(),
        "imports": inspection.imports,
        "tools": uploaded.tools,
    })))
}
