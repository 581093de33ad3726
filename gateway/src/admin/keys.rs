//! API keys.

use super::{App, Body, Parameters};
use crate::{
    problem::Problem,
    service::{Administrator, Error, KeySummary, Opens},
};
use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
};
use casemate_domain::{KeyId, KeyName, ToolPattern};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// What is needed to make one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    name: String,
    servers: Vec<String>,
    tools: Option<Vec<String>>,
    expires_in_s: Option<u64>,
}

/// Which ones to list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    server: Option<String>,
}

/// Makes a key. The reply is the only one that ever holds its text.
pub async fn create(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Body(new): Body<NewKey>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let name: KeyName = new.name.parse().map_err(Error::Invalid)?;
    let catalog = app.service.catalog();
    let mut servers = Vec::with_capacity(new.servers.len());
    for server in &new.servers {
        let id = catalog.server(server)?.record.id;
        if !servers.contains(&id) {
            servers.push(id);
        }
    }
    let tools = new.tools.as_deref().map(patterns).transpose()?;
    let opens = Opens { servers, tools };
    let lifetime = new.expires_in_s.map(Duration::from_secs);
    let made = app
        .service
        .access()
        .create_key(&actor, name, opens, lifetime)
        .await?;
    let mut reply = shown(&app, &made.summary);
    reply["key"] = Value::from(made.key.expose_secret());
    Ok((StatusCode::CREATED, Json(reply)))
}

/// Tools by name, each once.
fn patterns(written: &[String]) -> Result<Vec<ToolPattern>, Error> {
    let mut patterns = Vec::with_capacity(written.len());
    for text in written {
        let pattern: ToolPattern = text.parse().map_err(Error::Invalid)?;
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    // In one order, so that keys for the same tools are recognized as such.
    patterns.sort();
    Ok(patterns)
}

/// Lists keys, without their texts.
pub async fn list(
    State(app): State<App>,
    Parameters(selection): Parameters<Selection>,
) -> Result<Json<Value>, Problem> {
    let catalog = app.service.catalog();
    let server = selection
        .server
        .map(|server| catalog.server(&server))
        .transpose()?;
    let keys = app
        .service
        .access()
        .list_keys(server.map(|server| server.record.id));
    let keys: Vec<_> = keys.iter().map(|key| shown(&app, key)).collect();
    Ok(Json(json!({ "keys": keys })))
}

/// Revokes a key.
pub async fn revoke(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Path(key): Path<String>,
) -> Result<Json<Value>, Problem> {
    let id: KeyId = key.parse().map_err(|_| Error::not_found("key", &key))?;
    let key = app.service.access().revoke_key(&actor, id).await?;
    Ok(Json(shown(&app, &key)))
}

fn shown(app: &App, key: &KeySummary) -> Value {
    let record = &key.record;
    let servers: Vec<Value> = record
        .servers
        .iter()
        .map(|id| {
            let name = app
                .service
                .catalog()
                .server(&id.to_string())
                .ok()
                .map(|view| view.record.name.clone());
            json!({ "id": id, "name": name })
        })
        .collect();
    json!({
        "id": record.id,
        "name": record.name,
        "servers": servers,
        "tools": record.tools,
        "status": key.status,
        "created_at": record.created_at,
        "expires_at": record.expires_at,
        "revoked_at": record.revoked_at,
    })
}
