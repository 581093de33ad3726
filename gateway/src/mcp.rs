//! The MCP endpoint: `POST /mcp/{server}` for five revisions of the protocol on one URL.
//!
//! Two eras meet here. A request whose `_meta` names a protocol version is *modern* (2026-07-28,
//! stateless: each request says everything); everything else is *legacy* (2024-11-05 to
//! 2025-11-25, opened by `initialize`). The body decides; headers are cross-checks. Sessions are
//! sealed tokens that clients carry, so that any request can be answered from the snapshot alone.
//!
//! An answer is JSON, or an event stream if something has to be said before it: [`running`] decides
//! that when it happens, [`watching`] writes notifications, [`listen`] holds the streams of clients
//! that wait for changes.
//!
//! The way of a request: [`transport`] checks names, key and form before the body is read;
//! [`envelope`] reads the body; [`modern`] or [`legacy`] answers. Arguments and results pass as the
//! bytes they came as; only the envelope around them is read. [`error`] is the one table of
//! everything that can be refused, in the order in which it is checked.
//!
//! Not here: what a tool is, who may call it and how it runs. That is `service`.

mod answer;
mod aside;
mod ask;
mod call;
mod canonical;
mod capability;
mod client;
mod cors;
mod decimal;
mod envelope;
mod error;
mod events;
mod legacy;
mod list;
mod listen;
mod method;
mod mirror;
mod modern;
mod object;
mod params;
mod places;
mod prepared;
pub mod result;
mod revision;
mod running;
mod seal;
mod search;
mod tasks;
mod transport;
pub(crate) mod unique;
mod watching;

pub use list::ListSize;
pub use seal::Seal;

use crate::{
    body,
    listen::{Account, TooMany},
    portion::{Pool, Taken},
    service::{OpenServer, ServerView, Service, threads_of_all},
};
use answer::Answer;
use axum::body::{Body, HttpBody};
use bytes::Bytes;
use envelope::Message;
use error::{Era, Error};
use http::{HeaderMap, Method, Response, header};
use params::Params;
use prepared::{Lists, Prepared};
use result::ServerInfo;
use revision::Revision;
use running::Background;
use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// How long the body of a request may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(30);

/// Under which names the endpoint answers, and how much it reads.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Host names under which requests may arrive, with a port if only that port is meant.
    pub allowed_hosts: Vec<String>,
    /// Web origins whose pages may send requests, such as `https://tools.example.com`.
    pub allowed_origins: Vec<String>,
    /// Whether `localhost` and loopback addresses are allowed as hosts and origins too.
    pub allow_loopback_names: bool,
    /// The largest body of a request, in bytes.
    pub max_body_bytes: usize,
    /// The bodies of all requests that are in memory at once, in bytes.
    pub all_body_bytes: u64,
}

/// The MCP endpoint of every server. Cloning copies a pointer.
#[derive(Debug, Clone)]
pub struct Endpoint {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    service: Arc<Service>,
    settings: Settings,
    prepared: prepared::Cache,
    seal: Seal,
    background: Background,
    listeners: Arc<listen::Listeners>,
    legacy: Arc<legacy::Memory>,
    bodies: Arc<Pool>,
    /// Threads for large requests, of all workspaces.
    aside: Arc<Semaphore>,
}

/// What an HTTP request brings.
enum Brought {
    Message {
        body: Bytes,
        /// Its part of the memory for bodies, held as long as the body.
        _taken: Taken,
    },
    /// No body, by its method.
    Nothing(Method),
}

impl Brought {
    fn bytes(&self) -> usize {
        match self {
            Self::Message { body, .. } => body.len(),
            Self::Nothing(_) => 0,
        }
    }
}

/// A server that a key opened, and what it takes to call its tools.
#[derive(Debug, Clone)]
struct Site {
    inner: Arc<Inner>,
    open: OpenServer,
}

/// One HTTP request that was let in: whose it is, what its headers say, when it came.
#[derive(Debug)]
struct Exchange {
    site: Site,
    headers: HeaderMap,
    received: Instant,
}

impl Endpoint {
    /// An endpoint over a service. Another one with the same seal continues what this one began:
    /// calls that wait for input. It ends its streams when `stop` is cancelled.
    pub fn new(
        service: Arc<Service>,
        settings: Settings,
        seal: Seal,
        stop: CancellationToken,
    ) -> Self {
        let prepared = prepared::Cache::default();
        let (background, listeners) = (Background::new(stop), Arc::<listen::Listeners>::default());
        background.spawn(Arc::clone(&listeners).pass_on(service.access().changes()));
        let legacy = Arc::<legacy::Memory>::default();
        background.spawn(Arc::clone(&legacy).keep_to_keys(Arc::clone(&service)));
        let bodies = Arc::new(Pool::new(settings.all_body_bytes));
        Self {
            inner: Arc::new(Inner {
                service,
                settings,
                prepared,
                seal,
                background,
                listeners,
                legacy,
                bodies,
                aside: Arc::new(Semaphore::new(threads_of_all())),
            }),
        }
    }

    /// Ends calls that still run although the listeners have ended, and waits until they are
    /// recorded.
    pub async fn end(&self) {
        self.inner.background.end().await;
    }

    /// Answers one HTTP request for one server.
    /// The account is that of its connection.
    pub async fn handle(
        &self,
        server_id: &str,
        request: http::Request<impl HttpBody<Data = Bytes> + Unpin>,
        account: Option<&Account>,
    ) -> Response<Body> {
        let settings = &self.inner.settings;
        let Some(origin) = cors::origin(settings, request.headers()) else {
            return self.answered(server_id, request, account).await;
        };
        let (parts, body) = request.into_parts();
        if let Some(allowed) = cors::asked_before(settings, &parts, &origin) {
            return allowed;
        }
        let request = http::Request::from_parts(parts, body);
        let mut response = self.answered(server_id, request, account).await;
        cors::let_read(&mut response, origin);
        response
    }

    async fn answered(
        &self,
        server_id: &str,
        request: http::Request<impl HttpBody<Data = Bytes> + Unpin>,
        account: Option<&Account>,
    ) -> Response<Body> {
        match self.admit(server_id, request, account).await {
            Ok((exchange, brought)) => {
                // Pinned here: whoever takes a future by value has room for it twice.
                let answer = pin!(exchange.answer(&brought));
                let answer = match exchange.site.open.reading(brought.bytes()) {
                    Some(turns) => aside::run(turns, &self.inner.aside, answer).await,
                    None => answer.await,
                };
                answer.into_response()
            }
            Err(error) => {
                let mut response = Answer::error(None, &error, Era::Modern).into_response();
                if error == Error::TooManyConnections {
                    let close = http::HeaderValue::from_static("close");
                    response.headers_mut().insert(header::CONNECTION, close);
                }
                response
            }
        }
    }

    /// Everything that is decided before a byte of the body is looked at, cheapest first, except
    /// that nobody learns anything about a server without its key.
    async fn admit(
        &self,
        server_id: &str,
        request: http::Request<impl HttpBody<Data = Bytes> + Unpin>,
        account: Option<&Account>,
    ) -> Result<(Exchange, Brought), Error> {
        let received = Instant::now();
        let (parts, body) = request.into_parts();
        let inner = &self.inner;
        transport::check_names(&inner.settings, &parts)?;
        let key = transport::bearer(&parts.headers);
        let open = inner.service.access().open(server_id, key.as_deref())?;
        if let Some(account) = account
            && let (Some(tenant), Some(connections)) = (open.tenant(), open.connections())
        {
            let set = account.set(tenant, connections);
            set.map_err(|TooMany| Error::TooManyConnections)?;
        }
        let brought = if matches!(parts.method, Method::GET | Method::DELETE) {
            Brought::Nothing(parts.method)
        } else {
            transport::check_form(&parts)?;
            let allowed = body::Allowance {
                bytes: inner.settings.max_body_bytes,
                time: BODY_TIME,
            };
            let mut taken = Taken::nothing(&inner.bodies, &open.bodies());
            let read = body::read(&parts.headers, body, allowed, Some(&mut taken));
            Brought::Message {
                body: read.await?,
                _taken: taken,
            }
        };
        Ok((
            Exchange {
                site: Site {
                    inner: Arc::clone(inner),
                    open,
                },
                headers: parts.headers,
                received,
            },
            brought,
        ))
    }
}

impl Site {
    fn server(&self) -> &Arc<ServerView> {
        self.open.server()
    }

    /// The same server as of now, if the key still opens it.
    fn reopened(&self) -> Result<Self, Error> {
        Ok(Self {
            inner: Arc::clone(&self.inner),
            open: self.inner.service.access().reopen(&self.open)?,
        })
    }

    fn prepared(&self) -> Arc<Prepared> {
        self.inner.prepared.of(self.server())
    }

    /// What was worked out of the tools that this key sees.
    fn lists(&self) -> Arc<Lists> {
        self.prepared().lists(&self.open)
    }

    /// Who answers, in the words of the protocol.
    fn info(&self) -> ServerInfo<'_> {
        ServerInfo::new(self.server().record.name.as_str())
    }
}

impl Exchange {
    async fn answer(&self, brought: &Brought) -> Answer {
        let declared = match mirror::declared_version(&self.headers) {
            Ok(declared) => declared,
            Err(error) => return Answer::error(None, &error, Era::Modern),
        };
        let body = match brought {
            Brought::Message { body, .. } => body,
            Brought::Nothing(method) => return legacy::without_body(self, method, declared),
        };
        match envelope::read(body) {
            Ok(envelope::Body::One(message)) => self.one(message, declared).await,
            Ok(envelope::Body::Batch(items)) => legacy::batch(self, declared, &items).await,
            Err(rejected) => Answer::error(rejected.id, &rejected.error, Era::Modern),
        }
    }

    /// Finds the era of one message.
    async fn one(&self, message: Message<'_>, declared: Option<&str>) -> Answer {
        let modern_header = declared == Some(Revision::MODERN.as_str());
        match message {
            Message::Response(_) if modern_header => {
                let error = Error::InvalidRequest("A server of this revision asks nothing".into());
                Answer::error(None, &error, Era::Modern)
            }
            // Calls of this revision are withdrawn by closing their connections.
            Message::Notification(_) if modern_header => Answer::accepted(),
            Message::Notification(notification) => legacy::take(self, &notification, declared),
            Message::Response(response) => legacy::hear(self, &response, declared),
            Message::Request(mut request) => match Params::read(request.params.take()) {
                Ok(params) if params.names_version() => {
                    modern::answer(self, &request, &params, declared).await
                }
                Ok(_) if modern_header => modern::without_envelope(&request),
                Ok(params) => legacy::answer(self, &request, &params, declared).await,
                Err(problem) if modern_header => Answer::error(
                    Some(request.id),
                    &Error::InvalidEnvelope(problem),
                    Era::Modern,
                ),
                Err(problem) => Answer::error(
                    Some(request.id),
                    &Error::InvalidParams(problem),
                    Era::Legacy,
                ),
            },
        }
    }
}

#[cfg(test)]
mod tests;
