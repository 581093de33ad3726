//! Nobody keeps others out by holding what all need: the CPU, connections, memory, places
//! for uploads.

#![expect(
    clippy::print_stdout,
    reason = "how the CPU was shared is worth a look, with --nocapture"
)]

use casemate_tests::{ADMIN_TOKEN, Gateway, Server, Shared, guest, http, sample};
use serde_json::{Value, json};
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

/// Opens thirty connections that begin a request each. Gives them, and how many were refused.
fn crowd(gateway: &Gateway, server: &Server) -> (Vec<TcpStream>, usize) {
    let begun = begun(gateway, server);
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
    let refused = refused.count();
    (held, refused)
}

#[test]
fn control_where_there_is_room_all_connections_are_held() {
    let gateway = GATEWAY.get();
    let (_held, refused) = crowd(&gateway, &gateway.server("roomy"));
    assert_eq!(refused, 0);
}

#[test]
fn one_key_does_not_take_all_connections() {
    let gateway = Gateway::builder()
        .config("server.max_connections = 30")
        .start();
    let (greedy, modest) = (gateway.server("greedy"), gateway.server("modest"));
    gateway.push(&modest, sample("echo"));
    let (held, refused) = crowd(&gateway, &greedy);
    assert_eq!(refused, 10, "two thirds may be held by one");
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

/// How many calls a modest workspace has, for as many times as a greedy one: one for each core.
fn modest() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Which part of the CPU a workspace gets beside another one with five times as many endless calls.
fn part_of_the_modest(settings: &str) -> f64 {
    let gateway = Gateway::builder()
        .config("limits.fuel = 10_000_000_000_000\nlimits.wall_ms = 2_000")
        .config(settings)
        .start();
    let servers = ["modest", "greedy"].map(|name| {
        let server = gateway.server(name);
        gateway.push(&server, guest("hostile"));
        server
    });
    let call = |server: &Server| gateway.modern(server).call("endless_loop", json!({}));
    thread::scope(|scope| {
        // The many first, so that the few do not get what they have not asked for yet.
        for (server, times) in servers.iter().zip([1, 5]).rev() {
            for _ in 0..times * modest() {
                scope.spawn(move || call(server));
            }
        }
    });
    let [modest, greedy] = servers.each_ref().map(|server| {
        let records = gateway.records(server, "endless_loop");
        let used = |record: &Value| record["receipt"]["cpu_us"].as_f64().unwrap();
        records.iter().map(used).sum::<f64>()
    });
    println!("{settings}: {modest} µs beside {greedy} µs");
    modest / (modest + greedy)
}

/// Tries a few times: when others take the CPU, the calls of a workspace may all begin late.
fn in_one_of_three(settings: &str, holds: impl Fn(f64) -> bool) {
    let parts: Vec<_> = (0..3).map(|_| part_of_the_modest(settings)).collect();
    assert!(parts.iter().any(|part| holds(*part)), "{parts:?}");
}

#[test]
fn a_workspace_gets_its_part_of_the_cpu_beside_one_with_many_calls() {
    in_one_of_three("", |part| part > 0.4);
}

#[test]
fn control_without_fair_shares_it_gets_as_little_as_its_calls_are_few() {
    in_one_of_three("sandbox.fair_share = false", |part| part < 0.3);
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

/// Sends a body of garbage piece by piece, one each tenth of a second, until it is whole or the other
/// side has had enough of it. Gives the answer.
fn piece_by_piece(gateway: &Gateway, server: &Server, piece: usize, pieces: usize) -> String {
    let all = piece * pieces;
    let begun =
        begun(gateway, server).replace("Content-Length: 1000", &format!("Content-Length: {all}"));
    let mut stream = connect(gateway.mcp_addr(), &begun);
    // A byte is there already.
    let mut left = all - 1;
    while left > 0 {
        thread::sleep(Duration::from_millis(100));
        let next = piece.min(left);
        if stream.write_all(&vec![b' '; next]).is_err() {
            break;
        }
        left -= next;
    }
    let mut answer = String::new();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    // The other side keeps the connection open if it has read all.
    drop(stream.read_to_string(&mut answer));
    answer
}

#[test]
fn a_body_that_drips_is_given_up() {
    let gateway = GATEWAY.get();
    let server = gateway.server("drips");
    let answer = piece_by_piece(&gateway, &server, 1, 100);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[test]
fn control_a_body_that_takes_as_long_but_flows_is_read() {
    let gateway = GATEWAY.get();
    let server = gateway.server("flows");
    let answer = piece_by_piece(&gateway, &server, 10_000, 80);
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[test]
fn heads_are_bounded_in_number_and_size() {
    let gateway = GATEWAY.get();
    let status = |headers: usize, bytes: usize| {
        let mut head = "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n".to_owned();
        for n in 0..headers {
            head += &format!("x-{n}: {}\r\n", "y".repeat(bytes));
        }
        head += "\r\n";
        let answer = http::raw(gateway.mcp_addr(), head.as_bytes(), Duration::from_secs(10));
        String::from_utf8_lossy(&answer)
            .split(' ')
            .nth(1)
            .unwrap_or_default()
            .to_owned()
    };
    // What arrived at once is looked at before it is found to be too much.
    for (headers, bytes) in [(99, 1), (1, 64 << 10), (50, 1_400)] {
        assert_eq!(status(headers, bytes), "431", "{headers} of {bytes} bytes");
    }
    for (headers, bytes) in [(98, 1), (1, 30_000), (50, 500)] {
        let fine = status(headers, bytes);
        assert!(
            fine.starts_with(['2', '4']) && fine != "431",
            "{headers} of {bytes} bytes: {fine}"
        );
    }
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

/// Arguments of half a megabyte that no tool takes. They are read and checked beside the threads that
/// serve connections, of which a workspace has two.
#[test]
fn large_arguments_of_many_calls_at_once_are_all_checked() {
    let gateway = GATEWAY.get();
    let server = gateway.server("large");
    gateway.push(&server, sample("echo"));
    let call = || {
        let arguments = json!({ "text": vec![0; 250_000] });
        gateway.modern(&server).call("echo", arguments)
    };
    thread::scope(|scope| {
        let calls: Vec<_> = (0..12).map(|_| scope.spawn(call)).collect();
        for call in calls {
            let reply = call.join().unwrap();
            assert_eq!(reply.result()["isError"], true);
        }
    });
}
