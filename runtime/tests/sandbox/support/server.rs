//! A web server on this machine that counts who comes.

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

/// A running server. Its threads end with the test process.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: mpsc::Receiver<String>,
}

impl Server {
    /// Answers each request with what `answer` makes of its head.
    pub(crate) fn start(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> Self {
        Self::talking(move |head, stream| {
            // The client may have hung up, which is its right.
            stream.write_all(&answer(head)).ok();
        })
    }

    /// Lets `talk` answer each request, a piece at a time if it likes.
    pub(crate) fn talking(talk: impl Fn(&str, &mut TcpStream) + Send + 'static) -> Self {
        Self::on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), talk)
    }

    fn on(listener: TcpListener, talk: impl Fn(&str, &mut TcpStream) + Send + 'static) -> Self {
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (sender, requests) = mpsc::channel();
        let counted = connections.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                serve(stream.unwrap(), &talk, &sender);
            }
        });
        Self {
            address,
            connections,
            requests,
        }
    }

    /// `http://` and the address.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The head of the next request, in lower case.
    pub(crate) fn request(&self) -> String {
        let request = self.requests.recv_timeout(Duration::from_secs(5)).unwrap();
        request.to_lowercase()
    }
}

/// Servers with one port at several addresses of this machine.
pub(crate) struct Neighborhood {
    pub(crate) port: u16,
    servers: Vec<Server>,
}

impl Neighborhood {
    /// Each says at which address it was reached.
    pub(crate) fn start(addresses: &[&str]) -> Self {
        let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        let listeners = loop {
            if let Some(listeners) = bind(&addresses) {
                break listeners;
            }
        };
        let port = listeners[0].local_addr().unwrap().port();
        let server = |listener: TcpListener| {
            let address = listener.local_addr().unwrap().ip();
            Server::on(listener, move |_, stream| {
                stream.write_all(&ok(&format!("at {address}"))).ok();
            })
        };
        let servers = listeners.into_iter().map(server).collect();
        Self { port, servers }
    }

    /// The addresses at which there were connections.
    pub(crate) fn reached(&self) -> Vec<String> {
        let reached = self
            .servers
            .iter()
            .filter(|server| server.connections() > 0);
        reached
            .map(|server| server.address.ip().to_string())
            .collect()
    }
}

/// Listeners with one port, if it is free everywhere.
fn bind(addresses: &[IpAddr]) -> Option<Vec<TcpListener>> {
    let first = TcpListener::bind((addresses[0], 0)).unwrap();
    let port = first.local_addr().unwrap().port();
    let others = addresses[1..]
        .iter()
        .map(|address| TcpListener::bind((*address, port)).ok());
    std::iter::once(Some(first)).chain(others).collect()
}

fn serve(
    mut stream: TcpStream,
    talk: &impl Fn(&str, &mut TcpStream),
    requests: &mpsc::Sender<String>,
) {
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    requests.send(head.clone()).ok();
    talk(&head, &mut stream);
}

/// A response with a body.
pub(crate) fn ok(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A redirect.
pub(crate) fn redirect(status: u16, location: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} Elsewhere\r\nlocation: {location}\r\ncontent-length: 0\r\n\
         connection: close\r\n\r\n"
    )
    .into_bytes()
}
