//! The handshake revisions, 2024-11-05 to 2025-11-25: all that 2026-07-28 removed.
//!
//! A handshake makes a [session], which is a sealed token that the client carries: what it agreed
//! on is known to every later request, and nothing is kept here. A client that brings no token is
//! served all the same, without what needs one: a level for the log, and questions.
//!
//! When these revisions are no longer served, this folder goes, and its callers in `mcp.rs`.

mod batch;
mod call;
mod opened;
mod question;
mod session;
mod subscribed;
mod withdrawal;

pub(super) use batch::answer_all as batch;
pub(super) use session::SessionId;

use super::{
    Exchange, Params,
    answer::Answer,
    capability, client,
    envelope::{Id, Notification, Request, Response},
    error::{Era, Error, shown},
    events, list,
    listen::{Listening, Script},
    method::{self, Method},
    mirror,
    modern::Capabilities,
    object::{self, Object},
    result::ServerInfo,
    revision::Revision,
    transport, watching,
};
use crate::service::Service;
use bytes::Bytes;
use http::HeaderValue;
use opened::Opened;
use question::Questions;
use serde::Serialize;
use serde_json::json;
use session::{Notes, Session};
use std::sync::Arc;
use subscribed::Subscribed;
use withdrawal::RunningCalls;

/// What a request without a version speaks: the last revision that had no header for it.
const UNDECLARED: Revision = Revision::V2025_03_26;
/// What a client is offered that asks for a revision nobody knows.
const NEWEST: Revision = Revision::V2025_11_25;

/// All that is remembered between two requests of these revisions.
#[derive(Debug, Default)]
pub(super) struct Memory {
    opened: Opened,
    notes: Notes,
    calls: Arc<RunningCalls>,
    questions: Questions,
    subscribed: Subscribed,
}

impl Memory {
    /// Forgets what belongs to keys that open nothing any more, as long as there are changes.
    pub(super) async fn keep_to_keys(self: Arc<Self>, service: Arc<Service>) {
        let access = service.access();
        let mut changes = access.changes();
        while changes.changed().await.is_ok() {
            let is_usable =
                |principal: &str| principal.parse().is_ok_and(|key| access.is_usable(key));
            self.subscribed.keep(is_usable);
            self.notes.keep(is_usable);
        }
    }
}

/// On which terms a client speaks after its handshake.
struct Terms {
    revision: Revision,
    session: Option<Arc<Session>>,
}

impl Terms {
    fn of(exchange: &Exchange, declared: Option<&str>) -> Result<Self, Error> {
        let session = Session::of(exchange)?;
        let agreed = session.as_ref().map(|session| session.revision);
        let revision = match declared {
            None => agreed.unwrap_or(UNDECLARED),
            Some(_) => revision(declared)?,
        };
        Ok(Self { revision, session })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Initialized<'a> {
    protocol_version: &'static str,
    capabilities: Capabilities,
    server_info: ServerInfo<'a>,
}

#[derive(Serialize)]
struct Empty {}

/// Answers one request.
pub(super) async fn answer(
    exchange: &Exchange,
    request: &Request<'_>,
    params: &Params<'_>,
    declared: Option<&str>,
) -> Answer {
    let key = Method::parse(&request.method).and_then(Method::named_by);
    let name = params.members.string(key.unwrap_or("name"));
    let said = mirror::check_if_said(&exchange.headers, &request.method, name.as_deref());
    let answered = match said {
        Err(error) => Err(error),
        Ok(()) if request.method == "initialize" => initialize(exchange, request.id, params),
        Ok(()) => match Terms::of(exchange, declared) {
            Ok(terms) => dispatch(exchange, request, params, terms).await,
            Err(error) => Err(error),
        },
    };
    answered.unwrap_or_else(|error| Answer::error(Some(request.id), &error, Era::Legacy))
}

/// Takes what is not answered. All that there is to do about any of it is to withdraw calls.
pub(super) fn take(
    exchange: &Exchange,
    notification: &Notification<'_>,
    declared: Option<&str>,
) -> Answer {
    let terms = match Terms::of(exchange, declared) {
        Ok(terms) => terms,
        Err(error) => return Answer::error(None, &error, Era::Legacy),
    };
    if notification.method == "notifications/cancelled" {
        let params = notification.params.as_ref();
        let id = params.and_then(|params| params.as_ref().ok()?.get("requestId"));
        if let Some(id) = id.filter(|id| object::is_id(id)) {
            let session = terms.session.map(|session| session.id);
            let name = withdrawal::Name::new(&exchange.site, session, id.get());
            exchange.site.inner.legacy.calls.withdraw(&name);
        }
    }
    Answer::accepted()
}

/// Takes an answer to a question that was asked in the middle of a call.
pub(super) fn hear(exchange: &Exchange, response: &Response<'_>, declared: Option<&str>) -> Answer {
    match Terms::of(exchange, declared) {
        Ok(terms) => {
            if let Some(session) = terms.session {
                let questions = &exchange.site.inner.legacy.questions;
                questions.answer(session.id, response);
            }
            Answer::accepted()
        }
        Err(error) => Answer::error(None, &error, Era::Legacy),
    }
}

/// Answers what has no body, which only sessions know: a request for the stream of what the server
/// says by itself, and the end of a session.
pub(super) fn without_body(
    exchange: &Exchange,
    method: &http::Method,
    declared: Option<&str>,
) -> Answer {
    let answered = if is_modern(declared) {
        // That revision has no sessions: whatever one the client names means nothing.
        Err(Error::MethodNotAllowed)
    } else {
        Terms::of(exchange, declared).and_then(|terms| match terms.session {
            Some(session) if *method == http::Method::DELETE => {
                end(exchange, &session);
                Ok(Answer::done())
            }
            Some(session) => stream(exchange, &session, terms.revision),
            None => Err(Error::MethodNotAllowed),
        })
    };
    answered.unwrap_or_else(|error| Answer::error(None, &error, Era::Legacy))
}

fn end(exchange: &Exchange, session: &Session) {
    let legacy = &exchange.site.inner.legacy;
    legacy.notes.end(&exchange.site, session.id);
    legacy.questions.end(session.id);
    legacy.subscribed.end(&exchange.site, session.id);
    exchange.site.inner.listeners.end(session.id);
}

fn stream(exchange: &Exchange, session: &Session, revision: Revision) -> Result<Answer, Error> {
    if !transport::accepts_events(&exchange.headers) {
        return Err(Error::NotAcceptable);
    }
    let site = &exchange.site;
    let subscriptions = || site.inner.legacy.subscribed.of(site, session.id);
    let listening = Listening::start(site, revision, Some(session.id), subscriptions)?;
    let script = Script {
        greeting: None,
        changed: Box::new(|list| Some(said(list.method(), None))),
        updated: Box::new(|uri| said("notifications/resources/updated", Some(uri))),
        farewell: None,
    };
    Ok(Answer::quiet(listening.events(script)))
}

/// A notification as an event, perhaps about a resource.
fn said(method: &str, uri: Option<&str>) -> Bytes {
    let mut notification = json!({ "jsonrpc": "2.0", "method": method });
    if let Some(uri) = uri {
        notification["params"] = json!({ "uri": uri });
    }
    events::event(notification.to_string().as_bytes())
}

fn is_modern(declared: Option<&str>) -> bool {
    declared == Some(Revision::MODERN.as_str())
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
    let revision = agree(&asked);
    // A declaration that cannot be read declares nothing; old clients wrote odd ones.
    let declared = params.members.get("capabilities");
    let capabilities = declared.and_then(|declared| capability::names(declared).ok());
    let info = params.members.get("clientInfo").map(Object::of);
    let client = client::claimed(info.and_then(Result::ok).as_ref(), &exchange.headers);
    let session = Session::new(revision, capabilities.unwrap_or_default(), client);
    let token = session.token(&exchange.site);
    let answer = Answer::result(
        id,
        &Initialized {
            protocol_version: revision.as_str(),
            capabilities: Capabilities::of(&exchange.site.open, revision),
            server_info: exchange.site.info(),
        },
    );
    let token = HeaderValue::try_from(token).expect("a token is visible ASCII");
    Ok(answer.with_header(session::HEADER, token))
}

async fn dispatch(
    exchange: &Exchange,
    request: &Request<'_>,
    params: &Params<'_>,
    terms: Terms,
) -> Result<Answer, Error> {
    match &*request.method {
        "ping" => Ok(Answer::result(request.id, &Empty {})),
        "tools/list" => {
            let lists = exchange.site.lists();
            let cursor = params.members.get("cursor");
            let page = lists.page(&exchange.site.open, terms.revision, cursor)?;
            Ok(Answer::written(request.id, &page))
        }
        "logging/setLevel" => {
            set_level(exchange, params, terms)?;
            Ok(Answer::result(request.id, &Empty {}))
        }
        "resources/subscribe" | "resources/unsubscribe"
            if method::has_resources(&exchange.site.open) =>
        {
            subscribed::take(exchange, &request.method, params, terms)?;
            Ok(Answer::result(request.id, &Empty {}))
        }
        other => {
            let open = &exchange.site.open;
            let listed = list::offered::Kind::of_method(other);
            if let Some(kind) = listed.filter(|kind| kind.is_served(open)) {
                let prepared = exchange.site.prepared();
                let cursor = params.members.get("cursor");
                let page = prepared.offered(open.server(), kind, terms.revision, cursor)?;
                return Ok(Answer::written(request.id, &page));
            }
            match Method::parse(other).filter(|method| method.is_served(open)) {
                Some(method) => call::answer(exchange, request.id, method, params, terms).await,
                None => Err(Error::MethodNotFound(shown(other))),
            }
        }
    }
}

fn set_level(exchange: &Exchange, params: &Params<'_>, terms: Terms) -> Result<(), Error> {
    let invalid = |problem: &str| Error::InvalidParams(problem.to_owned());
    let name = params.members.string("level");
    let level = name.and_then(|name| watching::level(&name));
    let level = level.ok_or_else(|| invalid("`level` is no level"))?;
    let session = terms.session.ok_or_else(|| {
        invalid("a level is kept for a session; send the Mcp-Session-Id that `initialize` gave")
    })?;
    let site = &exchange.site;
    site.inner.legacy.notes.set_level(site, session.id, level);
    Ok(())
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
}
