//! Clients that hold connections without getting on: some send their headers a byte at a time,
//! some ask for much and do not read it.

use crate::driver::{Request, Tally};
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

/// A request as it goes over the wire.
fn bytes_of(request: &Request) -> Vec<u8> {
    let (uri, body) = (request.uri(), request.body());
    let mut bytes = format!("{} {} HTTP/1.1\r\n", request.method(), uri.path()).into_bytes();
    let host = uri.authority().map_or("localhost", |host| host.as_str());
    bytes.extend(format!("host: {host}\r\ncontent-length: {}\r\n", body.len()).bytes());
    for (name, value) in request.headers() {
        bytes.extend(name.as_str().bytes());
        bytes.extend(b": ");
        bytes.extend(value.as_bytes());
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"\r\n");
    bytes.extend(body);
    bytes
}

#[cfg(test)]
mod tests {
    use super::bytes_of;
    use bytes::Bytes;

    #[test]
    fn a_request_is_written_as_http_has_it() {
        let request = http::Request::post("http://127.0.0.1:80/mcp/a")
            .header("accept", "*/*")
            .body(Bytes::from_static(b"{}"))
            .unwrap();
        let expected = "POST /mcp/a HTTP/1.1\r\nhost: 127.0.0.1:80\r\ncontent-length: 2\r\naccept: */*\r\n\r\n{}";
        assert_eq!(String::from_utf8(bytes_of(&request)).unwrap(), expected);
    }
}
