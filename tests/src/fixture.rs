//! A web server on loopback for tools that reach out: it answers as the test says and remembers
//! what it was asked.

mod reply;

pub use reply::Reply;

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, PoisonError},
    thread,
};
use tokio::sync::oneshot;

/// One request that reached the fixture.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The method, in capitals.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query as it came, without `?`; empty if there is none.
    pub query: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Recorded {
    /// A header as text, or nothing if it is not there.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// What the connections share.
struct Site {
    answer: Box<dyn Fn(&Recorded) -> Reply + Send + Sync>,
    requests: Mutex<Vec<Recorded>>,
}

impl Site {
    async fn answer(
        self: Arc<Self>,
        request: http::Request<Incoming>,
    ) -> Result<http::Response<reply::Body>, Infallible> {
        let (head, body) = request.into_parts();
        let recorded = Recorded {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers,
            body: body
                .collect()
                .await
                .map(|body| body.to_bytes())
                .unwrap_or_default(),
        };
        let reply = (self.answer)(&recorded);
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(recorded);
        Ok(reply.send().await)
    }
}

/// The running server. Dropping it closes its port.
pub struct Fixture {
    address: SocketAddr,
    site: Arc<Site>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Fixture {
    /// Starts a server that answers every request with what this function says.
    pub fn start(answer: impl Fn(&Recorded) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        listener
            .set_nonblocking(true)
            .expect("a listener can be non-blocking");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let site = Arc::new(Site {
            answer: Box::new(answer),
            requests: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&site);
        let thread = thread::spawn(move || serve(listener, served, stopped));
        Self {
            address,
            site,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Scheme, host and port, as `--grant-host` takes them.
    pub fn host(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A URL on it; the path starts with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Every request so far, in order of arrival.
    pub fn requests(&self) -> Vec<Recorded> {
        self.site
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl std::fmt::Debug for Fixture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fixture")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Serves until told to stop. Leaving the runtime drops connections that are still open, so a
/// reply that never ends does not hold up the end of a test.
fn serve(listener: TcpListener, site: Arc<Site>, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime
        .expect("a runtime can be made")
        .block_on(async move {
            tokio::select! {
                () = accept(listener, site) => {}
                _ = stopped => {}
            }
        });
}

async fn accept(listener: TcpListener, site: Arc<Site>) {
    let listener = tokio::net::TcpListener::from_std(listener);
    let listener = listener.expect("a non-blocking listener suits tokio");
    while let Ok((stream, _)) = listener.accept().await {
        let site = Arc::clone(&site);
        let answer = service_fn(move |request| Arc::clone(&site).answer(request));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
        // The other end may break off; that is what some tools under test are made to do.
        tokio::spawn(async move { drop(connection.await) });
    }
}

#[cfg(test)]
mod tests {
    use super::{Fixture, Reply};
    use crate::http::get;
    use serde_json::json;
    use std::time::{Duration, Instant};

    #[test]
    fn the_fixture_answers_as_told_and_remembers() {
        let fixture = Fixture::start(|request| match &*request.path {
            "/moved" => Reply::redirect("/json"),
            "/json" => Reply::json(json!({ "query": request.query })),
            _ => Reply::status(404),
        });
        let moved = get(&fixture.url("/moved")).header("X-A", "b").send();
        assert_eq!(
            (moved.status, moved.header("location")),
            (302, Some("/json"))
        );
        assert_eq!(
            get(&fixture.url("/json?a=b")).send().json(),
            json!({ "query": "a=b" })
        );
        assert_eq!(get(&fixture.url("/else")).send().status, 404);
        let seen = fixture.requests();
        assert_eq!((seen.len(), seen[0].header("x-a")), (3, Some("b")));
    }

    #[test]
    fn a_reply_can_be_late_or_big() {
        let fixture = Fixture::start(|request| match &*request.path {
            "/late" => Reply::text("at last").after(Duration::from_millis(50)),
            _ => Reply::bytes(3_000_000),
        });
        let start = Instant::now();
        assert_eq!(get(&fixture.url("/late")).send().text(), "at last");
        assert!(start.elapsed() >= Duration::from_millis(50));
        assert_eq!(get(&fixture.url("/big")).send().body.len(), 3_000_000);
    }

    #[test]
    fn an_endless_reply_does_not_hold_up_the_end() {
        let fixture = Fixture::start(|_| Reply::drip(b"tick\n", Duration::from_millis(5)));
        let mut reader = get(&fixture.url("/")).open().into_reader();
        let mut first = [0; 5];
        reader.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"tick\n");
        drop(fixture);
    }
}
