//! Access tokens of this API.

use super::{App, Body};
use crate::{
    problem::Problem,
    service::{Administrator, Error, TokenSummary},
};
use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
};
use casemate_domain::{TokenId, TokenName};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// What is needed to make one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    name: String,
    expires_in_s: Option<u64>,
}

/// Makes a token. The reply is the only one that ever holds its text.
pub async fn create(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Body(new): Body<NewToken>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let name: TokenName = new.name.parse().map_err(Error::Invalid)?;
    let lifetime = new.expires_in_s.map(Duration::from_secs);
    let access = app.service.access();
    let made = access.create_token(&actor, name, lifetime).await?;
    let mut reply = shown(&made.summary);
    reply["token"] = Value::from(made.token.expose_secret());
    Ok((StatusCode::CREATED, Json(reply)))
}

/// Lists tokens, without their texts.
pub async fn list(State(app): State<App>) -> Json<Value> {
    let tokens = app.service.access().list_tokens();
    let tokens: Vec<_> = tokens.iter().map(shown).collect();
    Json(json!({ "tokens": tokens }))
}

/// Revokes a token.
pub async fn revoke(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Path(token): Path<String>,
) -> Result<Json<Value>, Problem> {
    let id: TokenId = token
        .parse()
        .map_err(|_| Error::not_found("token", &token))?;
    let token = app.service.access().revoke_token(&actor, id).await?;
    Ok(Json(shown(&token)))
}

fn shown(token: &TokenSummary) -> Value {
    let record = &token.record;
    json!({
        "id": record.id,
        "name": record.name,
        "status": token.status,
        "created_at": record.created_at,
        "expires_at": record.expires_at,
        "revoked_at": record.revoked_at,
    })
}
