//! What stands between a client and a gateway, so that the gateway may go away and come back at
//! another port while its URL stays, and that somebody sees which revision is spoken.

use casemate_tests::{Gateway, Server, http::Request};
use std::{
    collections::BTreeSet,
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

const GLANCE: Duration = Duration::from_millis(5);

/// What passed, by the headers that say it.
#[derive(Default)]
struct Passed {
    sessions: Mutex<BTreeSet<String>>,
    revisions: Mutex<BTreeSet<String>>,
}

pub(crate) struct Proxy {
    address: SocketAddr,
    target: Option<SocketAddr>,
    passed: Arc<Passed>,
    /// Ends who listens; nobody does if there is none.
    stop: Option<(Arc<AtomicBool>, thread::JoinHandle<()>)>,
}

impl Proxy {
    /// A proxy that leads nowhere: nobody listens at its address.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self {
            address: listener.local_addr().unwrap(),
            target: None,
            passed: Arc::default(),
            stop: None,
        }
    }

    pub(crate) fn url(&self, server: &str) -> String {
        format!("http://{}/mcp/{server}", self.address)
    }

    pub(crate) fn lead_to(&mut self, gateway: &Gateway) {
        self.lead_nowhere();
        let to = gateway.mcp_addr();
        self.target = Some(to);
        let listener = TcpListener::bind(self.address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, passed) = (Arc::clone(&stop), Arc::clone(&self.passed));
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((client, _)) => {
                        client.set_nonblocking(false).unwrap();
                        let passed = Arc::clone(&passed);
                        thread::spawn(move || carry(client, to, passed));
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(GLANCE),
                    Err(_) => return,
                }
            }
        });
        self.stop = Some((stop, thread));
    }

    pub(crate) fn lead_nowhere(&mut self) {
        if let Some((stop, thread)) = self.stop.take() {
            stop.store(true, Ordering::Relaxed);
            thread.join().unwrap();
        }
    }

    /// The revisions that clients named.
    pub(crate) fn revisions(&self) -> Vec<String> {
        let revisions = self.passed.revisions.lock().unwrap();
        revisions.iter().cloned().collect()
    }

    /// Ends every session that passed.
    pub(crate) fn end_sessions(&self, server: &Server) {
        // These requests pass here as well, and what they name is noted.
        let sessions = self.passed.sessions.lock().unwrap().clone();
        assert!(!sessions.is_empty(), "no session passed");
        for session in &sessions {
            let request = Request::new("DELETE", &self.url(&server.id)).bearer(&server.key);
            let answer = request.header("Mcp-Session-Id", session).send();
            assert!(answer.status < 300, "{answer}");
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.lead_nowhere();
    }
}

/// Copies both ways, and reads along which revision the client names and what the gateway calls a
/// session.
fn carry(client: TcpStream, to: SocketAddr, passed: Arc<Passed>) {
    let Ok(gateway) = TcpStream::connect(to) else {
        return;
    };
    let from_client = client.try_clone().unwrap();
    let to_gateway = gateway.try_clone().unwrap();
    let noted = Arc::clone(&passed);
    thread::spawn(move || {
        copy(
            &from_client,
            &to_gateway,
            "mcp-protocol-version",
            &noted.revisions,
        );
        drop(to_gateway.shutdown(Shutdown::Write));
    });
    copy(&gateway, &client, "mcp-session-id", &passed.sessions);
    drop(client.shutdown(Shutdown::Both));
}

/// Copies until either side ends, and notes the values of a header.
fn copy(mut from: &TcpStream, mut to: &TcpStream, header: &str, noted: &Mutex<BTreeSet<String>>) {
    let mut chunk = [0; 65536];
    while let Ok(length @ 1..) = from.read(&mut chunk) {
        let text = String::from_utf8_lossy(&chunk[..length]);
        let headers = text.lines().filter_map(|line| line.split_once(": "));
        let named = headers.filter(|(name, _)| name.eq_ignore_ascii_case(header));
        let values = named.map(|(_, value)| value.to_owned());
        noted.lock().unwrap().extend(values);
        if to.write_all(&chunk[..length]).is_err() {
            return;
        }
    }
}
