//! The world around guests that reach out: one server that an operator opened, listeners at other
//! addresses that nobody may reach, and a name server that means ill.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// Where the open server listens. Its range is the only one that is opened.
const OPEN: &str = "127.0.0.9";
const INSIDE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
/// Where somebody listens who must see nobody, with the port of the open server.
const TRAPS: [&str; 3] = ["127.0.0.1", "127.0.0.3", "::1"];

static WORLD: LazyLock<World> = LazyLock::new(World::start);

struct World {
    port: u16,
    dns: SocketAddr,
    trapped: Arc<AtomicUsize>,
}

/// A URL at the port of the open server.
pub(super) fn at(host: &str, path: &str) -> String {
    format!("http://{host}:{}{path}", WORLD.port)
}

/// What a gateway needs to know of this world.
pub(super) fn config() -> String {
    let dns = WORLD.dns;
    format!("egress.allow_ranges = ['{OPEN}/32']\negress.dns_servers = ['{dns}']\n")
}

/// How many connections there were to where nobody may come.
pub(super) fn trapped() -> usize {
    WORLD.trapped.load(Ordering::SeqCst)
}

impl World {
    fn start() -> Self {
        let (open, traps) = loop {
            if let Some(bound) = bind() {
                break bound;
            }
        };
        let port = open.local_addr().unwrap().port();
        let trapped = Arc::new(AtomicUsize::new(0));
        for trap in traps {
            let trapped = Arc::clone(&trapped);
            thread::spawn(move || {
                for stream in trap.incoming().flatten() {
                    trapped.fetch_add(1, Ordering::SeqCst);
                    answer(&stream, "200 OK", "", b"trapped");
                }
            });
        }
        thread::spawn(move || {
            for stream in open.incoming().flatten() {
                thread::spawn(move || serve(&stream, port));
            }
        });
        Self {
            port,
            dns: name_server(),
            trapped,
        }
    }
}

/// Listeners with one port, if it is free everywhere.
fn bind() -> Option<(TcpListener, Vec<TcpListener>)> {
    let open = TcpListener::bind((OPEN, 0)).unwrap();
    let port = open.local_addr().unwrap().port();
    let traps = TRAPS.map(|address| {
        let address: IpAddr = address.parse().unwrap();
        TcpListener::bind((address, port)).ok()
    });
    Some((open, traps.into_iter().collect::<Option<_>>()?))
}

/// What the open server answers.
fn serve(stream: &TcpStream, port: u16) {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        if first.is_empty() {
            first.clone_from(&line);
        }
        line.clear();
    }
    let path = first.split(' ').nth(1).unwrap_or("/");
    let redirects = |to: &str| answer(stream, "302 Found", &format!("location: {to}\r\n"), b"");
    match path {
        "/inside" => redirects(&format!("http://127.0.0.1:{port}/")),
        "/name" => redirects(&format!("http://inner.test:{port}/")),
        "/metadata" => redirects("http://169.254.169.254/latest"),
        "/file" => redirects("file:///etc/passwd"),
        "/again" => redirects("/again"),
        "/large" => answer(stream, "200 OK", "", &[b'x'; 200_000]),
        "/headers" => answer(stream, "200 OK", &"x-more: 1\r\n".repeat(200), b""),
        // Nothing comes for longer than any request waits.
        "/silent" => thread::sleep(Duration::from_secs(5)),
        _ => answer(stream, "200 OK", "", b"reached"),
    }
}

fn answer(mut stream: &TcpStream, status: &str, headers: &str, body: &[u8]) {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    // Who asked may have hung up, which is its right.
    drop(
        stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(body)),
    );
}

/// Where names lead: the first word of a name says it. `moves` leads to the open server and then
/// inside, in turns.
fn lookup(name: &str, asked: usize) -> Vec<Ipv4Addr> {
    let open: Ipv4Addr = OPEN.parse().unwrap();
    let word = name.split(['.', '-']).next().unwrap_or_default();
    match word {
        "open" | "evil" => vec![open],
        "moves" if asked.is_multiple_of(2) => vec![open],
        "moves" | "inner" => vec![INSIDE],
        "mixed" => vec![INSIDE, Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::LOCALHOST],
        "localhost" => vec![Ipv4Addr::LOCALHOST],
        "metadata" => vec![Ipv4Addr::new(169, 254, 169, 254)],
        "many" => (0..100).map(|last| Ipv4Addr::new(10, 0, 0, last)).collect(),
        _ => Vec::new(),
    }
}

/// A name server that answers questions for IPv4. Its thread ends with the test process.
fn name_server() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut asked = HashMap::<String, usize>::new();
        let mut buffer = [0; 512];
        while let Ok((len, from)) = socket.recv_from(&mut buffer) {
            let name_bytes = buffer[12..len].iter().position(|byte| *byte == 0).unwrap();
            let name = labels(&buffer[12..12 + name_bytes]);
            let question = &buffer[12..12 + name_bytes + 5];
            let is_ipv4 = question[name_bytes + 1..name_bytes + 3] == [0, 1];
            let mut found = Vec::new();
            if is_ipv4 {
                let times = asked.entry(name.clone()).or_default();
                found = lookup(&name, *times);
                found.truncate(20);
                *times += 1;
            }
            let count = u8::try_from(found.len()).unwrap();
            let counts = [0, 1, 0, count, 0, 0, 0, 0];
            let mut reply = [&buffer[..2], &[0x81, 0x80], &counts, question].concat();
            for address in found {
                // The name of the question, an address record, no time to live, four bytes.
                reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
                reply.extend(address.octets());
            }
            socket.send_to(&reply, from).unwrap();
        }
    });
    address
}

/// A name of a question, with dots.
fn labels(mut bytes: &[u8]) -> String {
    let mut labels = Vec::new();
    while let Some((len, rest)) = bytes.split_first() {
        let (label, rest) = rest.split_at(usize::from(*len).min(rest.len()));
        labels.push(String::from_utf8_lossy(label).to_lowercase());
        bytes = rest;
    }
    labels.join(".")
}
