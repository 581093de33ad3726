//! One connection, and as little HTTP/1.1 on it as it takes: whoever measures a server that answers
//! in microseconds must not need more of them itself.

use super::Request;
use anyhow::{Context, Result, bail, ensure};
use bytes::BytesMut;
use std::{net::SocketAddr, ops::Range};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// More than the head of any answer that is measured.
const HEADERS: usize = 64;
/// Room for one read. Short reads tell that there is no more, which saves asking.
const READ: usize = 128 << 10;

/// A connection that is kept.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    input: BytesMut,
    /// Whether the last answer came whole, and the other end waits for the next request.
    pub(crate) is_open: bool,
}

/// An answer, whole, as it lies in the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard<'a> {
    pub(crate) status: u16,
    /// As it was sent: with the lengths of chunks in between, if it came in chunks.
    pub(crate) body: &'a [u8],
}

impl Wire {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.context("no connection")?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            input: BytesMut::new(),
            is_open: true,
        })
    }

    /// Sends the bytes of a request and waits for the whole answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<Heard<'_>> {
        self.input.clear();
        self.is_open = false;
        self.stream.write_all(request).await?;
        loop {
            self.input.reserve(READ);
            let read = self.stream.read_buf(&mut self.input).await?;
            ensure!(read > 0, "the connection was closed");
            if let Some(Extent {
                status,
                body,
                closes,
            }) = extent(&self.input)?
            {
                self.is_open = !closes;
                let body = &self.input[body];
                return Ok(Heard { status, body });
            }
        }
    }
}

/// An answer that is there.
#[derive(Debug, PartialEq, Eq)]
struct Extent {
    status: u16,
    body: Range<usize>,
    /// Whether it is the last on its connection.
    closes: bool,
}

/// Where the body of an answer begins and ends, once it is there.
fn extent(input: &[u8]) -> Result<Option<Extent>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = answer.parse(input)? else {
        return Ok(None);
    };
    let status = answer.code.context("an answer has a status")?;
    let (mut end, mut closes) = (None, false);
    for header in &*answer.headers {
        if header.name.eq_ignore_ascii_case("content-length") {
            let length: usize = str::from_utf8(header.value)?.trim().parse()?;
            let there = head + length;
            end = Some((input.len() >= there).then_some(there));
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            end = Some(last_chunk(input, head)?);
        } else if header.name.eq_ignore_ascii_case("connection") {
            closes = header.value.eq_ignore_ascii_case(b"close");
        }
    }
    let end = end.context("an answer without a length")?;
    Ok(end.map(|end| Extent {
        status,
        body: head..end,
        closes,
    }))
}

/// The end of a body in chunks, once it is there.
fn last_chunk(input: &[u8], mut at: usize) -> Result<Option<usize>> {
    loop {
        match httparse::parse_chunk_size(&input[at..]) {
            Ok(httparse::Status::Complete((start, size))) => {
                // The chunk, and the end of its line.
                let end = at + start + usize::try_from(size)? + 2;
                if input.len() < end {
                    return Ok(None);
                }
                if size == 0 {
                    return Ok(Some(end));
                }
                at = end;
            }
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => bail!("a chunk without a size"),
        }
    }
}

/// A request as it goes over the wire.
pub(crate) fn bytes_of(request: &Request) -> Vec<u8> {
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
    use super::{bytes_of, extent};
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

    #[test]
    fn an_answer_ends_where_its_length_says_and_not_before() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        let whole = extent(answer).unwrap().unwrap();
        assert_eq!((whole.status, whole.body), (200, 38..40));
        assert!(!whole.closes);
        assert_eq!(extent(&answer[..39]).unwrap(), None);
        assert_eq!(extent(&answer[..20]).unwrap(), None);
    }

    #[test]
    fn an_answer_in_chunks_ends_with_the_empty_one() {
        let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
        let whole = extent(answer).unwrap().unwrap();
        assert_eq!(&answer[whole.body], b"2\r\n{}\r\n0\r\n\r\n");
        assert_eq!(extent(&answer[..answer.len() - 1]).unwrap(), None);
    }

    #[test]
    fn the_last_answer_of_a_connection_is_told_by_its_head() {
        let answer = b"HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        assert!(extent(answer).unwrap().unwrap().closes);
    }
}
