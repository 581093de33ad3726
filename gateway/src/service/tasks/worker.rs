//! The life of a task: its call, the questions of its tool, the call again, its end.

use super::{
    Ended, Inner, TaskView, Wording,
    entry::{Cause, Entry},
    run::Begun,
    work::{Lost, Work},
};
use crate::service::{
    access::{Access, OpenServer, Refused},
    calls::{CallRequest, FinishedCall},
    error::Error,
};
use casemate_domain::{
    Answer, CallId, Conclusion, Continuation, NeedInput, StopReason, TaskId, TaskStatus,
};
use casemate_runtime::Unobserved;
use casemate_store::records::{self, TaskRecord};
use jiff::Timestamp;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// How often a tool may ask in one task. One that asks for ever is broken.
const MAX_ROUNDS: usize = 16;
/// How long to wait before a tool is called again that asks nothing and wants to be called again.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a stopped call may take to end. One that waits for its place does not hear of it.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// The longest sentence that is kept, in characters.
const MAX_MESSAGE: usize = 500;

/// What a task is told of whose gateway stopped or was killed.
pub(super) const RESTARTED: &str =
    "The gateway was restarted before the task had ended; call the tool again.";

/// A task that could not be kept, and its call, which runs yet.
pub(super) struct NotKept {
    pub(super) error: Error,
    pub(super) work: Work,
}

/// Carries a task to its end.
struct Worker {
    inner: Arc<Inner>,
    entry: Arc<Entry>,
    open: OpenServer,
    /// The same request for another round.
    again: CallRequest,
    /// The latest call.
    call: CallId,
    wording: Arc<dyn Wording>,
}

impl Inner {
    /// Makes a task of a call. It is durable when this returns, and goes on from there.
    pub(super) async fn begin(
        self: &Arc<Self>,
        begun: Begun,
        work: Work,
    ) -> Result<TaskView, NotKept> {
        let inner = Arc::clone(self);
        let beginning = async move {
            let record = inner.record(&begun, work.id());
            if let Err(error) = records::create_task(&*inner.metadata, &record).await {
                let error = error.into();
                return Err(NotKept { error, work });
            }
            let entry = Arc::new(Entry::new(record, begun.seat));
            let id = entry.view().record.id;
            inner.entries().insert(id, Arc::clone(&entry));
            let worker = Worker {
                inner: Arc::clone(&inner),
                entry: Arc::clone(&entry),
                open: begun.open,
                again: begun.again,
                call: work.id(),
                wording: begun.wording,
            };
            let is_over = work.is_over();
            inner.tracker.spawn(worker.run(work));
            if is_over {
                entry.over().await;
            }
            Ok(entry.view())
        };
        // On its own: a client that goes away in the middle must not leave half a task behind.
        let beginning = self.tracker.spawn(beginning).await;
        beginning.expect("the beginning of a task does not panic and is not aborted")
    }

    fn record(&self, begun: &Begun, call: CallId) -> TaskRecord {
        let server = begun.open.server();
        let now = Timestamp::now();
        TaskRecord {
            // All of it random: who has the id of one task knows nothing of another.
            id: TaskId::from_uuid(Uuid::new_v4()),
            workspace_id: server.workspace.id,
            server_id: server.record.id,
            key_id: begun.key,
            tool: begun.tool.clone(),
            status: TaskStatus::Working,
            message: None,
            call,
            created_at: now,
            updated_at: now,
            ttl_ms: self.settings.ttl_ms(),
            content: None,
        }
    }

    /// Keeps the end of a task, then shows it.
    async fn finish(&self, entry: &Entry, call: CallId, ended: Ended) {
        let mut record = TaskRecord {
            call,
            status: ended.status,
            message: ended.message.as_deref().map(shortened),
            updated_at: Timestamp::now(),
            ..TaskRecord::clone(&entry.view().record)
        };
        let kept = async {
            if let Some(content) = &ended.content {
                record.content = Some(self.chest.put_in(&record, content).await?);
            }
            Ok::<_, Error>(records::update_task(&*self.metadata, &record).await?)
        };
        if let Err(error) = kept.await {
            let task = record.id;
            tracing::error!(%task, error = &error as &dyn std::error::Error, "the end of a task is not kept");
            record.content = None;
            record.status = TaskStatus::Failed;
            record.message = Some("The result could not be kept; call the tool again.".to_owned());
        }
        entry.put(record);
    }
}

impl Worker {
    async fn run(mut self, work: Work) {
        let ended = self.life(work).await.unwrap_or_else(|ended| ended);
        self.inner.finish(&self.entry, self.call, ended).await;
    }

    /// Calls the tool, and again with the answers to what it asks.
    async fn life(&mut self, mut work: Work) -> Result<Ended, Ended> {
        for _ in 0..MAX_ROUNDS {
            let finished = self.ending(&mut work).await?;
            let Conclusion::NeedInput(need) = &finished.outcome.conclusion else {
                return Ok(self.wording.ended(&self.open, &finished));
            };
            if let Some(ended) = self.wording.unaskable(need) {
                return Ok(ended);
            }
            let answers = self.ask(need).await?;
            work = self.call_again(Continuation {
                answers,
                state: need.state.clone(),
            })?;
        }
        Ok(Ended::failed(format!(
            "The tool asked {MAX_ROUNDS} times without an end; its author has to mend this."
        )))
    }

    /// Waits for the end of a call, and stops it if somebody wants the task to stop.
    async fn ending(&mut self, work: &mut Work) -> Result<FinishedCall, Ended> {
        let (inner, entry) = (&self.inner, &self.entry);
        let cause = tokio::select! {
            biased;
            finished = work.ended() => return judged(finished),
            cause = stopped(&inner.access, entry, &mut self.open) => cause,
        };
        work.stop(cause.stop());
        match timeout(LAST_WORDS, work.ended()).await {
            // It was faster than whoever stopped it.
            Ok(Ok(finished)) if !matches!(finished.outcome.conclusion, Conclusion::Stopped(_)) => {
                Ok(finished)
            }
            _ => Err(cause.into()),
        }
    }

    /// Waits for the answers to what a tool asks. Nothing of it runs meanwhile.
    async fn ask(&mut self, need: &NeedInput) -> Result<Vec<Answer>, Ended> {
        let (inner, entry) = (&self.inner, &self.entry);
        entry.ask(need);
        let answers = async {
            if need.requests.is_empty() {
                sleep(PAUSE).await;
            }
            entry.answers().await
        };
        tokio::select! {
            biased;
            cause = stopped(&inner.access, entry, &mut self.open) => Err(cause.into()),
            () = inner.draining.cancelled() => Err(Ended::failed(RESTARTED)),
            answers = answers => Ok(answers),
        }
    }

    /// The same call with answers, if the key still opens the server and the tool is still there.
    fn call_again(&mut self, continuation: Continuation) -> Result<Work, Ended> {
        let inner = &self.inner;
        let open = inner.access.reopen(&self.open);
        self.open = open.map_err(|refused| Ended::from(Cause::from(refused)))?;
        let request = CallRequest {
            continuation,
            received: Instant::now(),
            progress_wanted: false,
            ..self.again.clone()
        };
        let authorized = inner.calls.authorize(&self.open, request);
        let authorized = authorized.map_err(|unknown| Ended::failed(format!("{unknown}.")))?;
        self.call = authorized.id();
        Ok(Work::start(inner, authorized, Arc::new(Unobserved)))
    }
}

/// Waits until a task has to stop. Holds on to no state but the newest, for as long as it lasts.
async fn stopped(access: &Access, entry: &Entry, open: &mut OpenServer) -> Cause {
    let mut changes = access.changes();
    let closed = async {
        loop {
            match access.reopen(open) {
                Ok(now) => *open = now,
                Err(refused) => return Cause::from(refused),
            }
            if changes.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    };
    tokio::select! {
        biased;
        cause = entry.stopped() => cause,
        cause = closed => cause,
        () = sleep(entry.remaining()) => Cause::Expired,
    }
}

/// What the end of a call means to its task.
fn judged(finished: Result<FinishedCall, Lost>) -> Result<FinishedCall, Ended> {
    let finished = finished.map_err(|Lost| Ended::failed("The gateway failed while it ran."))?;
    match &finished.outcome.conclusion {
        Conclusion::Stopped(stop) => match stop.reason {
            StopReason::KeyRevoked => Err(Cause::KeyClosed.into()),
            // Whoever cancels a task says so; all calls are cancelled when the gateway stops.
            StopReason::Cancelled => Err(Ended::failed(RESTARTED)),
            _ => Ok(finished),
        },
        _ => Ok(finished),
    }
}

fn shortened(message: &str) -> String {
    message.chars().take(MAX_MESSAGE).collect()
}

impl From<Cause> for Ended {
    fn from(cause: Cause) -> Self {
        let (status, message) = cause.status();
        Self {
            status,
            message: Some(message),
            content: None,
        }
    }
}

impl From<Refused> for Cause {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::ServerInactive => Self::ServerInactive,
            _ => Self::KeyClosed,
        }
    }
}
