//! The handshake revisions, 2024-11-05 to 2025-11-25: all that 2026-07-28 removed.
//!
//! The handshake is answered and forgotten: no session is made, so a later request knows of it
//! only what its headers say. Server-made questions, streams and logs need a session and are not
//! offered; clients that read capabilities do not ask for them.
//!
//! When these revisions are no longer served, this file goes, and its callers in `mcp.rs`.

use super::{
    Exchange, Params,
    answer::Answer,
    call, capability,
    envelope::{self, Id, Message, Request},
    error::{Era, Error, shown},
    modern::Capabilities,
    result::{CallResult, ServerInfo},
    revision::Revision,
    transport,
};
use casemate_domain::Conclusion;
use serde::Serialize;
use serde_json::value::RawValue;
use std::time::Instant;

/// What a request without a version speaks: the last revision that had no header for it.
const UNDECLARED: Revision = Revision::V2025_03_26;
/// What the replies to one batch may have together, in bytes.
const MAX_BATCH_REPLY_BYTES: usize = 8 << 20;
/// What a client is offered that asks for a revision nobody knows.
const NEWEST: Revision = Revision::V2025_11_25;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Initialized<'a> {
    protocol_version: &'static str,
    capabilities: Capabilities,
    server_info: ServerInfo<'a>,
}

#[derive(Serialize)]
struct Pong {}

/// Answers one request.
pub(super) async fn answer(
    exchange: &Exchange<'_>,
    request: &Request<'_>,
    params: &Params<'_>,
    declared: Option<&str>,
) -> Answer {
    let answered = if request.method == "initialize" {
        initialize(exchange, request.id, params)
    } else {
        match revision(declared) {
            Ok(revision) => dispatch(exchange, request, params, revision).await,
            Err(error) => Err(error),
        }
    };
    answered.unwrap_or_else(|error| Answer::error(Some(request.id), &error, Era::Legacy))
}

/// Takes what is not answered. There is nothing to do about any of it: without sessions a handshake
/// has no end, and a call is withdrawn by closing its connection.
pub(super) fn accept(declared: Option<&str>) -> Answer {
    match declared.map(Revision::parse) {
        Some(None) => {
            let requested = shown(declared.unwrap_or_default());
            let error = Error::UnsupportedVersion {
                requested,
                supported: &Revision::ALL,
            };
            Answer::error(None, &error, Era::Legacy)
        }
        None | Some(Some(_)) => Answer::accepted(),
    }
}

/// Answers several messages in one body, one after the other: a batch buys no more room than a
/// single call has.
pub(super) async fn batch(
    exchange: &Exchange<'_>,
    declared: Option<&str>,
    items: &[&RawValue],
) -> Answer {
    match revision(declared) {
        Ok(revision) if revision.has_batches() => {}
        Ok(revision) => {
            let problem = format!("revision {revision} has no batches; send one message at a time");
            return Answer::error(None, &Error::InvalidRequest(problem), Era::Legacy);
        }
        Err(error) => return Answer::error(None, &error, Era::Legacy),
    }
    let mut bodies = Vec::with_capacity(items.len());
    let mut room = MAX_BATCH_REPLY_BYTES;
    for item in items {
        let body = match reopened(exchange) {
            Err(error) => refused_item(item, &error).body,
            Ok(_) if room == 0 => {
                let problem = "the replies to this batch are too large; send fewer messages";
                refused_item(item, &Error::InvalidRequest(problem.into())).body
            }
            Ok(exchange) => one_of_batch(&exchange, declared, item).await.body,
        };
        room = room.saturating_sub(body.as_ref().map_or(0, Vec::len));
        bodies.extend(body);
    }
    if bodies.is_empty() {
        Answer::accepted()
    } else {
        Answer::all(&bodies)
    }
}

/// The same exchange as of now: messages of a batch run one after the other, and a key that is
/// revoked meanwhile opens nothing any more.
fn reopened<'endpoint>(exchange: &Exchange<'endpoint>) -> Result<Exchange<'endpoint>, Error> {
    let key = transport::bearer(&exchange.headers);
    let id = exchange.open.server().record.id.to_string();
    Ok(Exchange {
        inner: exchange.inner,
        open: exchange.inner.service.access().open(&id, key.as_deref())?,
        headers: exchange.headers.clone(),
        received: Instant::now(),
    })
}

fn refused_item(item: &RawValue, error: &Error) -> Answer {
    match envelope::message(item.get()) {
        Ok(Message::Request(request)) => Answer::error(Some(request.id), error, Era::Legacy),
        Ok(Message::Notification | Message::Response) => Answer::accepted(),
        Err(rejected) => Answer::error(rejected.id, &rejected.error, Era::Legacy),
    }
}

async fn one_of_batch(exchange: &Exchange<'_>, declared: Option<&str>, item: &RawValue) -> Answer {
    let request = match envelope::message(item.get()) {
        Ok(Message::Request(request)) => request,
        Ok(Message::Notification | Message::Response) => return Answer::accepted(),
        Err(rejected) => return Answer::error(rejected.id, &rejected.error, Era::Legacy),
    };
    let refuse = |error: Error| Answer::error(Some(request.id), &error, Era::Legacy);
    match Params::read(&request) {
        Ok(_) if request.method == "initialize" => refuse(Error::InvalidRequest(
            "`initialize` must stand alone".into(),
        )),
        Ok(params) if params.names_version() => refuse(Error::InvalidRequest(
            "a request with its own version must stand alone".into(),
        )),
        Ok(params) => answer(exchange, &request, &params, declared).await,
        Err(problem) => refuse(Error::InvalidParams(problem)),
    }
}

/// The revision of a request after the handshake. Any that is served will do: clients are known to
/// name another one than they agreed on.
fn revision(declared: Option<&str>) -> Result<Revision, Error> {
    let Some(declared) = declared else {
        return Ok(UNDECLARED);
    };
    let requested = || shown(declared);
    Revision::parse(declared).ok_or_else(|| Error::UnsupportedVersion {
        requested: requested(),
        supported: &Revision::ALL,
    })
}

/// Agrees on a revision. A client that asks for one that nobody here speaks is offered the newest;
/// whether that will do is for the client to say.
fn agree(asked: &str) -> Revision {
    Revision::parse(asked)
        .filter(|revision| !revision.is_modern())
        .unwrap_or(NEWEST)
}

fn initialize(exchange: &Exchange<'_>, id: Id<'_>, params: &Params<'_>) -> Result<Answer, Error> {
    let asked = params.members.string("protocolVersion");
    let asked =
        asked.ok_or_else(|| Error::InvalidParams("`protocolVersion` must be a string".into()))?;
    Ok(Answer::result(
        id,
        &Initialized {
            protocol_version: agree(&asked).as_str(),
            capabilities: Capabilities::default(),
            server_info: ServerInfo::new(exchange.open.server().record.name.as_str()),
        },
    ))
}

async fn dispatch(
    exchange: &Exchange<'_>,
    request: &Request<'_>,
    params: &Params<'_>,
    revision: Revision,
) -> Result<Answer, Error> {
    match &*request.method {
        "ping" => Ok(Answer::result(request.id, &Pong {})),
        "tools/list" => {
            let prepared = exchange.prepared();
            let cursor = params.members.get("cursor");
            let page = prepared.list(exchange.open.server(), revision, cursor)?;
            Ok(Answer::written(request.id, &page))
        }
        "tools/call" => call(exchange, request.id, params, revision).await,
        other => Err(Error::MethodNotFound(shown(other))),
    }
}

async fn call(
    exchange: &Exchange<'_>,
    id: Id<'_>,
    params: &Params<'_>,
    revision: Revision,
) -> Result<Answer, Error> {
    let name = call::name(params)?;
    let arguments = call::arguments(params)?;
    if let Some(tool) = call::tool(exchange, &name) {
        // What a client can do is said in the handshake, of which nothing is kept.
        let needed = tool
            .definition
            .needs
            .client_capabilities
            .iter()
            .map(String::as_str);
        let missing = capability::missing(needed, &[]);
        if !missing.is_empty() {
            return Err(Error::MissingCapabilities(missing));
        }
    }
    let request = call::request(exchange, params, None, &name, arguments);
    let finished = call::run(exchange, request).await?;
    match &finished.outcome.conclusion {
        Conclusion::ProtocolError(error) => Err(call::refusal(error)),
        _ => Ok(Answer::result(
            id,
            &CallResult::of(&finished, revision, None),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handshake_echoes_what_is_served_and_offers_the_newest_otherwise() {
        for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
            assert_eq!(agree(version).as_str(), version);
        }
        for version in ["2026-07-28", "1.0", "", "2099-01-01"] {
            assert_eq!(agree(version), NEWEST, "{version}");
        }
    }

    #[test]
    fn a_request_without_a_version_speaks_the_revision_without_a_header() {
        assert_eq!(revision(None).unwrap(), Revision::V2025_03_26);
        assert_eq!(revision(Some("2024-11-05")).unwrap(), Revision::V2024_11_05);
        assert!(matches!(
            revision(Some("v999")),
            Err(Error::UnsupportedVersion { .. })
        ));
    }

    #[test]
    fn what_is_not_answered_is_accepted_unless_its_version_is_unknown() {
        assert_eq!(accept(None).status, 202);
        assert!(accept(None).body.is_none());
        assert_eq!(accept(Some("2025-06-18")).status, 202);
        assert_eq!(accept(Some("v999")).status, 400);
    }
}
