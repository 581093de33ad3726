//! Revision 2026-07-28: each request says everything, and headers repeat some of it.

use super::{
    Exchange, Params,
    answer::Answer,
    ask::{self, InputRequired},
    call, capability,
    envelope::{Id, Request},
    error::{Era, Error, shown},
    mirror,
    object::{self, Object},
    result::{CallResult, Meta, ServerInfo},
    revision::Revision,
    seal::Place,
};
use casemate_domain::Conclusion;
use serde::Serialize;
use std::borrow::Cow;

/// The key of `_meta` that makes a request modern.
pub(super) const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";
/// The keys of `_meta` that decide something.
pub(super) const META_KEYS: [&str; 3] = [PROTOCOL_VERSION, CLIENT_CAPABILITIES, CLIENT_INFO];

/// How long a client may believe what a server is. It changes with the gateway, not with tools.
const DISCOVER_TTL_MS: u32 = 60_000;

/// What a client says about itself in each request.
struct Envelope<'a> {
    capabilities: Vec<String>,
    client_info: Option<Object<'a>>,
}

/// Answers a request that names its version.
pub(super) async fn answer(
    exchange: &Exchange<'_>,
    request: &Request<'_>,
    params: &Params<'_>,
    declared: Option<&str>,
) -> Answer {
    let answered = match Envelope::check(params, declared) {
        Ok(envelope) => dispatch(exchange, request, params, &envelope).await,
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

async fn dispatch(
    exchange: &Exchange<'_>,
    request: &Request<'_>,
    params: &Params<'_>,
    envelope: &Envelope<'_>,
) -> Result<Answer, Error> {
    mirror::check_method(&exchange.headers, &request.method)?;
    match &*request.method {
        "server/discover" => Ok(discover(exchange, request.id)),
        "tools/list" => {
            let prepared = exchange.prepared();
            let cursor = params.members.get("cursor");
            let page = prepared.list(exchange.open.server(), Revision::MODERN, cursor)?;
            Ok(Answer::written(request.id, &page))
        }
        "tools/call" => call(exchange, request.id, params, envelope).await,
        other => Err(Error::MethodNotFound(shown(other))),
    }
}

async fn call(
    exchange: &Exchange<'_>,
    id: Id<'_>,
    params: &Params<'_>,
    envelope: &Envelope<'_>,
) -> Result<Answer, Error> {
    let name = checked_name(exchange, params, envelope)?;
    let arguments = call::arguments(params)?;
    let place = || {
        let text = arguments.map_or("{}", |arguments| arguments.get());
        let open = &exchange.open;
        Place::new(open.server().record.id, open.credential(), &name, text)
    };
    let mut request = call::request(
        exchange,
        params,
        envelope.client_info.as_ref(),
        &name,
        arguments,
    );
    request
        .client_capabilities
        .clone_from(&envelope.capabilities);
    request.continuation = ask::continuation(exchange, params, place)?;
    let finished = call::run(exchange, request).await?;
    match &finished.outcome.conclusion {
        Conclusion::ProtocolError(error) => Err(call::refusal(error)),
        Conclusion::NeedInput(need) => {
            let capabilities = &envelope.capabilities;
            let asked = InputRequired::new(exchange, &finished, need, capabilities, &place())?;
            Ok(Answer::result(id, &asked))
        }
        _ => {
            let server = server_info(exchange);
            Ok(Answer::result(
                id,
                &CallResult::of(&finished, Revision::MODERN, Some(server)),
            ))
        }
    }
}

/// The name of the tool, once the headers agree with it and the client can do what it needs.
fn checked_name<'a>(
    exchange: &Exchange<'_>,
    params: &Params<'a>,
    envelope: &Envelope<'_>,
) -> Result<Cow<'a, str>, Error> {
    let name = call::name(params)?;
    mirror::check_name(&exchange.headers, &name)?;
    // A tool that is not there has nothing to be checked; that is said when it is called.
    let Some(tool) = call::tool(exchange, &name) else {
        return Ok(name);
    };
    if let Some(arguments) = params.members.get("arguments") {
        let prepared = exchange.prepared();
        for mirror in prepared.mirrors(exchange.open.server(), tool) {
            mirror.check(&exchange.headers, arguments)?;
        }
    }
    let needed = tool
        .definition
        .needs
        .client_capabilities
        .iter()
        .map(String::as_str);
    let missing = capability::missing(needed, &envelope.capabilities);
    if missing.is_empty() {
        Ok(name)
    } else {
        Err(Error::MissingCapabilities(missing))
    }
}

fn server_info<'e>(exchange: &'e Exchange<'_>) -> ServerInfo<'e> {
    ServerInfo::new(exchange.open.server().record.name.as_str())
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

/// What a server can do. Only what is there is promised: no word about changed lists, for which
/// clients would hold a stream open, no log, no resources, no prompts.
#[derive(Debug, Default, Serialize)]
pub(super) struct Capabilities {
    tools: Nothing,
}

/// `{}`: there, with nothing more to say.
#[derive(Debug, Default, Serialize)]
struct Nothing {}

fn discover(exchange: &Exchange<'_>, id: Id<'_>) -> Answer {
    let newest_first = Revision::ALL.iter().rev().map(|revision| revision.as_str());
    let discovered = Discovered {
        result_type: "complete",
        supported_versions: newest_first.collect(),
        capabilities: Capabilities::default(),
        ttl_ms: DISCOVER_TTL_MS,
        cache_scope: "private",
        meta: Meta::of_server(server_info(exchange)),
    };
    Answer::result(id, &discovered)
}
