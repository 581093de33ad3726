//! Many calls on their way at once, over a few connections: every answer is that to its own call.

use super::GATEWAY;
use bytes::Bytes;
use casemate_tests::{
    Gateway, Server,
    http::Request,
    mcp::{Legacy, Modern},
    sample,
};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{Arc, Mutex as SyncMutex},
};
use tokio::sync::Mutex;

const CALLS: usize = 10_000;
/// Connections, each used by every task in turn.
const CONNECTIONS: usize = 12;
const TASKS: usize = 48;
/// So few ids that the same one is always on its way on other connections too.
const IDS: usize = 7;

/// One way to speak to one server.
struct Speaker {
    server: Server,
    modern: Modern,
    legacy: Legacy,
}

impl Speaker {
    fn new(gateway: &Gateway, name: &str, revision: &str) -> Self {
        let server = gateway.server(name);
        gateway.push(&server, sample("echo"));
        let endpoint = gateway.endpoint(&server);
        Self {
            modern: gateway.modern(&server),
            legacy: Legacy::connect(endpoint, &server.key, revision),
            server,
        }
    }

    /// The call of this number, in either era.
    fn call(&self, number: usize) -> Request {
        let text = json!({ "text": self.text(number) });
        if number.is_multiple_of(2) {
            let call = self.modern.calling("echo", text).id(id(number));
            return call.request();
        }
        let params = json!({ "name": "echo", "arguments": text });
        let body = json!({
            "jsonrpc": "2.0", "id": id(number), "method": "tools/call", "params": params,
        });
        self.legacy.http().json(&body)
    }

    /// What only this call says, of some length so that pieces could get lost.
    fn text(&self, number: usize) -> String {
        format!("{}:{number}:{}", self.server.name, "x".repeat(number % 300))
    }

    #[track_caller]
    fn assert_answers(&self, number: usize, message: &Value) {
        assert_eq!(message["id"], id(number), "call {number}: {message}");
        let said = &message["result"]["content"][0]["text"];
        assert_eq!(*said, json!(self.text(number)), "call {number}");
        let is_modern = message["result"].get("resultType").is_some();
        assert_eq!(is_modern, number.is_multiple_of(2), "call {number}");
    }
}

/// Strings and integers that look alike.
fn id(number: usize) -> Value {
    let id = number % IDS;
    if number.is_multiple_of(3) {
        json!(id.to_string())
    } else {
        json!(id)
    }
}

fn speakers(prefix: &str) -> (Arc<Gateway>, Vec<Speaker>) {
    let gateway = GATEWAY.get();
    let named = Legacy::VERSIONS.iter();
    let all = named.map(|it| Speaker::new(&gateway, &format!("{prefix}-{it}"), it));
    let all = all.collect();
    (gateway, all)
}

type Line = Arc<Mutex<SendRequest<Full<Bytes>>>>;

async fn connect(address: SocketAddr) -> Line {
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (line, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    Arc::new(Mutex::new(line))
}

/// Sends a request over a connection that others wait for.
async fn send(line: &Line, request: Request) -> Value {
    let mut request = request.to_http().map(|body| Full::new(Bytes::from(body)));
    let uri = std::mem::take(request.uri_mut());
    let host = uri.authority().unwrap().as_str().parse().unwrap();
    request.headers_mut().insert("host", host);
    *request.uri_mut() = uri.path().parse().unwrap();
    let mut line = line.lock().await;
    line.ready().await.expect("the connection stays open");
    let response = line.send_request(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_at_once_are_each_answered_by_their_own_answer() {
    let (gateway, speakers) = tokio::task::spawn_blocking(|| speakers("crowd"))
        .await
        .unwrap();
    let (address, speakers) = (gateway.mcp_addr(), Arc::new(speakers));
    let mut lines = Vec::new();
    for _ in 0..CONNECTIONS {
        lines.push(connect(address).await);
    }
    let lines = Arc::new(lines);
    let answered = Arc::new(SyncMutex::new(BTreeMap::<usize, usize>::new()));
    let tasks = (0..TASKS).map(|task| {
        let (lines, speakers) = (Arc::clone(&lines), Arc::clone(&speakers));
        let answered = Arc::clone(&answered);
        tokio::spawn(async move {
            for number in (task..CALLS).step_by(TASKS) {
                // Every task uses every connection and every speaker, each in another order.
                let line = &lines[(number / TASKS + task) % CONNECTIONS];
                let speaker = &speakers[(number / 2) % speakers.len()];
                let message = send(line, speaker.call(number)).await;
                speaker.assert_answers(number, &message);
                *answered.lock().unwrap().entry(number).or_default() += 1;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let answered = answered.lock().unwrap();
    assert_eq!(answered.len(), CALLS);
    assert!(answered.values().all(|times| *times == 1));
}

#[test]
fn calls_that_are_sent_without_waiting_are_answered_in_their_order() {
    let (gateway, speakers) = speakers("pipeline");
    let mut stream = TcpStream::connect(gateway.mcp_addr()).unwrap();
    let mut bytes = Vec::new();
    for number in 0..200 {
        let request = speakers[number % 4].call(number).to_http();
        let (path, host) = (request.uri().path(), gateway.mcp_addr());
        write!(bytes, "POST {path} HTTP/1.1\r\nHost: {host}\r\n").unwrap();
        for (name, value) in request.headers() {
            write!(bytes, "{name}: {}\r\n", value.to_str().unwrap()).unwrap();
        }
        let end = if number == 199 {
            "Connection: close\r\n"
        } else {
            ""
        };
        let length = request.body().len();
        write!(bytes, "{end}Content-Length: {length}\r\n\r\n").unwrap();
        bytes.extend_from_slice(request.body());
    }
    let mut sender = stream.try_clone().unwrap();
    let sending = std::thread::spawn(move || sender.write_all(&bytes).unwrap());
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    sending.join().unwrap();
    let bodies = answers.split("\r\n\r\n").skip(1);
    let mut count = 0;
    for (number, body) in bodies.enumerate() {
        let body = body.split("HTTP/1.1 ").next().unwrap();
        let message = serde_json::from_str(body).unwrap();
        speakers[number % 4].assert_answers(number, &message);
        count += 1;
    }
    assert_eq!(count, 200);
}
