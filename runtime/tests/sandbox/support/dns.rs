//! A name server on this machine that answers what a test says.

use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, AAAA, CNAME},
    },
};
use std::{
    io::{Read, Write},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// What a datagram to the resolver may hold.
const DATAGRAM: usize = 1232;

/// The answer to one name.
#[derive(Clone, Default)]
pub(crate) struct Answer {
    addresses: Vec<IpAddr>,
    alias: Option<&'static str>,
    delay: Duration,
}

impl Answer {
    /// These addresses, each under its own kind of record.
    pub(crate) fn addresses(addresses: &[&str]) -> Self {
        Self {
            addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
            ..Self::default()
        }
    }

    /// The same by way of another name.
    pub(crate) fn alias(mut self, name: &'static str) -> Self {
        self.alias = Some(name);
        self
    }

    /// The same, late.
    pub(crate) fn late(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

/// A running server. Its threads end with the test process.
pub(crate) struct Dns {
    pub(crate) address: SocketAddr,
    rounds: Arc<AtomicUsize>,
}

type Script = dyn Fn(&str, usize) -> Option<Answer> + Send + Sync;

impl Dns {
    /// Answers with what `script` makes of a name and of how many look-ups (questions for IPv4)
    /// came before; what it does not know does not exist.
    pub(crate) fn start(
        script: impl Fn(&str, usize) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let script: Arc<Script> = Arc::new(script);
        let rounds = Arc::new(AtomicUsize::new(0));
        let (socket, listener) = bind();
        let address = socket.local_addr().unwrap();
        let (shared, counted) = (script.clone(), rounds.clone());
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok((len, from)) = socket.recv_from(&mut buffer) {
                let question = buffer[..len].to_vec();
                let (script, rounds) = (shared.clone(), counted.clone());
                let socket = socket.try_clone().unwrap();
                thread::spawn(move || {
                    let mut reply = answered(&question, &*script, &rounds);
                    if reply.to_vec().unwrap().len() > DATAGRAM {
                        reply = reply.truncate();
                    }
                    socket.send_to(&reply.to_vec().unwrap(), from).unwrap();
                });
            }
        });
        let counted = rounds.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that hangs up is right to.
                serve(stream.unwrap(), &*script, &counted).ok();
            }
        });
        Self { address, rounds }
    }

    /// Questions for IPv4 addresses so far.
    pub(crate) fn rounds(&self) -> usize {
        self.rounds.load(Ordering::SeqCst)
    }
}

/// One port for datagrams and connections.
fn bind() -> (UdpSocket, TcpListener) {
    loop {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        if let Ok(listener) = TcpListener::bind(socket.local_addr().unwrap()) {
            return (socket, listener);
        }
    }
}

fn serve(mut stream: TcpStream, script: &Script, rounds: &AtomicUsize) -> std::io::Result<()> {
    loop {
        let mut len = [0; 2];
        stream.read_exact(&mut len)?;
        let mut question = vec![0; u16::from_be_bytes(len).into()];
        stream.read_exact(&mut question)?;
        let reply = answered(&question, script, rounds).to_vec().unwrap();
        stream.write_all(&u16::try_from(reply.len()).unwrap().to_be_bytes())?;
        stream.write_all(&reply)?;
    }
}

fn answered(question: &[u8], script: &Script, rounds: &AtomicUsize) -> Message {
    let question = Message::from_vec(question).unwrap();
    let query = &question.queries[0];
    let round = match query.query_type() {
        RecordType::A => rounds.fetch_add(1, Ordering::SeqCst),
        _ => rounds.load(Ordering::SeqCst).saturating_sub(1),
    };
    let asked = query.name().to_string().to_lowercase();
    let mut reply = question.clone().into_response();
    reply.metadata.recursion_available = true;
    let Some(answer) = script(asked.trim_end_matches('.'), round) else {
        reply.metadata.response_code = ResponseCode::NXDomain;
        return reply;
    };
    thread::sleep(answer.delay);
    let mut name = query.name().clone();
    if let Some(alias) = answer.alias {
        let target = Name::from_ascii(alias).unwrap();
        let data = RData::CNAME(CNAME(target.clone()));
        reply.add_answer(Record::from_rdata(name, 0, data));
        name = target;
    }
    for address in answer.addresses {
        let data = match (address, query.query_type()) {
            (IpAddr::V4(address), RecordType::A) => RData::A(A(address)),
            (IpAddr::V6(address), RecordType::AAAA) => RData::AAAA(AAAA(address)),
            _ => continue,
        };
        reply.add_answer(Record::from_rdata(name.clone(), 0, data));
    }
    reply
}
