//! `casemate bridge`: a server for clients that only start processes and speak over standard input
//! and output. What they write goes to the server's URL, what comes back is written to them.
//!
//! Messages pass through as they are; only headers are added, which the protocol wants beside them
//! over HTTP, and errors for requests that cannot be answered. Nothing but messages is written to
//! standard output. Both eras pass, each message by its own.

pub(crate) mod events;
mod message;
mod mirror;
mod pace;
mod relay;
mod session;

use super::{
    Context,
    exit::Exit,
    failure::Failure,
    keys,
    remote::Remote,
    server::{self, Server},
};
use clap::Args;
use message::Message;
use relay::{Job, Relay};
use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Read},
    sync::Arc,
    thread,
    time::Duration,
};
use tokio::{
    io::AsyncWriteExt as _,
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time::timeout,
};

/// Serve a server over standard input and output
///
/// For clients that start a process instead of opening a URL. The key comes from CASEMATE_KEY
/// unless a flag names another place.
#[derive(Debug, Args)]
pub(crate) struct Bridge {
    /// Server: id, name, or workspace/name; its URL is asked of the gateway
    #[arg(short, long, required_unless_present = "url")]
    server: Option<String>,
    /// URL of the server, so that no access token is needed
    #[arg(long, conflicts_with = "server")]
    url: Option<String>,
    #[command(flatten)]
    key: keys::Given,
    /// Give up on a gateway that cannot be reached after so many seconds
    #[arg(long, value_name = "SECONDS", default_value = "30")]
    patience: u64,
}

/// Lines on their way in each direction, before somebody has to wait.
const QUEUE: usize = 64;
/// The longest line that is read: more than any gateway takes.
const LONGEST_LINE: u64 = 64 << 20;
/// What is said to lines that are no text, and to longer ones.
const NOT_UTF8: &str =
    r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error: the line is not UTF-8"}}"#;
const TOO_LONG: &str = r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid request: a line holds at most 64 MiB"}}"#;
/// How long answers may still take when the client has ended.
const FAREWELL: Duration = Duration::from_secs(30);

/// Runs the command.
pub(crate) async fn run(command: Bridge, context: &Context) -> Result<Exit, Failure> {
    let url = match (command.url, &command.server) {
        (Some(url), _) => url,
        (None, server) => {
            let server = server.as_deref().unwrap_or_default();
            let found: Server = server::find(&context.client()?, server).await?.read()?;
            found.url
        }
    };
    let key = command.key.read()?.ok_or_else(no_key)?;
    let remote = Remote::at(&url, Some(key))?;
    context
        .printer
        .aside(&format!("bridge to {}", remote.url()));
    let (out, written) = mpsc::channel(QUEUE);
    let writer = tokio::spawn(write(written));
    let patience = Duration::from_secs(command.patience);
    let relay = Arc::new(Relay::new(remote, out.clone(), patience, context.printer));
    carry(&relay, &out).await;
    relay.end().await;
    drop((relay, out));
    // Only when the last answer is written has everybody what is theirs.
    drop(writer.await);
    Ok(Exit::Ok)
}

fn no_key() -> Failure {
    Failure::new(Exit::Auth, "there is no key")
        .note(format!(
            "Set {} in the environment of this process.",
            keys::VARIABLE
        ))
        .note("Make one: casemate key create NAME -s SERVER")
        .code("no_key")
}

/// Carries lines until the client ends, and then what is still on its way.
async fn carry(relay: &Arc<Relay>, out: &mpsc::Sender<String>) {
    let mut lines = read();
    let mut jobs = JoinSet::new();
    let mut flights = HashMap::<String, Flight>::new();
    loop {
        let line = tokio::select! {
            line = lines.recv() => line,
            Some(_) = jobs.join_next() => {
                flights.retain(|_, flight| !flight.handle.is_finished());
                continue;
            }
            // Nobody reads any more.
            () = out.closed() => return,
        };
        let line = match line {
            Some(Ok(line)) => line,
            Some(Err(refused)) => {
                relay.emit(refused).await;
                continue;
            }
            None => break,
        };
        let job = Job::new(line);
        if let Some(id) = withdrawn(job.line(), &flights) {
            let flight = flights.remove(&id).expect("it was found just now");
            if flight.ends_with_its_connection {
                flight.handle.abort();
                continue;
            }
            flight.job.withdraw();
        }
        let message = Message::read(job.line());
        let (id, is_modern) = (message.id.map(str::to_owned), message.version().is_some());
        let lasts = message.is("subscriptions/listen");
        let (passing, passed) = (Arc::clone(relay), job.clone());
        let handle = jobs.spawn(async move { passing.pass(&passed).await });
        if let Some(id) = id {
            flights.insert(
                id,
                Flight {
                    handle,
                    job,
                    ends_with_its_connection: is_modern,
                    lasts,
                },
            );
        }
    }
    for flight in flights.values().filter(|flight| flight.lasts) {
        flight.handle.abort();
    }
    let rest = async { while jobs.join_next().await.is_some() {} };
    tokio::select! {
        _ = timeout(FAREWELL, rest) => {}
        () = out.closed() => {}
    }
}

/// A request that is being answered.
struct Flight {
    handle: AbortHandle,
    job: Job,
    /// It is withdrawn by closing its connection, and not by a message.
    ends_with_its_connection: bool,
    /// It has no end of its own.
    lasts: bool,
}

/// The request that a line withdraws, if it is being answered.
fn withdrawn(line: &str, flights: &HashMap<String, Flight>) -> Option<String> {
    let message = Message::read(line);
    let id = message.params.request?.get();
    let is_known = message.is("notifications/cancelled") && flights.contains_key(id);
    is_known.then(|| id.to_owned())
}

/// The lines of standard input, and answers to those that cannot be passed on. A thread of its own
/// reads them: nobody waits for it at the end.
fn read() -> mpsc::Receiver<Result<String, &'static str>> {
    let (sender, lines) = mpsc::channel(QUEUE);
    thread::spawn(move || {
        let mut input = BufReader::new(io::stdin());
        loop {
            let mut line = Vec::new();
            let read = input
                .by_ref()
                .take(LONGEST_LINE)
                .read_until(b'\n', &mut line);
            if !read.is_ok_and(|length| length > 0) {
                return;
            }
            let is_cut = line.len() as u64 == LONGEST_LINE && !line.ends_with(b"\n");
            if is_cut && input.skip_until(b'\n').is_err() {
                return;
            }
            let line = match str::from_utf8(line.trim_ascii()) {
                _ if is_cut => Err(TOO_LONG),
                Ok("") => continue,
                Ok(line) => Ok(line.to_owned()),
                Err(_) => Err(NOT_UTF8),
            };
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// Writes lines to standard output, each whole.
async fn write(mut lines: mpsc::Receiver<String>) {
    let mut stdout = tokio::io::stdout();
    while let Some(mut line) = lines.recv().await {
        line.push('\n');
        let written = stdout.write_all(line.as_bytes()).await;
        if written.is_err() || stdout.flush().await.is_err() {
            return;
        }
    }
}
