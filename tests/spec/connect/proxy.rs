//! What stands between a bridge and a gateway, so that the gateway may go away and come back at
//! another port while its URL stays.

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

type Sessions = Arc<Mutex<BTreeSet<String>>>;

pub(super) struct Proxy {
    address: SocketAddr,
    target: Option<SocketAddr>,
    sessions: Sessions,
    /// Ends who listens; nobody does if there is none.
    stop: Option<(Arc<AtomicBool>, thread::JoinHandle<()>)>,
}

impl Proxy {
    /// A proxy that leads nowhere: nobody listens at its address.
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self {
            address: listener.local_addr().unwrap(),
            target: None,
            sessions: Sessions::default(),
            stop: None,
        }
    }

    pub(super) fn url(&self, server: &str) -> String {
        format!("http://{}/mcp/{server}", self.address)
    }

    pub(super) fn lead_to(&mut self, gateway: &Gateway) {
        self.lead_nowhere();
        let to = gateway.mcp_addr();
        self.target = Some(to);
        let listener = TcpListener::bind(self.address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, sessions) = (Arc::clone(&stop), Arc::clone(&self.sessions));
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((client, _)) => {
                        client.set_nonblocking(false).unwrap();
                        let sessions = Arc::clone(&sessions);
                        thread::spawn(move || carry(client, to, &sessions));
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(GLANCE),
                    Err(_) => return,
                }
            }
        });
        self.stop = Some((stop, thread));
    }

    pub(super) fn lead_nowhere(&mut self) {
        if let Some((stop, thread)) = self.stop.take() {
            stop.store(true, Ordering::Relaxed);
            thread.join().unwrap();
        }
    }

    /// Ends every session that passed.
    pub(super) fn end_sessions(&self, server: &Server) {
        let sessions = self.sessions.lock().unwrap();
        assert!(!sessions.is_empty(), "no session passed");
        for session in sessions.iter() {
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

/// Copies both ways, and reads along what the gateway calls a session.
fn carry(mut client: TcpStream, to: SocketAddr, sessions: &Mutex<BTreeSet<String>>) {
    let Ok(mut gateway) = TcpStream::connect(to) else {
        return;
    };
    let mut from_client = client.try_clone().unwrap();
    let mut to_gateway = gateway.try_clone().unwrap();
    thread::spawn(move || {
        drop(std::io::copy(&mut from_client, &mut to_gateway));
        drop(to_gateway.shutdown(Shutdown::Write));
    });
    let mut chunk = [0; 65536];
    while let Ok(length @ 1..) = gateway.read(&mut chunk) {
        let text = String::from_utf8_lossy(&chunk[..length]);
        let mut lines = text.lines();
        if let Some(id) = lines.find_map(|line| line.strip_prefix("mcp-session-id: ")) {
            sessions.lock().unwrap().insert(id.to_owned());
        }
        if client.write_all(&chunk[..length]).is_err() {
            break;
        }
    }
    drop(client.shutdown(Shutdown::Both));
}
