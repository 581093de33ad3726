//! Revision 2026-07-28: each request says everything, and headers repeat some of it.

mod call;
mod listen;

use super::{
    Exchange, Params,
    answer::Answer,
    capability,
    envelope::{Id, Request},
    error::{Era, Error, shown},
    list,
    method::{self, Method},
    mirror,
    object::{self, Object},
    result::Meta,
    revision::Revision,
    tasks::{self, Extensions},
    watching,
};
use crate::service::OpenServer;
use casemate_domain::LogLevel;
use serde::Serialize;

/// The key of `_meta` that makes a request modern.
pub(super) const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";
const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
/// The keys of `_meta` that decide something.
pub(super) const META_KEYS: [&str; 5] = [
    PROTOCOL_VERSION,
    CLIENT_CAPABILITIES,
    CLIENT_INFO,
    LOG_LEVEL,
    "progressToken",
];

/// How long a client may believe what a server is. It changes with the gateway, not with tools.
const DISCOVER_TTL_MS: u32 = 60_000;

/// What a client says about itself in each request.
struct Envelope<'a> {
    capabilities: Vec<String>,
    client_info: Option<Object<'a>>,
    /// From which level on it wants lines of the log.
    level: Option<LogLevel>,
}

/// Answers a request that names its version.
pub(super) async fn answer(
    exchange: &Exchange,
    request: &Request<'_>,
    params: &Params<'_>,
    declared: Option<&str>,
) -> Answer {
    let answered = match Envelope::check(params, declared) {
        Ok(envelope) => dispatch(exchange, request, params, envelope).await,
        Err(error) => Err(error),
    };
    answered.unwrap_or_else(|error| Answer::error(Some(request.id), &error, Era::Modern))
}

/// Answers a request whose headers are modern and whose body is not.
pub(super) fn without_envelope(request: &Request<'_>) -> Answer {
    let error = if request.method == "initialize" {
        Error::HeaderMismatch(format!(
            "MCP-Protocol-Version says `{}`, which has no `initialize`",
            Revision::MODERN
        ))
    } else {
        Error::InvalidEnvelope(format!(
            "params._meta must hold `{PROTOCOL_VERSION}` and `{CLIENT_CAPABILITIES}`"
        ))
    };
    Answer::error(Some(request.id), &error, Era::Modern)
}

impl<'a> Envelope<'a> {
    /// Checks what every request must say, in the order that clients rely on.
    fn check(params: &Params<'a>, declared: Option<&str>) -> Result<Self, Error> {
        let version = params.meta.get(PROTOCOL_VERSION).and_then(object::string);
        let version = version.ok_or_else(|| malformed(PROTOCOL_VERSION, "must be a string"))?;
        mirror::check_version(declared, &version)?;
        let capabilities = params.meta.get(CLIENT_CAPABILITIES);
        let capabilities = capabilities
            .ok_or_else(|| malformed(CLIENT_CAPABILITIES, "is missing"))
            .and_then(|declared| {
                let names = capability::names(declared);
                names.map_err(|problem| malformed(CLIENT_CAPABILITIES, &problem))
            })?;
        let client_info = params.meta.get(CLIENT_INFO).map(Object::of).transpose();
        let client_info = client_info.map_err(|problem| malformed(CLIENT_INFO, &problem))?;
        check_revision(&version)?;
        Ok(Self {
            capabilities,
            client_info,
            level: None,
        })
    }
}

fn malformed(key: &str, problem: &str) -> Error {
    Error::InvalidEnvelope(format!("params._meta[\"{key}\"] {problem}"))
}

/// A handshake revision is served too, but not in this shape.
fn check_revision(version: &str) -> Result<(), Error> {
    const STATELESS: &[Revision] = &[Revision::MODERN];
    let supported = match Revision::parse(version) {
        Some(Revision::MODERN) => return Ok(()),
        Some(_) => STATELESS,
        None => &Revision::ALL,
    };
    Err(Error::UnsupportedVersion {
        requested: shown(version),
        supported,
    })
}

/// From which level on a client wants lines of the log. An unknown level is not a fault of the
/// envelope: the request can be understood without it.
fn log_level(params: &Params<'_>) -> Result<Option<LogLevel>, Error> {
    let unknown = || Error::InvalidParams(format!("params._meta[\"{LOG_LEVEL}\"] is no level"));
    let Some(level) = params.meta.get(LOG_LEVEL) else {
        return Ok(None);
    };
    let name = object::string(level).ok_or_else(unknown)?;
    watching::level(&name).map(Some).ok_or_else(unknown)
}

/// Whether a server has this method.
fn is_served(open: &OpenServer, method: &str) -> bool {
    let listed = || list::offered::Kind::of_method(method);
    matches!(
        method,
        "server/discover" | "tools/list" | "subscriptions/listen"
    ) || tasks::METHODS.contains(&method)
        || Method::parse(method).is_some_and(|method| method.is_served(open))
        || listed().is_some_and(|kind| kind.is_served(open))
}

async fn dispatch(
    exchange: &Exchange,
    request: &Request<'_>,
    params: &Params<'_>,
    mut envelope: Envelope<'_>,
) -> Result<Answer, Error> {
    mirror::check_method(&exchange.headers, &request.method)?;
    envelope.level = match log_level(params) {
        Ok(level) => level,
        Err(bad) if is_served(&exchange.site.open, &request.method) => return Err(bad),
        // What is not there cannot be asked for in a wrong way.
        Err(_) => return Err(Error::MethodNotFound(shown(&request.method))),
    };
    match &*request.method {
        "server/discover" => Ok(discover(exchange, request.id)),
        "tools/list" => {
            let lists = exchange.site.lists();
            let cursor = params.members.get("cursor");
            let page = lists.page(&exchange.site.open, Revision::MODERN, cursor)?;
            Ok(Answer::written(request.id, &page))
        }
        "subscriptions/listen" => {
            listen::answer(exchange, request.id, params, &envelope.capabilities)
        }
        other => {
            let open = &exchange.site.open;
            let listed = list::offered::Kind::of_method(other);
            if let Some(kind) = listed.filter(|kind| kind.is_served(open)) {
                let prepared = exchange.site.prepared();
                let cursor = params.members.get("cursor");
                let page = prepared.offered(open.server(), kind, Revision::MODERN, cursor)?;
                return Ok(Answer::written(request.id, &page));
            }
            if let Some(method) = Method::parse(other).filter(|method| method.is_served(open)) {
                return call::answer(exchange, request.id, method, params, &envelope).await;
            }
            let can = &envelope.capabilities;
            let of_tasks = tasks::answer(exchange, other, request.id, params, can).await;
            of_tasks.unwrap_or_else(|| Err(Error::MethodNotFound(shown(other))))
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Discovered<'a> {
    result_type: &'static str,
    supported_versions: Vec<&'static str>,
    capabilities: Capabilities,
    ttl_ms: u32,
    cache_scope: &'static str,
    #[serde(rename = "_meta")]
    meta: Meta<'a>,
}

/// What a server can do. Only what is there is promised.
#[derive(Debug, Serialize)]
pub(super) struct Capabilities {
    tools: Listed,
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<Listed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompts: Option<Listed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completions: Option<Nothing>,
    logging: Nothing,
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<Extensions>,
}

impl Capabilities {
    /// Those of a server to this caller, as far as a revision has words for them.
    pub(super) fn of(open: &OpenServer, revision: Revision) -> Self {
        let has_completions = method::completes(open) && revision.has_completions();
        Self {
            tools: Listed::CHANGING,
            resources: method::has_resources(open).then_some(Listed {
                subscribe: Some(true),
                ..Listed::CHANGING
            }),
            prompts: method::has_prompts(open).then_some(Listed::CHANGING),
            completions: has_completions.then_some(Nothing {}),
            logging: Nothing {},
            extensions: (revision == Revision::MODERN).then_some(Extensions),
        }
    }
}

/// A list whose changes are told, and perhaps those of what is in it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    #[serde(skip_serializing_if = "Option::is_none")]
    subscribe: Option<bool>,
    list_changed: bool,
}

impl Listed {
    const CHANGING: Self = Self {
        subscribe: None,
        list_changed: true,
    };
}

/// `{}`: there, with nothing more to say.
#[derive(Debug, Serialize)]
struct Nothing {}

fn discover(exchange: &Exchange, id: Id<'_>) -> Answer {
    let newest_first = Revision::ALL.iter().rev().map(|revision| revision.as_str());
    let discovered = Discovered {
        result_type: "complete",
        supported_versions: newest_first.collect(),
        capabilities: Capabilities::of(&exchange.site.open, Revision::MODERN),
        ttl_ms: DISCOVER_TTL_MS,
        cache_scope: "private",
        meta: Meta::of_server(exchange.site.info()),
    };
    Answer::result(id, &discovered)
}
