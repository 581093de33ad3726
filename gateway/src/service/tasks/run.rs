//! A call on its way to be a task: it waits a moment for its end, as any call, and then for its task
//! to be kept.

use super::{
    Tasks, Wording, key_of,
    seats::{Full, Seat},
    work::{Lost, Work},
    worker::NotKept,
};
use crate::service::{
    access::OpenServer,
    calls::{CallRequest, FinishedCall, Unknown},
    error::Error,
    tasks::{Inner, TaskView},
};
use casemate_domain::{KeyId, TaskSupport, ToolName};
use casemate_runtime::Observer;
use std::sync::Arc;
use tokio::time::timeout;

/// What became of a call that may become a task.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "most are finished, and none of those needs an allocation for it"
)]
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
    Unknown(Unknown),
    /// The tool runs as a task only, and there is no room for one.
    #[error(transparent)]
    Full(Full),
    /// The task could not be kept. The source is for the operator.
    #[error("the task could not be kept; try again")]
    Failed(#[source] Error),
}

/// What becomes a task.
pub(super) struct Begun {
    pub(super) key: KeyId,
    pub(super) seat: Seat,
    pub(super) tool: ToolName,
    pub(super) open: OpenServer,
    /// The same request for another round.
    pub(super) again: CallRequest,
    pub(super) wording: Arc<dyn Wording>,
}

impl Tasks {
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
        let seat = match inner.seat(open, request.asked.bytes(), support) {
            Ok(seat) => seat,
            Err(full) if support == TaskSupport::Required => return Err(RunError::Full(full)),
            // A tool that can do without goes on as an ordinary call.
            Err(_) => None,
        };
        let again = seat.as_ref().map(|_| request.clone());
        let authorized = inner.calls.authorize(open, request);
        let authorized = authorized.map_err(RunError::Unknown)?;
        let tool = authorized.tool().cloned();
        let (Some((key, seat)), Some(again), Some(tool)) = (seat, again, tool) else {
            return Ok(Ran::Finished(inner.calls.run(authorized, observer).await));
        };
        let begun = Begun {
            key,
            seat,
            tool,
            open: open.clone(),
            again,
            wording,
        };
        let mut work = Work::start(inner, authorized, observer);
        let after = inner.settings.after();
        // Even a wait of no time would let a quick call end before it.
        if !after.is_zero() {
            drop(timeout(after, work.wait()).await);
        }
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
