//! Whether the gateway is alive, ready, and which one it is.

use super::App;
use crate::{
    problem::{Code, Problem},
    service::Administrator,
};
use axum::{Extension, Json, extract::State};
use serde_json::{Value, json};

/// The process answers.
pub async fn live() -> &'static str {
    "ok\n"
}

/// The gateway takes requests: it is not stopping.
pub async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    if app.stop.is_cancelled() {
        return Err(Problem::new(Code::Unavailable, "The gateway is stopping."));
    }
    Ok("ok\n")
}

/// Which version this is.
pub async fn version() -> Json<Value> {
    Json(json!({ "version": env!("CARGO_PKG_VERSION") }))
}

/// Whose token this is.
pub async fn whoami(Extension(actor): Extension<Administrator>) -> Json<Value> {
    Json(json!({ "token_id": actor.token_id() }))
}

/// Shows what the gateway is doing.
pub async fn status(State(app): State<App>) -> Json<Value> {
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "calls": app.service.calls().load(),
        "components": app.service.catalog().in_memory(),
        "open_tasks": app.service.tasks().open_count(),
        "listens_at": app.listens_at,
    }))
}
