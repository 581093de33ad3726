//! The way of one message: to the gateway, and its answer back.

pub(super) mod missed;
mod repair;

use super::{
    events::Events,
    message::{Message, answer, answers, error_of, ids, one_line, refusal, told, wants_no_answer},
    mirror::Mirrors,
    pace::Pace,
    session::Session,
};
use crate::cli::{
    printer::Printer,
    remote::{Remote, cause, is_stream},
};
use http::{HeaderMap, StatusCode};
use reqwest::Response;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{RwLock, mpsc},
    time::timeout,
};

/// What a header must say is not what it says: nothing has run.
const HEADER_MISMATCH: i64 = -32020;
/// The transport failed, in the words of JSON-RPC.
const INTERNAL: i64 = -32603;
const END_OF_SESSION: Duration = Duration::from_secs(1);

/// Passes messages on.
#[derive(Debug)]
pub(super) struct Relay {
    remote: Remote,
    out: mpsc::Sender<String>,
    patience: Duration,
    printer: Printer,
    mirrors: Mutex<Mirrors>,
    session: Session,
    /// Held while a handshake is under way: what comes after it needs its session.
    handshake: RwLock<()>,
    is_unreachable: AtomicBool,
}

/// One line of the client. Clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct Job {
    line: Arc<str>,
    is_withdrawn: Arc<AtomicBool>,
}

impl Job {
    pub(super) fn new(line: String) -> Self {
        Self {
            line: line.into(),
            is_withdrawn: Arc::default(),
        }
    }

    pub(super) fn line(&self) -> &str {
        &self.line
    }

    /// Nobody waits for its answer any more.
    pub(super) fn withdraw(&self) {
        self.is_withdrawn.store(true, Ordering::Relaxed);
    }
}

/// How an attempt ended.
enum Ended {
    Answered,
    /// Something before the call refused, or something that is no gateway answered.
    Refused {
        status: StatusCode,
        body: String,
    },
    /// Nobody was there: nothing was sent.
    Unreachable(String),
    /// The connection ended before the answer.
    Broken(String),
}

impl Relay {
    pub(super) fn new(
        remote: Remote,
        out: mpsc::Sender<String>,
        patience: Duration,
        printer: Printer,
    ) -> Self {
        Self {
            remote,
            out,
            patience,
            printer,
            mirrors: Mutex::default(),
            session: Session::default(),
            handshake: RwLock::default(),
            is_unreachable: AtomicBool::default(),
        }
    }

    pub(super) fn remote(&self) -> &Remote {
        &self.remote
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// Writes a message to the client.
    pub(super) async fn emit(&self, message: &str) {
        // That nobody reads any more is noticed where lines are read.
        drop(self.out.send(one_line(message)).await);
    }

    /// Passes a line on and its answer back.
    pub(super) async fn pass(self: &Arc<Self>, job: &Job) {
        let message = Message::read(&job.line);
        if message.version().is_some() {
            return self.attempts(job, &message).await;
        }
        if message.is("initialize") {
            let _under_way = self.handshake.write().await;
            self.session.begin(&job.line);
            return self.attempts(job, &message).await;
        }
        drop(self.handshake.read().await);
        self.attempts(job, &message).await;
        if message.is("notifications/initialized") {
            self.session.listen(self);
        }
    }

    /// Ends the session, if there is one.
    pub(super) async fn end(&self) {
        self.session.stop();
        if self.session.is_open() {
            let ending = self.remote.end(self.session.headers()).send();
            drop(timeout(END_OF_SESSION, ending).await);
        }
    }

    async fn attempts(self: &Arc<Self>, job: &Job, message: &Message<'_>) {
        let lasts = message.is("subscriptions/listen");
        let mut pace = if lasts {
            Pace::endless()
        } else {
            Pace::within(self.patience)
        };
        // A client needs one acknowledgment, however often its stream has to be opened.
        let mut is_acknowledged = false;
        let mut repaired = false;
        loop {
            match self.attempt(job, message, &mut is_acknowledged).await {
                Ended::Answered => return,
                Ended::Refused { status, body } => {
                    if repaired || !self.repair(message, status, &body).await {
                        return self.refuse(job, status, &body).await;
                    }
                    repaired = true;
                }
                Ended::Unreachable(why) => {
                    self.say_it_is_unreachable(&why);
                    if !pace.wait().await {
                        let hint = "The bridge goes on trying with the next request.";
                        return self.give_up(job, "unreachable", &why, hint).await;
                    }
                }
                Ended::Broken(why) => {
                    if !is_repeatable(message) || !pace.wait().await {
                        let hint = "Whether it ran is not known; casemate logs shows it.";
                        return self.give_up(job, "unreachable", &why, hint).await;
                    }
                }
            }
        }
    }

    async fn attempt(&self, job: &Job, message: &Message<'_>, is_acknowledged: &mut bool) -> Ended {
        let headers = match message.version() {
            Some(version) => {
                let mirrors = self.mirrors.lock().unwrap_or_else(PoisonError::into_inner);
                mirrors.headers(message, &version)
            }
            None => self.session.headers(),
        };
        let sent = self
            .remote
            .post(headers, job.line.as_bytes().to_vec())
            .send()
            .await;
        let response = match sent {
            Ok(response) => response,
            Err(error) if error.is_connect() => return Ended::Unreachable(cause(&error)),
            Err(error) => return Ended::Broken(cause(&error)),
        };
        if self.is_unreachable.swap(false, Ordering::Relaxed) {
            self.printer.note("the gateway answers again");
        }
        if is_stream(response.headers()) {
            return self.stream(response, message, is_acknowledged).await;
        }
        let (status, headers) = (response.status(), response.headers().clone());
        match response.text().await {
            // A proxy stands in for a gateway that is not there, or did not answer it.
            Ok(body) if error_of(&body).is_none() && is_outage(status) => {
                let why = format!("HTTP {status}");
                match status {
                    StatusCode::SERVICE_UNAVAILABLE => Ended::Unreachable(why),
                    _ => Ended::Broken(why),
                }
            }
            Ok(body) => self.body(message, status, &headers, body).await,
            Err(error) => Ended::Broken(cause(&error)),
        }
    }

    /// Passes on what comes before the answer, and the answer.
    async fn stream(
        &self,
        response: Response,
        message: &Message<'_>,
        is_acknowledged: &mut bool,
    ) -> Ended {
        let headers = response.headers().clone();
        let mut events = Events::new(response.bytes_stream());
        let mut is_answered = message.id.is_none();
        loop {
            match events.next().await {
                Ok(Some(event)) => {
                    if message.id.is_some_and(|id| answers(&event, id)) {
                        is_answered = true;
                        self.hear(message, &headers, &event);
                    } else if is_acknowledgment(&event) && std::mem::replace(is_acknowledged, true)
                    {
                        for missed in missed::since(&event) {
                            self.emit(&missed).await;
                        }
                        continue;
                    }
                    self.emit(&event).await;
                }
                _ if is_answered => return Ended::Answered,
                Ok(None) => return Ended::Broken("the stream ended before the answer".to_owned()),
                Err(error) => return Ended::Broken(cause(&error)),
            }
        }
    }

    async fn body(
        &self,
        message: &Message<'_>,
        status: StatusCode,
        headers: &HeaderMap,
        body: String,
    ) -> Ended {
        let is_error = error_of(&body).is_some();
        let is_answer = match message.id {
            Some(id) => answers(&body, id),
            None => !body.trim().is_empty() && !is_error,
        };
        if is_answer && !is_mendable(status, &body) {
            self.hear(message, headers, &body);
            self.emit(&body).await;
            return Ended::Answered;
        }
        if status.is_success() && message.id.is_none() && !is_error {
            return Ended::Answered;
        }
        Ended::Refused { status, body }
    }

    /// Learns what later messages need, before the client sees the answer.
    fn hear(&self, message: &Message<'_>, headers: &HeaderMap, answer: &str) {
        if message.is("initialize") {
            self.session.agree(headers, answer);
        } else if message.is("tools/list") {
            self.learn(answer);
        }
    }

    fn learn(&self, answer: &str) {
        let mut mirrors = self.mirrors.lock().unwrap_or_else(PoisonError::into_inner);
        mirrors.learn(answer);
    }

    /// Answers for a gateway that did not read the request, in its words if it said any.
    async fn refuse(&self, job: &Job, status: StatusCode, body: &str) {
        let Some(error) = error_of(body) else {
            let why = format!("it answered HTTP {status} and is no MCP server");
            return self
                .give_up(job, "not_casemate", &why, "Check the URL of the bridge.")
                .await;
        };
        let (_, words) = told(error);
        self.printer
            .warning(&format!("{}: {words}", self.remote.url()));
        for id in ids(&job.line) {
            self.emit(&answer(&id, error)).await;
        }
        if !wants_no_answer(&job.line) && ids(&job.line).is_empty() {
            self.emit(body).await;
        }
    }

    async fn give_up(&self, job: &Job, word: &str, why: &str, hint: &str) {
        if job.is_withdrawn.load(Ordering::Relaxed) {
            return;
        }
        let what = format!("No answer from {}: {why}", self.remote.url());
        self.printer.warning(&what);
        for id in ids(&job.line) {
            self.emit(&refusal(&id, INTERNAL, &what, word, hint)).await;
        }
    }

    fn say_it_is_unreachable(&self, why: &str) {
        if !self.is_unreachable.swap(true, Ordering::Relaxed) {
            let url = self.remote.url();
            self.printer
                .warning(&format!("cannot reach {url}: {why}; trying again"));
        }
    }
}

/// Whether a second attempt can be better than the first.
fn is_mendable(status: StatusCode, body: &str) -> bool {
    let Some((code, words)) = error_of(body).map(told) else {
        return false;
    };
    (status == StatusCode::BAD_REQUEST && code == HEADER_MISMATCH)
        || (status == StatusCode::NOT_FOUND && words.starts_with("Session not found"))
}

fn is_outage(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
    )
}

/// Whether a request does the same when it is made twice.
fn is_repeatable(message: &Message<'_>) -> bool {
    let method = message.method.as_deref().unwrap_or_default();
    let runs = [
        "tools/call",
        "prompts/get",
        "resources/read",
        "completion/complete",
    ];
    !runs.contains(&method) && !method.starts_with("tasks/")
}

fn is_acknowledgment(event: &str) -> bool {
    Message::read(event).is("notifications/subscriptions/acknowledged")
}
