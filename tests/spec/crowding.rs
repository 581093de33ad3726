//! Nobody keeps others out by holding what all need: connections, memory, places for uploads.

use casemate_tests::{ADMIN_TOKEN, Gateway, Server, Shared, http, sample};
use serde_json::json;
use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

static GATEWAY: Shared<Gateway> = Shared::new(Gateway::start);

/// The head of a request whose body is longer than what follows, and the beginning of the body.
fn begun(gateway: &Gateway, server: &Server) -> String {
    format!(
        "POST /mcp/{} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
         Content-Length: 1000\r\n\r\n{{",
        server.id,
        gateway.mcp_addr(),
        server.key,
    )
}

fn connect(address: SocketAddr, bytes: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    stream
}

#[test]
fn one_key_does_not_take_all_connections() {
    let gateway = Gateway::builder()
        .config("server.max_connections = 30")
        .start();
    let (greedy, modest) = (gateway.server("greedy"), gateway.server("modest"));
    gateway.push(&modest, sample("echo"));
    let begun = begun(&gateway, &greedy);
    let held: Vec<_> = (0..30)
        .map(|_| connect(gateway.mcp_addr(), &begun))
        .collect();
    thread::sleep(Duration::from_millis(500));
    let refused = held.iter().filter(|stream| {
        let mut answer = String::new();
        stream.set_nonblocking(true).unwrap();
        let mut stream: &TcpStream = stream;
        // Whole only if the connection was closed after it.
        stream.read_to_string(&mut answer).is_ok()
            && answer.starts_with("HTTP/1.1 503")
            && answer.contains("retry-after: 1")
    });
    assert_eq!(refused.count(), 10, "two thirds may be held by one");
    // Sooner than bodies that stall are given up.
    let alive = http::get(&gateway.mcp_url("/livez"))
        .patience(Duration::from_secs(2))
        .send();
    assert_eq!(alive.status, 200);
    let reply = gateway
        .modern(&modest)
        .call("echo", json!({ "text": "hi" }));
    assert_eq!(reply.text(), "hi");
    drop(held);
}

#[test]
fn a_body_that_stalls_is_given_up_long_before_one_that_arrives() {
    let gateway = GATEWAY.get();
    let server = gateway.server("stalls");
    let begun = begun(&gateway, &server);
    let answer = http::raw(
        gateway.mcp_addr(),
        begun.as_bytes(),
        Duration::from_secs(15),
    );
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[test]
fn uploads_that_drip_hold_up_no_upload_that_has_arrived() {
    let gateway = GATEWAY.get();
    let server = gateway.server("uploads");
    let begun = format!(
        "POST /v1/components HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {ADMIN_TOKEN}\r\n\
         Content-Length: 5000000\r\n\r\n",
        gateway.admin_addr()
    );
    let mut dripping = [(); 4].map(|()| connect(gateway.admin_addr(), &begun));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            // Fast enough for not being given up, and for a minute at least.
            while !done.load(Ordering::Relaxed) {
                for stream in &mut dripping {
                    drop(stream.write_all(&[0; 8 << 10]));
                }
                thread::sleep(Duration::from_millis(200));
            }
        });
        thread::sleep(Duration::from_millis(500));
        let push = gateway.cli([
            "push",
            sample("echo").to_str().unwrap(),
            "-s",
            &server.id,
            "--yes",
        ]);
        done.store(true, Ordering::Relaxed);
        push.ok();
    });
    // They were all still there.
    for stream in &dripping {
        stream.set_nonblocking(true).unwrap();
        let mut stream: &TcpStream = stream;
        let nothing = stream.read(&mut [0; 1]).unwrap_err();
        assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
    }
}
