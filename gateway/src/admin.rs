//! The admin API: JSON in, JSON out, one access token. A thin door to `service`.

pub mod calls;
pub mod components;
mod extract;
pub mod health;
pub mod keys;
pub mod limits;
pub mod runs;
pub mod secrets;
pub mod servers;
pub mod tasks;
pub mod tokens;
pub mod tools;
pub mod versions;
pub mod workspaces;

pub use extract::{Body, Largest, Parameters};

use crate::{
    host_name,
    listen::Peer,
    problem::{Code, Problem},
    service::Service,
};
use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use percent_encoding::percent_decode_str;
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// What handlers work with. Cloning copies pointers.
#[derive(Debug, Clone)]
pub struct App {
    /// What does the work.
    pub service: Arc<Service>,
    /// What stands before `/mcp/…` in the URL of a server, without a slash at its end.
    pub public_url: Arc<str>,
    /// Where the public listener listens.
    pub listens_at: SocketAddr,
    /// The largest request for a call, in bytes: as large as one of a client.
    pub max_call_bytes: usize,
    /// Ends streams when the gateway stops.
    pub stop: CancellationToken,
    /// Uploads that arrive and that are worked on.
    pub uploads: Arc<Uploads>,
}

/// How many uploads there are at once. Each holds a whole component in memory.
#[derive(Debug)]
pub struct Uploads {
    arriving: Arc<Semaphore>,
    worked_on: Arc<Semaphore>,
}

/// Uploads that are worked on, if no more are compiled at once.
const WORKED_ON: u32 = 4;
/// Uploads that arrive, beside those.
const ARRIVING: u32 = 12;

impl Uploads {
    /// With room for as many as are compiled at once.
    pub(crate) fn new(compiled_at_once: u64) -> Self {
        let worked_on = Self::worked_on(compiled_at_once);
        Self {
            arriving: Arc::new(Semaphore::new(worked_on.saturating_add(ARRIVING) as usize)),
            worked_on: Arc::new(Semaphore::new(worked_on as usize)),
        }
    }

    /// How many are worked on at once, each of which may need a sandbox.
    pub(crate) fn worked_on(compiled_at_once: u64) -> u32 {
        u32::try_from(compiled_at_once).map_or(WORKED_ON, |compiled| compiled.max(WORKED_ON))
    }

    /// Waits until one more may arrive.
    pub(crate) async fn arriving(&self) -> OwnedSemaphorePermit {
        permit(&self.arriving).await
    }

    /// Waits until one more, which has arrived, may be worked on.
    pub(crate) async fn turn(&self) -> OwnedSemaphorePermit {
        permit(&self.worked_on).await
    }
}

async fn permit(semaphore: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    let permit = Arc::clone(semaphore).acquire_owned().await;
    permit.expect("this semaphore is never closed")
}

/// Lets a request through if its access token is right, and tells the handler whose it is.
pub async fn authenticate(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let mut values = request.headers().get_all(header::AUTHORIZATION).iter();
    // Of two headers a proxy in front may have checked the other one.
    let (first, is_only) = (values.next(), values.next().is_none());
    let token = bearer(first);
    let access = app.service.access();
    match access.administrator(token).filter(|_| is_only) {
        Some(administrator) => {
            request.extensions_mut().insert(administrator);
            next.run(request).await
        }
        None => {
            access.token_refused(source(&request), token);
            unauthenticated().into_response()
        }
    }
}

/// What follows `Bearer` in a header.
pub(crate) fn bearer(value: Option<&HeaderValue>) -> Option<&str> {
    let (scheme, credential) = value?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(credential)
}

/// Where a request came from: the other end of its connection, which may be a proxy.
pub(crate) fn source(request: &Request) -> Option<IpAddr> {
    let Peer(address) = request.extensions().get()?;
    Some(address.ip())
}

fn unauthenticated() -> Problem {
    Problem::new(Code::Unauthenticated, "Authentication failed").hint(
        "Set CASEMATE_TOKEN to the access token that the gateway printed at its first start, \
         or run: casemate login --url URL --token-stdin",
    )
}

/// Refuses requests that a web page sent: by a name that resolves to us but is not ours (DNS
/// rebinding), or with an `Origin`. The admin API has no web pages yet.
pub async fn check_host(State(_): State<App>, request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .or_else(|| {
            request
                .uri()
                .authority()
                .map(|authority| authority.as_str())
        });
    let named_locally = host.is_some_and(host_name::is_loopback);
    if named_locally && !request.headers().contains_key(header::ORIGIN) {
        return next.run(request).await;
    }
    Problem::new(
        Code::ForbiddenHost,
        "The admin API answers only to its loopback address.",
    )
    .hint("Use http://127.0.0.1 and the port, from a program and not from a web page.")
    .into_response()
}

/// Refuses an address that is no text once it is decoded: nothing has such a name.
pub async fn check_path(request: Request, next: Next) -> Response {
    let path = percent_decode_str(request.uri().path());
    if path.decode_utf8().is_err() {
        return not_found(request.uri().clone()).await.into_response();
    }
    next.run(request).await
}

/// The answer to an address that does not exist.
pub async fn not_found(uri: Uri) -> Problem {
    Problem::new(
        Code::NotFound,
        format!("There is nothing at {}.", uri.path()),
    )
}

/// The answer to an address that exists for other methods.
pub async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    Problem::new(
        Code::MethodNotAllowed,
        format!("{} does not take {method}.", uri.path()),
    )
}

#[cfg(test)]
mod tests {
    use super::Uploads;
    use futures_util::FutureExt as _;

    #[test]
    fn as_many_uploads_are_worked_on_as_are_compiled_and_more_arrive() {
        for (compiled_at_once, worked_on) in [(1, 4), (4, 4), (6, 6)] {
            let uploads = Uploads::new(compiled_at_once);
            let arriving: Vec<_> = (0..worked_on + 12)
                .map_while(|_| uploads.arriving().now_or_never())
                .collect();
            assert_eq!(arriving.len(), worked_on + 12);
            assert!(uploads.arriving().now_or_never().is_none());
            let turns: Vec<_> = (0..worked_on)
                .map_while(|_| uploads.turn().now_or_never())
                .collect();
            assert_eq!(turns.len(), worked_on);
            assert!(uploads.turn().now_or_never().is_none());
        }
    }
}
