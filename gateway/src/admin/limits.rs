//! Limits: those in force, who sets them, and what recorded calls say about them.

use super::{App, Body, Parameters};
use crate::{
    problem::{Code, Problem},
    service::{
        Administrator, Error, LimitChange, ScopeLimits, ScopeName,
        limits::history::{self, Sample, Suggestion, WhatIf},
    },
};
use axum::{
    Extension, Json,
    extract::{Path, State},
};
use casemate_domain::{ExplainedLimit, Limit, LimitSettings, Limits, PlatformLimit, Subject};
use casemate_store::call_log::CallFilter;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A limit with everything that is known about it.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    explained: ExplainedLimit,
    about: &'static str,
    unit: casemate_domain::Unit,
    default: u64,
    floor: u64,
    ceiling: u64,
}

/// The limits of a scope, and those of the installation.
#[derive(Debug, Serialize)]
pub struct Answer {
    level: casemate_domain::Level,
    scope: String,
    settings: LimitSettings,
    limits: Vec<Shown>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    platform: Vec<PlatformLimit>,
}

impl Answer {
    fn new(limits: ScopeLimits) -> Self {
        let shown = |explained: ExplainedLimit| Shown {
            about: explained.limit.about(),
            unit: explained.limit.unit(),
            default: Limits::default().get(explained.limit),
            floor: explained.limit.floor(),
            ceiling: explained.limit.ceiling(),
            explained,
        };
        Self {
            level: limits.level,
            scope: limits.scope,
            settings: limits.settings,
            limits: limits.limits.into_iter().map(shown).collect(),
            platform: Vec::new(),
        }
    }
}

/// A change: `{"profile": "small", "limits": {"fuel": 1000000, "wall_ms": null}}`. `null` unsets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    #[serde(default, with = "super::extract::double_option")]
    profile: Option<Option<casemate_domain::Profile>>,
    #[serde(default)]
    limits: BTreeMap<Limit, Option<u64>>,
}

/// Shows the limits of the installation.
pub async fn of_platform(State(app): State<App>) -> Result<Json<Answer>, Problem> {
    let limits = app.service.catalog().limits(&ScopeName::Platform)?;
    let platform = app.service.platform_limits().all().to_vec();
    Ok(Json(Answer {
        platform,
        ..Answer::new(limits)
    }))
}

/// Shows the limits of a workspace.
pub async fn of_workspace(
    State(app): State<App>,
    Path(workspace): Path<String>,
) -> Result<Json<Answer>, Problem> {
    show(&app, &ScopeName::Workspace(workspace))
}

/// Shows the limits of a server.
pub async fn of_server(
    State(app): State<App>,
    Path(server): Path<String>,
) -> Result<Json<Answer>, Problem> {
    show(&app, &ScopeName::Server(server))
}

/// Shows the limits of a tool.
pub async fn of_tool(
    State(app): State<App>,
    Path((server, tool)): Path<(String, String)>,
) -> Result<Json<Answer>, Problem> {
    show(&app, &ScopeName::Tool(server, tool))
}

fn show(app: &App, scope: &ScopeName) -> Result<Json<Answer>, Problem> {
    Ok(Json(Answer::new(app.service.catalog().limits(scope)?)))
}

/// Refuses, with the place where they are set.
pub async fn set_of_platform(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Body(change): Body<Change>,
) -> Result<Json<Answer>, Problem> {
    set(&app, &actor, ScopeName::Platform, change).await
}

/// Sets limits of a workspace.
pub async fn set_of_workspace(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Path(workspace): Path<String>,
    Body(change): Body<Change>,
) -> Result<Json<Answer>, Problem> {
    set(&app, &actor, ScopeName::Workspace(workspace), change).await
}

/// Sets limits of a server.
pub async fn set_of_server(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Path(server): Path<String>,
    Body(change): Body<Change>,
) -> Result<Json<Answer>, Problem> {
    set(&app, &actor, ScopeName::Server(server), change).await
}

/// Sets limits of a tool.
pub async fn set_of_tool(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Path((server, tool)): Path<(String, String)>,
    Body(change): Body<Change>,
) -> Result<Json<Answer>, Problem> {
    set(&app, &actor, ScopeName::Tool(server, tool), change).await
}

async fn set(
    app: &App,
    actor: &Administrator,
    scope: ScopeName,
    change: Change,
) -> Result<Json<Answer>, Problem> {
    let change = LimitChange {
        profile: change.profile,
        values: change.limits,
    };
    let catalog = app.service.catalog();
    let limits = catalog.set_limits(actor, &scope, change).await?;
    Ok(Json(Answer::new(limits)))
}

/// Proposes limits for a tool, from what its recorded calls used.
pub async fn suggest(
    State(app): State<App>,
    Path((server, tool)): Path<(String, String)>,
) -> Result<Json<Suggestion>, Problem> {
    let (records, now) = recorded(&app, server, tool).await?;
    Ok(Json(history::suggest(&records, &now)))
}

/// Says which recorded calls of a tool these limits would have stopped.
pub async fn what_if(
    State(app): State<App>,
    Path((server, tool)): Path<(String, String)>,
    Parameters(asked): Parameters<BTreeMap<String, String>>,
) -> Result<Json<WhatIf>, Problem> {
    let limits = settings(&asked)?;
    let unknown = history::unknown(&limits);
    if let Some(limit) = unknown.first() {
        return Err(Problem::new(
            Code::InvalidValue,
            format!("The limit {limit} stops no recorded call, or records do not say what they used of it."),
        )
        .hint("Ask about fuel, wall_ms, memory_bytes, host_calls, input_bytes or output_bytes."));
    }
    let (records, _) = recorded(&app, server, tool).await?;
    Ok(Json(history::what_if(&records, &limits)))
}

/// Limits as they stand after the `?`: `fuel=1000000&wall_ms=500`.
fn settings(asked: &BTreeMap<String, String>) -> Result<LimitSettings, Problem> {
    let mut settings = LimitSettings::default();
    for (name, value) in asked {
        let limit: Limit = name.parse().map_err(Error::Invalid)?;
        let value = limit
            .unit()
            .parse(value)
            .map_err(|why| Problem::new(Code::InvalidValue, format!("The limit {limit} {why}.")))?;
        settings.values.insert(limit, value);
    }
    Ok(settings)
}

/// The recorded calls of a tool, and the limits in force for it.
async fn recorded(
    app: &App,
    server: String,
    tool: String,
) -> Result<(Vec<Sample>, Limits), Problem> {
    let catalog = app.service.catalog();
    let view = catalog.server(&server)?;
    let limits = catalog.limits(&ScopeName::Tool(server, tool.clone()))?;
    let filter = CallFilter {
        workspace: Some(view.workspace.id),
        server: Some(view.record.id),
        subject: tool.parse().ok().map(Subject::Tool),
        ..CallFilter::default()
    };
    let samples = history::samples(app.service.log(), filter).await?;
    let now = |now: Limits, limit: &ExplainedLimit| now.with(limit.limit, limit.value);
    let now = limits.limits.iter().fold(Limits::default(), now);
    Ok((samples, now))
}
