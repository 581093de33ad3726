//! The limits in force.

use super::App;
use axum::{Json, extract::State};
use casemate_domain::Limits;

/// Shows the limits of every call.
pub async fn show(State(app): State<App>) -> Json<Limits> {
    Json(app.service.calls().limits().clone())
}
