//! A connection to the gateway that stays open, and takes anything.

use super::maker::Request;
use casemate_tests::{Gateway, Server};
use serde_json::json;
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

const PATIENCE: Duration = Duration::from_secs(20);

/// What came back.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    /// 0 if nothing did.
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The answer to a call that answered with this text; or to what else is asked, with this
    /// result; or to a batch, with these answers.
    pub(super) fn of(text: &str) -> Self {
        let is_result = ["{\"contents\"", "{\"messages\""].map(|start| text.starts_with(start));
        let result = if is_result.contains(&true) {
            serde_json::from_str(text).unwrap()
        } else {
            let content = json!([{ "type": "text", "text": text }]);
            json!({ "content": content, "resultType": "complete" })
        };
        let body = if text.starts_with('[') {
            text.to_owned()
        } else {
            json!({ "jsonrpc": "2.0", "id": 1, "result": result }).to_string()
        };
        Self {
            status: 200,
            body: body.into_bytes(),
        }
    }
}

/// A connection, opened anew when it was closed.
pub(super) struct Line {
    address: SocketAddr,
    head: String,
    open: Option<BufReader<TcpStream>>,
}

impl Line {
    pub(super) fn new(gateway: &Gateway, server: &Server) -> Self {
        let address = gateway.mcp_addr();
        // No event streams: an answer is one message then.
        let head = format!(
            "POST /mcp/{} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nAccept: application/json\r\n",
            server.id, server.key
        );
        Self {
            address,
            head,
            open: None,
        }
    }

    /// Sends a request and reads the answer. A connection that was closed before is tried again
    /// once.
    pub(super) fn ask(&mut self, request: &Request) -> Answer {
        let was_open = self.open.is_some();
        let answer = self.try_ask(request);
        if answer.is_none() {
            self.open = None;
        }
        match answer {
            None if was_open => self.try_ask(request).unwrap_or_default(),
            answer => answer.unwrap_or_default(),
        }
    }

    fn try_ask(&mut self, request: &Request) -> Option<Answer> {
        let mut bytes = self.head.clone().into_bytes();
        for (name, value) in &request.headers {
            bytes.extend_from_slice(format!("{name}: ").as_bytes());
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        let length = format!("Content-Length: {}\r\n\r\n", request.body.len());
        bytes.extend_from_slice(length.as_bytes());
        bytes.extend_from_slice(&request.body);
        let address = self.address;
        let open = self.open.get_or_insert_with(|| {
            let stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.set_nodelay(true).unwrap();
            BufReader::new(stream)
        });
        open.get_mut().write_all(&bytes).ok()?;
        let (mut status, mut length, mut closes) = (0, 0, false);
        loop {
            let mut line = String::new();
            if open.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest.get(..3)?.parse().ok()?;
            } else if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().ok()?;
            } else if line == "connection: close" {
                closes = true;
            } else if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        open.read_exact(&mut body).ok()?;
        if closes {
            self.open = None;
        }
        Some(Answer { status, body })
    }
}

/// A number that differs from run to run.
pub(super) fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_nanos() as u64
}
