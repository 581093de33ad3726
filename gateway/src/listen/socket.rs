//! A socket that is read by one and watched by another.
//!
//! The HTTP library notices that a client has gone by reading, and while it holds bytes of a next
//! request it does not read. So whoever sends some bytes more and leaves would never be missed, and
//! its call would run to its end.

use futures_util::FutureExt as _;
use std::{
    future::poll_fn,
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::TcpStream,
    time,
};

/// How often to look whether a client has gone while it left bytes that nobody reads yet.
const LOOK: Duration = Duration::from_millis(50);
/// How long an answer may still take to a client that will send nothing more.
const GRACE: Duration = Duration::from_millis(20);

/// A socket. Cloning gives another handle on the same one, for the same task.
#[derive(Debug, Clone)]
pub(super) struct Socket {
    stream: Arc<Mutex<TcpStream>>,
}

impl Socket {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream: Arc::new(Mutex::new(stream)),
        }
    }

    /// Waits until the other side has closed, read or not what it sent before. To be polled by the
    /// task that reads, because there is one waker for both.
    pub(super) async fn gone(&self) {
        loop {
            let readable = poll_fn(|context| self.stream().poll_read_ready(context));
            if readable.await.is_err() || self.is_closed() {
                return time::sleep(GRACE).await;
            }
            time::sleep(LOOK).await;
        }
    }

    fn is_closed(&self) -> bool {
        let stream = self.stream();
        let ready = stream.ready(Interest::READABLE).now_or_never();
        ready.is_some_and(|ready| ready.is_ok_and(|ready| ready.is_read_closed()))
    }

    fn stream(&self) -> MutexGuard<'_, TcpStream> {
        // Nothing panics while it holds this lock.
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream()).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream()).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream().is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{io::AsyncWriteExt as _, net::TcpListener};

    #[tokio::test]
    async fn one_that_leaves_unread_bytes_behind_is_missed_all_the_same() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(address).await.unwrap();
        let socket = Socket::new(listener.accept().await.unwrap().0);
        client.write_all(b"bytes that nobody reads").await.unwrap();
        let soon = || time::timeout(3 * LOOK, socket.gone());
        assert!(soon().await.is_err(), "it is still there");
        drop(client);
        assert!(soon().await.is_ok(), "it has gone");
    }
}
