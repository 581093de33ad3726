//! Clients that hold connections without getting on: some send their headers a byte at a time,
//! some ask for much and do not read it.

use crate::driver::{Request, Tally, bytes_of};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::sleep,
};
use tokio_util::sync::CancellationToken;

/// Clients that send slowly, for each one that does not read.
const SENDERS: usize = 15;
/// Between two bytes.
const DRIP: Duration = Duration::from_secs(1);
/// How long an answer is left unread before it is asked for again on another connection.
const UNREAD: Duration = Duration::from_secs(40);
/// What the kernel takes in for a client that does not read.
const RECEIVE_BYTES: u32 = 4 << 10;

/// Holds connections until `stop`: for each lane one that does not read, and several that send
/// slowly. Says how often the gateway closed one.
pub(super) async fn run(
    address: SocketAddr,
    calls: &[Request],
    lanes: usize,
    stop: CancellationToken,
) -> Tally {
    let tally = Arc::new(Mutex::new(Tally::default()));
    let mut running = JoinSet::new();
    for lane in 0..lanes {
        let call = bytes_of(&calls[lane % calls.len()]);
        running.spawn(repeat(Arc::clone(&tally), move || {
            do_not_read(address, call.clone())
        }));
        for _ in 0..SENDERS {
            running.spawn(repeat(Arc::clone(&tally), move || send_slowly(address)));
        }
    }
    stop.cancelled().await;
    running.shutdown().await;
    let tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
    tally.clone()
}

async fn repeat<F>(tally: Arc<Mutex<Tally>>, client: impl Fn() -> F)
where
    F: Future<Output = std::io::Result<&'static str>>,
{
    loop {
        let what = match client().await {
            Ok(what) => what.to_owned(),
            Err(error) => error.kind().to_string(),
        };
        tally
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(what);
        sleep(Duration::from_millis(10)).await;
    }
}

/// Sends a header a byte at a time until the gateway has enough of it.
async fn send_slowly(address: SocketAddr) -> std::io::Result<&'static str> {
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(b"POST /mcp/x HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        .await?;
    while stream.write_all(b"x").await.is_ok() {
        sleep(DRIP).await;
    }
    Ok("slow sender closed")
}

/// Asks for a large answer and leaves it where it is.
async fn do_not_read(address: SocketAddr, call: Vec<u8>) -> std::io::Result<&'static str> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(RECEIVE_BYTES)?;
    let mut stream = socket.connect(address).await?;
    stream.write_all(&call).await?;
    sleep(UNREAD).await;
    Ok("answer left unread")
}
