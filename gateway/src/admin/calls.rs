//! Records of calls.

use super::{App, Parameters};
use crate::{
    problem::Problem,
    service::{Administrator, Error, Service},
};
use axum::{
    Extension, Json,
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use casemate_domain::{CallRecord, Invalid, OutcomeKind, ServerId, Subject};
use casemate_store::call_log::CallFilter;
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{convert::Infallible, sync::Arc};
use tokio::sync::broadcast::{self, error::RecvError};

/// Which calls.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    server: Option<String>,
    tool: Option<String>,
    resource: Option<String>,
    prompt: Option<String>,
    status: Option<String>,
    since: Option<Timestamp>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Which calls to follow: those that end from now on, so that nothing of the past can be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    server: Option<String>,
    tool: Option<String>,
    resource: Option<String>,
    prompt: Option<String>,
    status: Option<String>,
}

/// Records in one reply unless asked otherwise, and at most.
const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 1_000;

/// What calls are wanted of, if it is said: one tool, one resource or one prompt.
fn subject(
    tool: Option<String>,
    resource: Option<String>,
    prompt: Option<String>,
) -> Result<Option<Subject>, Invalid> {
    match (tool, resource, prompt) {
        (None, None, None) => Ok(None),
        (Some(name), None, None) => Ok(Some(Subject::Tool(name.parse()?))),
        (None, Some(uri), None) => Ok(Some(Subject::Resource(uri.parse()?))),
        (None, None, Some(name)) => Ok(Some(Subject::Prompt(name.parse()?))),
        _ => Err(Invalid::new(
            "selection",
            "can name one tool, one resource or one prompt, not several of them",
        )),
    }
}

impl Selection {
    fn filter(self, service: &Service) -> Result<CallFilter, Error> {
        let server = self
            .server
            .map(|name| service.catalog().server(&name))
            .transpose()?;
        Ok(CallFilter {
            workspace: None,
            server: server.map(|server| server.record.id),
            subject: subject(self.tool, self.resource, self.prompt)?,
            outcome: self.status.map(|status| status.parse()).transpose()?,
            since: self.since,
            limit: self.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT),
            cursor: self.cursor,
        })
    }
}

/// Lists calls, newest first.
pub async fn list(
    State(app): State<App>,
    Parameters(selection): Parameters<Selection>,
) -> Result<Json<Value>, Problem> {
    let filter = selection.filter(&app.service)?;
    let log = app.service.log();
    // What was answered before this request is in the reply: a caller looks for its own call.
    log.flush().await.map_err(Error::from)?;
    let page = log.query(filter).await.map_err(Error::from)?;
    Ok(Json(
        json!({ "calls": page.records, "cursor": page.cursor, "dropped": log.dropped() }),
    ))
}

/// Sends each call as it ends, one JSON object per line, until the client goes away or its access
/// token is revoked.
pub async fn stream(
    State(app): State<App>,
    Extension(actor): Extension<Administrator>,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Response, Problem> {
    let server = wanted
        .server
        .map(|name| app.service.catalog().server(&name));
    let subject = subject(wanted.tool, wanted.resource, wanted.prompt);
    let outcome = wanted.status.map(|status| status.parse()).transpose();
    let watch = Watch {
        records: app.service.log().tail(),
        server: server.transpose()?.map(|server| server.record.id),
        subject: subject.map_err(Error::Invalid)?,
        outcome: outcome.map_err(Error::Invalid)?,
    };
    let end = async move {
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = app.service.access().ended(&actor) => {}
        }
    };
    let lines = stream::unfold(watch, |mut watch| async move {
        let line = watch.next().await?;
        Some((Ok::<_, Infallible>(line), watch))
    });
    let lines = lines.take_until(end);
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}

/// A reader of new records that keeps those it was asked for.
struct Watch {
    records: broadcast::Receiver<Arc<CallRecord>>,
    server: Option<ServerId>,
    subject: Option<Subject>,
    outcome: Option<OutcomeKind>,
}

impl Watch {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            match self.records.recv().await {
                Ok(record) if self.wants(&record) => {
                    let mut line = serde_json::to_vec(&*record).ok()?;
                    line.push(b'\n');
                    return Some(line.into());
                }
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => {
                    return Some(format!("{}\n", json!({ "missed": missed })).into());
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn wants(&self, record: &CallRecord) -> bool {
        self.server.is_none_or(|server| server == record.server_id)
            && self
                .subject
                .as_ref()
                .is_none_or(|subject| *subject == record.subject)
            && self.outcome.is_none_or(|outcome| outcome == record.outcome)
    }
}
