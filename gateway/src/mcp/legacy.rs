//! The handshake revisions, 2024-11-05 to 2025-11-25: all that 2026-07-28 removed.
//!
//! The handshake is answered and forgotten: no session is made, so a later request knows of it
//! only what its headers say. Server-made questions, streams and logs need a session and are not
//! offered; clients that read capabilities do not ask for them.
//!
//! When these revisions are no longer served, this file goes, and its callers in `mcp.rs`.

mod batch;
mod call;

pub(super) use batch::answer_all as batch;

use super::{
    Exchange, Params,
    answer::Answer,
    envelope::{Id, Request},
    error::{Era, Error, shown},
    modern::Capabilities,
    result::ServerInfo,
    revision::Revision,
};
use serde::Serialize;

/// What a request without a version speaks: the last revision that had no header for it.
const UNDECLARED: Revision = Revision::V2025_03_26;
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
    exchange: &Exchange,
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

fn initialize(exchange: &Exchange, id: Id<'_>, params: &Params<'_>) -> Result<Answer, Error> {
    let asked = params.members.string("protocolVersion");
    let asked =
        asked.ok_or_else(|| Error::InvalidParams("`protocolVersion` must be a string".into()))?;
    Ok(Answer::result(
        id,
        &Initialized {
            protocol_version: agree(&asked).as_str(),
            capabilities: Capabilities::default(),
            server_info: exchange.site.info(),
        },
    ))
}

async fn dispatch(
    exchange: &Exchange,
    request: &Request<'_>,
    params: &Params<'_>,
    revision: Revision,
) -> Result<Answer, Error> {
    match &*request.method {
        "ping" => Ok(Answer::result(request.id, &Pong {})),
        "tools/list" => {
            let prepared = exchange.site.prepared();
            let cursor = params.members.get("cursor");
            let page = prepared.list(exchange.site.server(), revision, cursor)?;
            Ok(Answer::written(request.id, &page))
        }
        "tools/call" => call::answer(exchange, request.id, params, revision).await,
        other => Err(Error::MethodNotFound(shown(other))),
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
        assert!(accept(None).into_json().is_none());
        assert_eq!(accept(Some("2025-06-18")).status, 202);
        assert_eq!(accept(Some("v999")).status, 400);
    }
}
