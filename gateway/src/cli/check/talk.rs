//! The protocol as a client speaks it, as far as the list of tools, in both eras.

use super::{
    probe::{message_of, unanswered},
    report::Trouble,
};
use crate::cli::{
    bridge::events::Events,
    exit::Exit,
    remote::{Remote, is_stream},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

const MODERN: &str = "2026-07-28";
const NEWEST_LEGACY: &str = "2025-11-25";
const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const PATIENCE: Duration = Duration::from_secs(30);
/// More pages than any list has.
const MAX_PAGES: usize = 1000;

/// What one era showed.
#[derive(Debug)]
pub(super) struct Listed {
    /// The revision that was spoken.
    pub(super) revision: String,
    pub(super) tools: usize,
}

/// With a handshake.
pub(super) async fn with_handshake(remote: &Remote) -> Result<Listed, Trouble> {
    let params =
        json!({ "protocolVersion": NEWEST_LEGACY, "capabilities": {}, "clientInfo": client() });
    let (headers, result) = ask(remote, HeaderMap::new(), "initialize", params).await?;
    let revision = result["protocolVersion"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let mut session = HeaderMap::new();
    session.extend(headers.get(SESSION).map(|id| (SESSION, id.clone())));
    session.extend(
        HeaderValue::try_from(&revision)
            .ok()
            .map(|version| (VERSION, version)),
    );
    let tools = list(remote, &session, None).await?;
    // A courtesy: the session ends by itself too.
    drop(remote.end(session).timeout(PATIENCE).send().await);
    Ok(Listed { revision, tools })
}

/// Without one.
pub(super) async fn without_handshake(remote: &Remote) -> Result<Listed, Trouble> {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": client(),
    });
    let headers = HeaderMap::from_iter([(VERSION, HeaderValue::from_static(MODERN))]);
    let mut discovering = headers.clone();
    discovering.insert(METHOD, HeaderValue::from_static("server/discover"));
    ask(
        remote,
        discovering,
        "server/discover",
        json!({ "_meta": meta }),
    )
    .await?;
    let mut listing = headers;
    listing.insert(METHOD, HeaderValue::from_static("tools/list"));
    let tools = list(remote, &listing, Some(meta)).await?;
    Ok(Listed {
        revision: MODERN.to_owned(),
        tools,
    })
}

fn client() -> Value {
    json!({ "name": "casemate check", "version": env!("CARGO_PKG_VERSION") })
}

async fn list(remote: &Remote, headers: &HeaderMap, meta: Option<Value>) -> Result<usize, Trouble> {
    let mut count = 0;
    let mut cursor = None;
    for _ in 0..MAX_PAGES {
        let mut params = json!({});
        if let Some(meta) = &meta {
            params["_meta"] = meta.clone();
        }
        if let Some(cursor) = cursor {
            params["cursor"] = cursor;
        }
        let (_, result) = ask(remote, headers.clone(), "tools/list", params).await?;
        count += result["tools"].as_array().map_or(0, Vec::len);
        cursor = result
            .get("nextCursor")
            .filter(|cursor| cursor.is_string())
            .cloned();
        if cursor.is_none() {
            return Ok(count);
        }
    }
    Err(Trouble::new(
        Exit::Failure,
        "tools/list has no last page",
        "Tell those who make Casemate.",
    ))
}

async fn ask(
    remote: &Remote,
    headers: HeaderMap,
    method: &str,
    params: Value,
) -> Result<(HeaderMap, Value), Trouble> {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let sent = remote
        .post(headers, body.to_string().into_bytes())
        .timeout(PATIENCE)
        .send()
        .await;
    let answer = sent.map_err(|error| unanswered(&error))?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = if is_stream(&headers) {
        let mut events = Events::new(answer.bytes_stream());
        events
            .next()
            .await
            .map_err(|error| unanswered(&error))?
            .unwrap_or_default()
    } else {
        answer.text().await.map_err(|error| unanswered(&error))?
    };
    let read: Value = serde_json::from_str(&body).unwrap_or_default();
    match read.get("result") {
        Some(result) => Ok((headers, result.clone())),
        None => Err(refused(method, status, &body)),
    }
}

fn refused(method: &str, status: StatusCode, body: &str) -> Trouble {
    let Some(message) = message_of(body) else {
        let what = format!("HTTP {status} to {method}");
        return Trouble::new(
            Exit::Failure,
            what,
            "See the log of the proxy in front of the gateway.",
        );
    };
    match status {
        StatusCode::UNAUTHORIZED => Trouble::new(
            Exit::Auth,
            message,
            "The key is wrong, revoked, expired or for another server: casemate key list -s SERVER",
        ),
        StatusCode::NOT_FOUND => Trouble::new(
            Exit::Validation,
            message,
            "casemate server list shows what there is, casemate server activate lets clients in.",
        ),
        _ => Trouble::new(
            Exit::Failure,
            format!("{method}: {message}"),
            "See the gateway's log.",
        ),
    }
}
