//! Servers.

use super::{App, Body, Parameters};
use crate::{
    problem::Problem,
    service::{Administrator, Error, OfferView, ServerView},
};
use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
};
use casemate_domain::ServerName;
use serde::Deserialize;
use serde_json::{Value, json};

/// What is needed to make one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewServer {
    name: String,
    workspace: String,
}

/// Which ones to list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    workspace: Option<String>,
}

/// Makes a server.
pub async fn create(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Body(new): Body<NewServer>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let name: ServerName = new.name.parse().map_err(Error::Invalid)?;
    let server = app
        .service
        .catalog()
        .create_server(&actor, &new.workspace, name)
        .await?;
    Ok((StatusCode::CREATED, Json(shown(&app, &server))))
}

/// Lists servers.
pub async fn list(
    State(app): State<App>,
    Parameters(selection): Parameters<Selection>,
) -> Result<Json<Value>, Problem> {
    let servers = app
        .service
        .catalog()
        .list_servers(selection.workspace.as_deref())?;
    let servers: Vec<_> = servers.iter().map(|server| shown(&app, server)).collect();
    Ok(Json(json!({ "servers": servers })))
}

/// Shows one server, with the resources and prompts that clients see.
pub async fn show(
    State(app): State<App>,
    Path(server): Path<String>,
) -> Result<Json<Value>, Problem> {
    let server = app.service.catalog().server(&server)?;
    let mut reply = shown(&app, &server);
    let offered = |definition: Value, offer: &OfferView| {
        let mut one = definition;
        one["component"] = json!(offer.component);
        one["version"] = json!(offer.version);
        one
    };
    let resources = server.resources().into_iter();
    reply["resources"] = resources
        .map(|(one, offer)| offered(json!(one), offer))
        .collect();
    let templates = server.templates().into_iter();
    reply["templates"] = templates
        .map(|(one, offer)| offered(json!(one), offer))
        .collect();
    let prompts = server.prompts().into_iter();
    reply["prompts"] = prompts
        .map(|(one, offer)| offered(json!(one), offer))
        .collect();
    Ok(Json(reply))
}

/// Switches a server on or off.
pub async fn switch<const ACTIVE: bool>(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Path(server): Path<String>,
) -> Result<Json<Value>, Problem> {
    let catalog = app.service.catalog();
    let server = catalog.set_server_active(&actor, &server, ACTIVE).await?;
    Ok(Json(shown(&app, &server)))
}

fn shown(app: &App, server: &ServerView) -> Value {
    let (active, inactive) = server.tool_counts();
    json!({
        "id": server.record.id,
        "name": server.record.name,
        "workspace": server.workspace.name,
        "url": format!("{}/mcp/{}", app.public_url, server.record.id),
        "active": server.record.active,
        "created_at": server.record.created_at,
        "tools": { "active": active, "inactive": inactive },
    })
}
