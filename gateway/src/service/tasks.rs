//! Tasks: calls that go on without their connection, while their client asks now and then how they
//! are.
//!
//! A call of a tool that allows it becomes a task if it takes longer than a moment. The task is
//! durable before anybody hears of it; from then on it belongs to the key and the server that it was
//! made with, and nobody else can tell it from one that does not exist. It runs like any call, within
//! the same limits and with the same record. It ends by itself, when its client or an administrator
//! cancels it, when its key no longer opens the server, when its time is over, and when the gateway
//! stops: what ran then is failed after the restart, because half a call cannot be continued.
//!
//! What a door says of the end of a task is the door's: [`Wording`]. It is kept sealed ([`chest`])
//! until the task expires. How many tasks there may be is in [`seats`], the life of one in [`worker`].

mod chest;
mod entry;
mod keep;
mod seats;
mod settings;
mod work;
mod worker;

pub use chest::Unreadable;
pub use entry::TaskView;
pub use seats::Full;
pub use settings::TaskSettings;

use super::{
    access::{Access, OpenServer},
    audit,
    calls::{CallRequest, Calls, FinishedCall, UnknownTool},
    error::Error,
    keyring::Keyring,
    state::State,
};
use crate::service::Administrator;
use casemate_domain::{
    Answer, Credential, Json, KeyId, NeedInput, ServerId, TaskId, TaskStatus, TaskSupport, ToolName,
};
use casemate_runtime::Observer;
use casemate_store::{blobs::Blobs, metadata::Metadata};
use chest::Chest;
use entry::{Cause, Entry};
use seats::{Seat, Seats};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{sync::watch, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use work::{Lost, Work};
use worker::NotKept;

/// The tasks of all servers.
#[derive(Debug)]
pub struct Tasks {
    inner: Arc<Inner>,
}

struct Inner {
    settings: TaskSettings,
    state: Arc<State>,
    access: Arc<Access>,
    calls: Arc<Calls>,
    metadata: Arc<dyn Metadata>,
    chest: Chest,
    seats: Arc<Seats>,
    entries: Mutex<HashMap<TaskId, Arc<Entry>>>,
    tracker: TaskTracker,
    /// Cancelled when the gateway begins to stop.
    draining: CancellationToken,
}

/// What tasks are made of.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) settings: TaskSettings,
    pub(super) state: Arc<State>,
    pub(super) access: Arc<Access>,
    pub(super) calls: Arc<Calls>,
    pub(super) metadata: Arc<dyn Metadata>,
    pub(super) blobs: Blobs,
}

/// How a door says what came of a task.
pub trait Wording: Send + Sync + 'static {
    /// The end of a call that did not end with questions.
    fn ended(&self, server: &OpenServer, finished: &FinishedCall) -> Ended;

    /// Why questions cannot be asked, if they cannot.
    fn unaskable(&self, need: &NeedInput) -> Option<Ended>;
}

/// The end of a task.
#[derive(Debug)]
pub struct Ended {
    /// Completed or failed.
    pub status: TaskStatus,
    /// More about it in a sentence.
    pub message: Option<String>,
    /// What the client is told.
    pub content: Option<Json>,
}

impl Ended {
    /// An end that the gateway itself put to a task.
    fn failed(message: impl Into<String>) -> Self {
        Self {
            status: TaskStatus::Failed,
            message: Some(message.into()),
            content: None,
        }
    }
}

/// What became of a call that may become a task.
#[derive(Debug)]
pub enum Ran {
    /// It has ended, and is none.
    Finished(FinishedCall),
    /// It is one.
    Task(TaskView),
}

/// Why there is neither a call nor a task.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No such tool.
    #[error(transparent)]
    UnknownTool(UnknownTool),
    /// The tool runs as a task only, and there is no room for one.
    #[error(transparent)]
    Full(Full),
    /// The task could not be kept. The source is for the operator.
    #[error("the task could not be kept; try again")]
    Failed(#[source] Error),
}

/// No task of this id belongs to whoever asks: it never existed, has expired, or is another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownTask;

impl Tasks {
    /// Takes up what is stored: what ran is failed now, what has expired is gone.
    pub(super) async fn load(parts: Parts, keyring: &Keyring) -> Result<Self, Error> {
        let inner = Arc::new(Inner {
            settings: parts.settings,
            state: parts.state,
            access: parts.access,
            calls: parts.calls,
            metadata: parts.metadata,
            chest: Chest::new(keyring, parts.blobs),
            seats: Arc::new(Seats::new(parts.settings)),
            entries: Mutex::default(),
            tracker: TaskTracker::new(),
            draining: CancellationToken::new(),
        });
        keep::load(&inner).await?;
        let sweep = keep::sweep(
            Arc::downgrade(&inner),
            inner.draining.clone(),
            inner.settings.pause(),
        );
        inner.tracker.spawn(sweep);
        Ok(Self { inner })
    }

    /// Makes a call that becomes a task if the tool wants that, or if it allows it and the call takes
    /// longer than a moment. Until it is one, dropping the returned future cancels the call.
    pub async fn run(
        &self,
        open: &OpenServer,
        request: CallRequest,
        observer: Arc<dyn Observer>,
        support: TaskSupport,
        wording: Arc<dyn Wording>,
    ) -> Result<Ran, RunError> {
        let inner = &self.inner;
        let seat = match inner.seat(open, request.arguments.get().len(), support) {
            Ok(seat) => seat,
            Err(full) if support == TaskSupport::Required => return Err(RunError::Full(full)),
            // A tool that can do without goes on as an ordinary call.
            Err(_) => None,
        };
        let again = seat.as_ref().map(|_| request.clone());
        let authorized = inner.calls.authorize(open, request);
        let authorized = authorized.map_err(RunError::UnknownTool)?;
        let (Some((key, seat)), Some(again)) = (seat, again) else {
            return Ok(Ran::Finished(inner.calls.run(authorized, observer).await));
        };
        let begun = Begun {
            key,
            seat,
            tool: authorized.tool().clone(),
            open: open.clone(),
            again,
            wording,
        };
        let mut work = Work::start(inner, authorized, observer);
        drop(timeout(inner.settings.after(), work.wait()).await);
        // Questions come before the task, as those of any call: with their answers it begins.
        let is_task = match support {
            TaskSupport::Required => !work.has_asked(),
            _ => !work.is_over(),
        };
        if !is_task {
            return ended(work).await;
        }
        match inner.begin(begun, work).await {
            Ok(task) => Ok(Ran::Task(task)),
            Err(NotKept { error, .. }) if support == TaskSupport::Required => {
                Err(RunError::Failed(error))
            }
            Err(NotKept { error, work }) => {
                not_kept(&error);
                ended(work).await
            }
        }
    }

    /// A task of whoever opened a server.
    pub fn find(&self, open: &OpenServer, id: &str) -> Result<TaskView, UnknownTask> {
        Ok(self.inner.find(open, id)?.view())
    }

    /// Follows a task of whoever opened a server.
    pub fn follow(
        &self,
        open: &OpenServer,
        id: &str,
    ) -> Result<watch::Receiver<TaskView>, UnknownTask> {
        Ok(self.inner.find(open, id)?.follow())
    }

    /// What the client is told of the end of a task, if anything.
    pub async fn content(&self, task: &TaskView) -> Result<Option<Json>, Error> {
        self.inner.chest.take_out(&task.record).await
    }

    /// Gives answers to the questions of a task. Those that nobody asked for are left out.
    pub fn answer(
        &self,
        open: &OpenServer,
        id: &str,
        answers: Vec<Answer>,
    ) -> Result<(), UnknownTask> {
        self.inner.find(open, id)?.answer(answers);
        Ok(())
    }

    /// Withdraws a task, if it is not over.
    pub fn cancel(&self, open: &OpenServer, id: &str) -> Result<(), UnknownTask> {
        self.inner.find(open, id)?.stop(Cause::Client);
        Ok(())
    }

    /// All tasks, or those of one server, newest first.
    pub fn list(&self, server: Option<ServerId>) -> Vec<TaskView> {
        let all: Vec<_> = self.inner.entries().values().cloned().collect();
        let mut views: Vec<_> = all
            .iter()
            .filter(|entry| server.is_none_or(|server| entry.server() == server))
            .filter(|entry| !entry.has_expired())
            .map(|entry| entry.view())
            .collect();
        views.sort_by_key(|view| (std::cmp::Reverse(view.record.created_at), view.record.id));
        views
    }

    /// A task, for an administrator.
    pub fn get(&self, id: &str) -> Result<TaskView, Error> {
        Ok(self.inner.entry(id)?.view())
    }

    /// Withdraws a task for an administrator, if it is not over.
    pub async fn cancel_as(&self, actor: &Administrator, id: &str) -> Result<TaskView, Error> {
        let entry = self.inner.entry(id)?;
        let record = entry.view().record;
        if !record.status.is_over() {
            let writer = self.inner.state.writer().await;
            let batch = audit::batch(actor, Some(record.workspace_id), "task.cancel", record.id);
            writer.commit(batch, |_| {}).await?;
            entry.stop(Cause::Administrator);
            entry.over().await;
        }
        Ok(entry.view())
    }

    /// How many are not over.
    pub fn open_count(&self) -> usize {
        let entries = self.inner.entries();
        let open = entries.values().filter(|entry| !entry.is_over());
        open.count()
    }

    /// Ends tasks that wait for answers, because the gateway begins to stop. Running calls have the
    /// same time as all others.
    pub fn drain(&self) {
        self.inner.draining.cancel();
    }

    /// Waits until every task has ended and what came of it is kept.
    pub async fn end(&self) {
        self.drain();
        self.inner.tracker.close();
        self.inner.tracker.wait().await;
    }
}

/// The end of a call that is no task.
async fn ended(mut work: Work) -> Result<Ran, RunError> {
    let finished = work.ended().await;
    let lost = |Lost| RunError::Failed(Error::Internal("a call was lost".to_owned()));
    finished.map(Ran::Finished).map_err(lost)
}

fn not_kept(error: &Error) {
    let error = error as &dyn std::error::Error;
    tracing::error!(error, "a task is not kept; its caller waits for the call");
}

/// What becomes a task.
struct Begun {
    key: KeyId,
    seat: Seat,
    tool: ToolName,
    open: OpenServer,
    /// The same request for another round.
    again: CallRequest,
    wording: Arc<dyn Wording>,
}

impl Inner {
    /// A seat for a task, unless there can be none.
    fn seat(
        &self,
        open: &OpenServer,
        bytes: usize,
        support: TaskSupport,
    ) -> Result<Option<(KeyId, Seat)>, Full> {
        if support == TaskSupport::Forbidden || self.draining.is_cancelled() {
            return Ok(None);
        }
        // Administrators wait for the end of what they try.
        let Some(key) = key_of(open) else {
            return Ok(None);
        };
        let workspace = open.server().workspace.id;
        let seat = self.seats.take(key, workspace, bytes as u64)?;
        Ok(Some((key, seat)))
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<TaskId, Arc<Entry>>> {
        // Nothing panics while it holds this lock.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, open: &OpenServer, id: &str) -> Result<Arc<Entry>, UnknownTask> {
        let id: TaskId = id.parse().map_err(|_| UnknownTask)?;
        let entry = self.entries().get(&id).cloned().ok_or(UnknownTask)?;
        let key = key_of(open).ok_or(UnknownTask)?;
        let server = open.server().record.id;
        if entry.belongs_to(key, server) && !entry.has_expired() {
            Ok(entry)
        } else {
            Err(UnknownTask)
        }
    }

    fn entry(&self, id: &str) -> Result<Arc<Entry>, Error> {
        let unknown = || Error::not_found("task", id);
        let parsed: TaskId = id.parse().map_err(|_| unknown())?;
        let entry = self.entries().get(&parsed).cloned();
        entry
            .filter(|entry| !entry.has_expired())
            .ok_or_else(unknown)
    }
}

fn key_of(open: &OpenServer) -> Option<KeyId> {
    match open.credential() {
        Credential::Key { id, .. } => Some(*id),
        Credential::Token { .. } => None,
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tasks")
    }
}
