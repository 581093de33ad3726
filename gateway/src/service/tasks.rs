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
mod run;
mod seats;
mod settings;
mod work;
mod worker;

pub use chest::Unreadable;
pub use entry::TaskView;
pub use run::{Ran, RunError};
pub use seats::Full;
pub use settings::TaskSettings;

use super::{
    access::{Access, OpenServer},
    audit,
    calls::{Calls, FinishedCall},
    error::Error,
    keyring::Keyring,
    state::State,
};
use crate::service::Administrator;
use casemate_domain::{Answer, Credential, Json, KeyId, NeedInput, ServerId, TaskId, TaskStatus};
use casemate_store::{blobs::Blobs, metadata::Metadata};
use chest::Chest;
use entry::{Cause, Entry};
use seats::Seats;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

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

impl Inner {
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
