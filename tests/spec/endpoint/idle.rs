//! Clients that listen and say nothing are most of the clients there are: thousands of them cost
//! little memory, hold nobody up, and leave nothing behind.

use casemate_tests::{
    ADMIN_TOKEN, Gateway, Server,
    http::{Request, post},
    mcp::{Legacy, Modern},
    sample,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

const STREAMS: usize = 5_000;
/// What a key may have open.
const OF_A_KEY: usize = 16;
/// What one stream may cost, in bytes: all of it, from the buffers of its connection on.
const MOST: usize = 16 << 10;

/// An open stream; closing it is dropping it.
struct Listener {
    stream: TcpStream,
}

/// A request as it goes over the wire.
fn bytes(request: &Request) -> Vec<u8> {
    let request = request.to_http();
    let host = request.uri().authority().unwrap();
    let (method, path) = (request.method(), request.uri().path());
    let mut bytes = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n");
    for (name, value) in request.headers() {
        bytes += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    bytes += &format!("Content-Length: {}\r\n\r\n", request.body().len());
    [bytes.as_bytes(), request.body()].concat()
}

/// The stream of the stateless revision.
fn listening(gateway: &Gateway, server: &Server, key: &str) -> Vec<u8> {
    let client = Modern::new(gateway.endpoint(server), key);
    let wanted = json!({ "notifications": { "toolsListChanged": true } });
    bytes(&client.message("subscriptions/listen", wanted).request())
}

/// The stream of a session, each of another one: a session has one stream.
fn listening_in_a_session(gateway: &Gateway, server: &Server, key: &str) -> Vec<u8> {
    let client = Legacy::connect(gateway.endpoint(server), key, Legacy::NEWEST);
    bytes(&client.without_body("GET"))
}

impl Listener {
    /// Opens a stream. Who says nothing at its beginning has begun when its head is there.
    fn open(gateway: &Gateway, request: &[u8], beginning: &str) -> Self {
        let mut stream = TcpStream::connect(gateway.mcp_addr()).unwrap();
        stream.write_all(request).unwrap();
        let mut listener = Self { stream };
        listener.await_word(beginning);
        listener
    }

    /// Reads on until a word comes.
    #[track_caller]
    fn await_word(&mut self, word: &str) {
        let patience = Some(Duration::from_secs(20));
        self.stream.set_read_timeout(patience).unwrap();
        let (mut seen, mut piece) = (Vec::new(), [0; 4096]);
        while !String::from_utf8_lossy(&seen).contains(word) {
            let length = self.stream.read(&mut piece).unwrap();
            let text = String::from_utf8_lossy(&seen);
            assert!(length > 0, "the stream ended before {word}: {text}");
            seen.extend_from_slice(&piece[..length]);
        }
    }
}

/// Opens files as far as the system lets us: half of each stream is ours.
fn raise_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Nofile, raised).unwrap();
    let enough = maximum.is_none_or(|files| files > STREAMS as u64 + 1_000);
    assert!(
        enough,
        "{maximum:?} files are too few for {STREAMS} streams"
    );
}

fn keys(gateway: &Gateway, server: &Server, count: usize) -> Vec<String> {
    let make = |number: usize| {
        let key = json!({ "name": format!("listener-{number}"), "servers": [server.id] });
        let made = post(&gateway.admin_url("/v1/keys")).bearer(ADMIN_TOKEN);
        let made = made.json(&key).send().json();
        made["key"].as_str().unwrap().to_owned()
    };
    (0..count).map(make).collect()
}

/// Streams of both eras: each fifth is that of a session.
fn listen(gateway: &Gateway, server: &Server, keys: &[String], count: usize) -> Vec<Listener> {
    let open = |number: usize| {
        let key = &keys[number / OF_A_KEY];
        if number.is_multiple_of(5) {
            let request = listening_in_a_session(gateway, server, key);
            Listener::open(gateway, &request, "text/event-stream")
        } else {
            let request = listening(gateway, server, key);
            Listener::open(gateway, &request, "subscriptions/acknowledged")
        }
    };
    (0..count).map(open).collect()
}

/// A line of `/proc/PID/status`, in bytes.
fn memory(gateway: &Gateway) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", gateway.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.unwrap().trim().trim_end_matches(" kB");
    kib.parse::<usize>().unwrap() << 10
}

/// How long the gateway has computed so far.
fn computed(gateway: &Gateway) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{}/stat", gateway.pid())).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next().unwrap().parse::<u64>().unwrap();
    Duration::from_millis((ticks() + ticks()) * 10)
}

/// The middle one of some calls.
fn latency(gateway: &Gateway, server: &Server) -> Duration {
    let client = gateway.modern(server);
    let mut all: Vec<_> = (0..100)
        .map(|_| {
            let start = Instant::now();
            assert_eq!(client.call("echo", json!({ "text": "x" })).text(), "x");
            start.elapsed()
        })
        .collect();
    all.sort();
    all[all.len() / 2]
}

/// A server of another workspace, which has nothing to do with those who listen.
fn busy_server(gateway: &Gateway) -> Server {
    let server = gateway.server("busy");
    gateway.push(&server, sample("echo"));
    server
}

/// The slowest call that began while something else was done.
fn slowest_while<T>(gateway: &Gateway, server: &Server, then: impl FnOnce() -> T) -> (T, Duration) {
    let is_over = AtomicBool::new(false);
    let client = gateway.modern(server);
    thread::scope(|scope| {
        let calling = scope.spawn(|| {
            let mut slowest = Duration::ZERO;
            while !is_over.load(Ordering::Relaxed) {
                let start = Instant::now();
                assert_eq!(client.call("echo", json!({ "text": "x" })).text(), "x");
                slowest = slowest.max(start.elapsed());
            }
            slowest
        });
        let done = then();
        is_over.store(true, Ordering::Relaxed);
        (done, calling.join().unwrap())
    })
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "not so: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Sockets that the gateway holds.
fn sockets(gateway: &Gateway) -> usize {
    let files = fs::read_dir(format!("/proc/{}/fd", gateway.pid())).unwrap();
    let targets = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    let is_socket = |target: &std::path::PathBuf| target.to_string_lossy().starts_with("socket");
    targets.filter(is_socket).count()
}

#[test]
fn five_thousand_idle_streams_cost_little_and_leave_nothing_behind() {
    raise_files();
    let gateway = Gateway::start();
    let server = gateway.server("idle");
    gateway.push(&server, sample("echo"));
    let keys = keys(&gateway, &server, STREAMS.div_ceil(OF_A_KEY));
    // Whatever is made once, for the first stream or call, is no matter of this test.
    drop(listen(&gateway, &server, &keys, 64));
    let alone = latency(&gateway, &server);
    let (few_sockets, before) = (sockets(&gateway), memory(&gateway));

    let mut open = listen(&gateway, &server, &keys, STREAMS);
    let each = memory(&gateway).saturating_sub(before) / STREAMS;
    let start = (Instant::now(), computed(&gateway));
    thread::sleep(Duration::from_secs(2));
    let idle = (computed(&gateway) - start.1).as_secs_f64() / start.0.elapsed().as_secs_f64();
    let crowded = latency(&gateway, &server);
    let beside = busy_server(&gateway);
    let (_, untold) = slowest_while(&gateway, &beside, || {
        gateway.cli(["tool", "list", "-s", &server.id]).ok();
        thread::sleep(Duration::from_millis(500));
    });
    let tool = format!("{}/echo", server.name);
    let (told, slowest) = slowest_while(&gateway, &beside, || {
        gateway.cli(["tool", "deactivate", &tool]).ok();
        let change = Instant::now();
        for listener in &mut open {
            listener.await_word("tools/list_changed");
        }
        change.elapsed()
    });
    let told_memory = memory(&gateway).saturating_sub(before) / STREAMS;
    drop(open);
    until("the streams are closed", || {
        sockets(&gateway) <= few_sockets + 8
    });
    let left = memory(&gateway).saturating_sub(before) / STREAMS;
    let again = listen(&gateway, &server, &keys, STREAMS);
    let second = memory(&gateway).saturating_sub(before) / STREAMS;
    drop(again);
    // The runner swallows what tests print; the numbers are for whoever runs it.
    let numbers = format!(
        "{STREAMS} idle streams, a fifth of them of sessions: {each} bytes each, {told_memory} once told, {left} when closed, \
         {second} when opened again; a call takes {alone:?} without and {crowded:?} beside them; \
         idle they take {:.1} % of a core; all were told of a change in {told:?}, and the slowest call meanwhile took {slowest:?} ({untold:?} when nothing changes)\n",
        idle * 100.0
    );
    std::io::stderr().write_all(numbers.as_bytes()).unwrap();
    assert!(each < MOST && told_memory < MOST, "{numbers}");
    assert!(
        second < each + (2 << 10),
        "a second crowd costs more: {numbers}"
    );
    assert!(crowded < alone * 4 + Duration::from_millis(20), "{numbers}");
    assert!(idle < 0.5, "{numbers}");
}

#[test]
fn who_speaks_on_a_stream_costs_nothing_and_is_told_all_the_same() {
    const SPEAKERS: usize = 800;
    let gateway = Gateway::start();
    let server = gateway.server("speakers");
    gateway.push(&server, sample("echo"));
    let keys = keys(&gateway, &server, SPEAKERS / OF_A_KEY);
    let mut open = listen(&gateway, &server, &keys, SPEAKERS);
    for listener in &mut open {
        listener
            .stream
            .write_all(b"POST /mcp/next HTTP/1.1\r\n")
            .unwrap();
    }
    thread::sleep(Duration::from_millis(500));
    let before = computed(&gateway);
    thread::sleep(Duration::from_secs(2));
    let took = computed(&gateway) - before;
    assert!(
        took < Duration::from_millis(60),
        "{took:?} of 2 s for nothing"
    );
    let tool = format!("{}/echo", server.name);
    gateway.cli(["tool", "deactivate", &tool]).ok();
    for listener in &mut open {
        listener.await_word("tools/list_changed");
    }
    // Whoever goes on is not held in memory until it ends by itself.
    let sockets_open = sockets(&gateway);
    for listener in &mut open {
        // The gateway may have closed it in the middle.
        drop(listener.stream.write_all(&[b'x'; 64 << 10]));
    }
    until("those who speak on are gone", || {
        sockets(&gateway) + SPEAKERS <= sockets_open + 8
    });
}
