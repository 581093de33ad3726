//! Connections on which a server only tells of something now and then.
//!
//! There are thousands of them, and nearly always nothing happens. A web framework keeps buffers of
//! many KiB for each, in case that a request comes; here none will come any more. So the response
//! and the stream below it are taken out of the framework, and what is told is written as it comes.
//! The connection ends with its response: whoever wants more opens another one.
//!
//! Not here: what is told, and when it ends. That is the body of the response.

use super::WRITE_TIMEOUT;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response, Version, header, response};
use http_body_util::BodyExt as _;
use std::{
    future::pending,
    io::{self, Write as _},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    time,
};
use tokio_util::sync::CancellationToken;

/// What a client may do on a quiet connection before it is given up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// How long it may take to read one piece of the response. Until then the body is not asked, and
    /// so cannot end the stream.
    pub(super) piece: Duration,
    /// How long once the gateway stops.
    pub(super) farewell: Duration,
    /// What it may say, in bytes. Nobody hears it, but a next request that came too early is no
    /// reason to end the stream.
    pub(super) said: usize,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            piece: WRITE_TIMEOUT,
            farewell: Duration::from_secs(1),
            said: 16 << 10,
        }
    }
}

/// Marks a response, among its extensions, whose connection is for nothing else any more.
#[derive(Debug, Clone, Copy)]
pub struct Quiet;

/// The place where the handler of a request leaves a quiet response for its connection. Each
/// connection has one.
#[derive(Debug, Clone, Default)]
pub struct Handover(Arc<Place>);

#[derive(Debug, Default)]
struct Place {
    left: Mutex<Option<Response<Body>>>,
    /// Whether the framework still has something to write.
    is_writing: AtomicBool,
}

impl Handover {
    /// Whether the client of a request can read a body without a length.
    pub fn is_for<B>(request: &Request<B>) -> bool {
        request.version() == Version::HTTP_11
    }

    /// Leaves a quiet response and never returns. Any other comes back.
    pub async fn leave(&self, response: Response<Body>) -> Response<Body> {
        if response.extensions().get::<Quiet>().is_none() {
            return response;
        }
        *self.left() = Some(response);
        // The connection drops this request as soon as it is polled.
        pending().await
    }

    /// What was left, once everything before it is written: a client may send requests without
    /// waiting for answers.
    pub(super) fn take(&self) -> Option<Response<Body>> {
        if self.0.is_writing.load(Ordering::Relaxed) {
            return None;
        }
        self.left().take()
    }

    /// A stream that this notices the writing of.
    pub(super) fn watch<T>(&self, stream: T) -> Watched<T> {
        Watched {
            stream,
            handover: self.clone(),
        }
    }

    fn left(&self) -> MutexGuard<'_, Option<Response<Body>>> {
        self.0.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream of which is known whether its last write has to wait. As long as a framework has
/// something to write, that is so whenever it is done with trying.
#[derive(Debug)]
pub(super) struct Watched<T> {
    stream: T,
    handover: Handover,
}

impl<T> Watched<T> {
    pub(super) fn into_inner(self) -> T {
        self.stream
    }

    fn note<R>(&self, written: Poll<R>) -> Poll<R> {
        let is_writing = &self.handover.0.is_writing;
        is_writing.store(written.is_pending(), Ordering::Relaxed);
        written
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Watched<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Watched<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Writes a response to its end, or until nobody is there any more.
pub(super) async fn tell(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    response: Response<Body>,
    patience: Patience,
    stop: CancellationToken,
) -> io::Result<()> {
    let mut writer = Writer {
        stream,
        patience,
        stop,
    };
    let (head, mut body) = response.into_parts();
    writer.write(&opening(&head)).await?;
    let mut ignored = 0;
    loop {
        // Read even though nobody is heard: what stays in the socket keeps others from noticing that
        // the client has gone.
        let mut said = [0; 64];
        let told = tokio::select! {
            told = body.frame() => told,
            said = writer.stream.read(&mut said) => match said? {
                0 => return Ok(()),
                length => {
                    ignored += length;
                    if ignored > writer.patience.said {
                        return Err(io::ErrorKind::InvalidData.into());
                    }
                    continue;
                }
            },
        };
        let Some(told) = told else { break };
        let Ok(told) = told.map_err(io::Error::other)?.into_data() else {
            continue;
        };
        if !told.is_empty() {
            writer.write(&chunk(&told)).await?;
        }
    }
    writer.write(b"0\r\n\r\n").await?;
    writer.stream.shutdown().await
}

/// A stream that gives up on a client that does not read.
struct Writer<S> {
    stream: S,
    patience: Patience,
    stop: CancellationToken,
}

impl<S: AsyncWrite + Unpin> Writer<S> {
    async fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        let (patience, stop) = (self.patience, &self.stop);
        let overdue = async {
            stop.cancelled().await;
            time::sleep(patience.farewell).await;
        };
        let writing = time::timeout(patience.piece, self.stream.write_all(piece));
        let either = async {
            tokio::select! {
                written = writing => written?,
                () = overdue => Err(io::ErrorKind::TimedOut.into()),
            }
        };
        // Only while something is written: thousands have nothing to write.
        Box::pin(either).await
    }
}

/// The head of a response, as HTTP/1.1 writes it.
fn opening(head: &response::Parts) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    let status = head.status;
    let reason = status.canonical_reason().unwrap_or_default();
    let written = write!(bytes, "HTTP/1.1 {} {reason}\r\n", status.as_str());
    written.expect("memory takes what is written");
    for (name, value) in &head.headers {
        header_line(&mut bytes, name.as_str(), value.as_bytes());
    }
    let now = jiff::Timestamp::now();
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now);
    if let Ok(date) = date {
        header_line(&mut bytes, header::DATE.as_str(), date.as_bytes());
    }
    header_line(&mut bytes, header::TRANSFER_ENCODING.as_str(), b"chunked");
    header_line(&mut bytes, header::CONNECTION.as_str(), b"close");
    bytes.extend_from_slice(b"\r\n");
    bytes
}

fn header_line(bytes: &mut Vec<u8>, name: &str, value: &[u8]) {
    for part in [name.as_bytes(), b": ", value, b"\r\n"] {
        bytes.extend_from_slice(part);
    }
}

fn chunk(told: &Bytes) -> Vec<u8> {
    let mut bytes = format!("{:x}\r\n", told.len()).into_bytes();
    bytes.extend_from_slice(told);
    bytes.extend_from_slice(b"\r\n");
    bytes
}

#[cfg(test)]
mod tests;
