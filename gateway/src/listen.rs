//! The accept loop: connections that are bounded in number, size and time.
//!
//! Our own, because the server of the web framework installs no timer, and without one a client
//! that sends its headers one byte at a time holds a connection for ever.
//!
//! A connection on which the server only tells of something now and then leaves the web framework
//! and is served by [`quiet`], which needs no buffers in between.

mod account;
mod again;
mod quiet;
mod socket;

pub use account::{Account, TooMany};
use quiet::Watched;
pub use quiet::{Handover, Quiet};
use socket::Socket;

use crate::portion::Pool;
use axum::{Router, body::Body};
use casemate_runtime::Meter;
use http::{Request, Response};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{HttpService, Service},
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time,
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service as _;

/// How long a client may take to send the head of a request, the first and every further one.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may leave an answer unread, or a single event.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// The largest head of a request, in bytes.
const MAX_HEADER_BYTES: usize = 32 << 10;
/// The most headers of a request.
const MAX_HEADERS: usize = 100;
/// How long to wait after the system refused a connection, for example for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A stream that gives up on a client that does not read.
type Patient = Pin<Box<TimeoutStream<Socket>>>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The other end of a connection, for handlers that ask for it.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// A connection, as far as who answers its requests may know.
#[derive(Debug)]
pub struct Connection {
    /// The other end.
    pub peer: Peer,
    /// Who pays for it.
    pub account: Account,
    /// Where a quiet response is left.
    pub handover: Handover,
}

/// An answer on its way.
pub type Answering = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

/// What answers the requests of a listener.
pub trait Answers: Clone + Send + Sync + Unpin + 'static {
    /// Answers a request of a connection.
    fn answer(&self, request: Request<Incoming>, connection: &Arc<Connection>) -> Answering;
}

impl Answers for Router {
    fn answer(&self, request: Request<Incoming>, connection: &Arc<Connection>) -> Answering {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(connection.peer);
        Box::pin(self.clone().call(request))
    }
}

/// What answers, for one connection.
struct Desk<A> {
    answers: A,
    connection: Arc<Connection>,
}

impl<A: Answers> Service<Request<Incoming>> for Desk<A> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        self.answers.answer(request, &self.connection)
    }
}

/// How a listener serves.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Connections at once.
    pub most_connections: usize,
    /// Ends it.
    pub stop: CancellationToken,
    /// How long running requests may go on after that.
    pub drain: Duration,
    /// Measures what connections take.
    pub meter: Meter,
}

/// Serves a listener until it is stopped, then lets running requests end.
pub async fn serve(listener: TcpListener, answers: impl Answers, terms: Terms) {
    let Terms {
        most_connections,
        stop,
        drain,
        meter,
    } = terms;
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(most_connections));
    let shared = Arc::new(Pool::new(most_connections as u64));
    let builder = builder();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (stream, peer) = stream;
        let (account, handover) = (Account::new(&shared), Handover::default());
        let socket = Socket::new(stream);
        let desk = Desk {
            answers: answers.clone(),
            connection: Arc::new(Connection {
                peer,
                account: account.clone(),
                handover: handover.clone(),
            }),
        };
        let stream = TokioIo::new(handover.watch(patient(socket.clone(), WRITE_TIMEOUT)));
        let connection = builder.serve_connection(stream, desk);
        // One of its own, so that connections do not wait for each other to look at it. Boxed, because
        // it is large and whoever holds it would have room for it twice.
        let connection = Box::pin(converse(connection, handover, stop.child_token()));
        let connection = again::at_once(connection);
        let meter = meter.clone();
        connections.spawn(async move {
            let gone = socket.gone();
            let ended = tokio::select! {
                biased;
                ended = account.pay(meter, connection) => ended,
                () = gone => Ok(()),
            };
            if let Err(error) = ended {
                tracing::debug!(error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    if time::timeout(drain, connections.wait()).await.is_err() {
        tracing::warn!("some requests did not end in time and were cut off");
    }
}

/// Serves a connection to its end. After `stop` that is the end of the request which it is serving.
async fn converse<S>(
    mut connection: http1::Connection<TokioIo<Watched<Patient>>, S>,
    handover: Handover,
    stop: CancellationToken,
) -> Result<(), BoxError>
where
    S: HttpService<Incoming, ResBody = Body, Error: Into<BoxError>> + Unpin,
{
    let mut stopping = pin!(stop.cancelled());
    let mut is_stopping = false;
    let handed_over = poll_fn(|context| {
        if !is_stopping && stopping.as_mut().poll(context).is_ready() {
            is_stopping = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        match Pin::new(&mut connection).poll(context) {
            Poll::Ready(served) => Poll::Ready(served.map(|()| None)),
            Poll::Pending => match handover.take() {
                Some(response) => Poll::Ready(Ok(Some(response))),
                None => Poll::Pending,
            },
        }
    });
    if let Some(response) = handed_over.await? {
        let stream = connection.into_parts().io.into_inner().into_inner();
        let patience = quiet::Patience::default();
        Box::pin(quiet::tell(stream, response, patience, stop.clone())).await?;
    }
    Ok(())
}

/// How many connections a listener may hold, given how many files this process may open. The rest is
/// for loaded components, the store, requests of tools, and the other listener: whoever opens connections at
/// one must not lock administrators out of the other.
pub fn affordable(wanted: usize, share: Share) -> usize {
    let files = open_files();
    let affordable = match share {
        Share::Most => files / 2,
        Share::Little => files / 8,
    };
    if affordable < wanted {
        tracing::info!(
            files,
            connections = affordable,
            wanted,
            "fewer connections than configured: this process may not open more files"
        );
    }
    wanted.min(affordable).max(1)
}

/// Which part of the files a listener may have open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// The listener that everybody reaches.
    Most,
    /// The listener of administrators.
    Little,
}

/// How many files this process may open, after raising the limit as far as it goes: the low default
/// is for programs that cannot count beyond it, which this one can.
pub fn open_files() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    let granted = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => maximum,
        Err(_) => current,
    };
    granted.map_or(usize::MAX, |files| {
        usize::try_from(files).unwrap_or(usize::MAX)
    })
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<((TcpStream, Peer), tokio::sync::OwnedSemaphorePermit)> {
    // The place first: a connection that nobody may serve stays in the kernel's queue.
    let place = Arc::clone(places)
        .acquire_owned()
        .await
        .expect("this semaphore is never closed");
    let (stream, address) = listener.accept().await?;
    // Replies are small and complete; waiting to join them with more costs milliseconds.
    stream.set_nodelay(true)?;
    Ok(((stream, Peer(address)), place))
}

/// A stream that gives up on a client that does not read. Reading has no limit here: while a call
/// runs, the client rightly says nothing.
fn patient(stream: Socket, unread: Duration) -> Patient {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(unread));
    Box::pin(stream)
}

/// HTTP/1 only: without TLS no client of ours speaks anything else, and a client that says nothing
/// must not be waited for while it is guessed what it will speak.
fn builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER_BYTES)
        .max_headers(MAX_HEADERS);
    builder
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    /// More than the system keeps of what nobody reads.
    const MUCH: usize = 64 << 20;

    /// What becomes of a long answer to a client that reads it, or reads nothing.
    async fn written(to: impl AsyncFnOnce(TcpStream)) -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let client = TcpStream::connect(listener.local_addr()?).await?;
        let (stream, _) = listener.accept().await?;
        let mut stream = patient(Socket::new(stream), Duration::from_millis(200));
        let answer = vec![0; MUCH];
        let writing = async {
            let written = stream.write_all(&answer).await;
            drop(stream);
            written
        };
        tokio::join!(writing, to(client)).0
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_given_up() {
        let silent = async |client| {
            time::sleep(Duration::from_secs(2)).await;
            drop(client);
        };
        let error = written(silent).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn control_a_client_that_reads_gets_all_of_it() {
        let reads = async |mut client: TcpStream| {
            let mut all = Vec::new();
            client.read_to_end(&mut all).await.unwrap();
            assert_eq!(all.len(), MUCH);
        };
        written(reads).await.unwrap();
    }
}
