//! Servers.

use super::{App, Body, Parameters};
use crate::{
    mcp::ListSize,
    problem::Problem,
    service::{Administrator, Error, OfferView, Presentation, ServerView, profile},
};
use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
};
use casemate_domain::ServerName;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// What is needed to make one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewServer {
    name: String,
    workspace: String,
}

/// What to change: `{"tool_prefix": "weather_", "tool_search": true}`. A prefix of `null` or nothing
/// takes it away.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    #[serde(default, with = "super::extract::double_option")]
    tool_prefix: Option<Option<String>>,
    tool_search: Option<bool>,
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
    Ok(Json(shown_whole(&app, &server)))
}

/// Changes how clients see the tools of a server.
pub async fn set(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Path(server): Path<String>,
    Body(change): Body<Change>,
) -> Result<Json<Value>, Problem> {
    let prefix = change.tool_prefix.map(|prefix| {
        let written = prefix.filter(|prefix| !prefix.is_empty());
        written.map(|prefix| prefix.parse()).transpose()
    });
    let change = Presentation {
        tool_prefix: prefix.transpose().map_err(Error::Invalid)?,
        tool_search: change.tool_search,
    };
    let catalog = app.service.catalog();
    let server = catalog.present_server(&actor, &server, change).await?;
    Ok(Json(shown_whole(&app, &server)))
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

/// With its resources and prompts, and what its list of tools takes, which has to be written to be
/// known.
fn shown_whole(app: &App, server: &ServerView) -> Value {
    let mut shown = shown(app, server);
    let size = ListSize::of(server);
    let mut warnings = app.service.catalog().warnings(server);
    warnings.extend(profile::of_list(server, size.tokens));
    shown["tools_list"] = json!(size);
    shown["warnings"] = json!(warnings);
    shown["resources"] = offered(server.resources());
    shown["templates"] = offered(server.templates());
    shown["prompts"] = offered(server.prompts());
    shown
}

/// Definitions, each with where it is from.
fn offered<D: Serialize>(all: Vec<(&D, &Arc<OfferView>)>) -> Value {
    let shown = |(definition, offer): (&D, &Arc<OfferView>)| {
        let mut one = json!(definition);
        one["component"] = json!(offer.component);
        one["version"] = json!(offer.version);
        one
    };
    all.into_iter().map(shown).collect()
}

fn shown(app: &App, server: &ServerView) -> Value {
    let (active, inactive) = server.tool_counts();
    json!({
        "id": server.record.id,
        "name": server.record.name,
        "workspace": server.workspace.name,
        "url": format!("{}/mcp/{}", app.public_url, server.record.id),
        "active": server.record.active,
        "tool_prefix": server.record.tool_prefix,
        "tool_search": server.record.tool_search,
        "created_at": server.record.created_at,
        "tools": { "active": active, "inactive": inactive },
    })
}
