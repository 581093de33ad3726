//! The call of a task while it runs.

use super::Inner;
use crate::service::calls::{AuthorizedCall, FinishedCall};
use casemate_domain::{CallId, Conclusion, Stop};
use casemate_runtime::{Control, Observer};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// A call that runs by itself. Dropping this cancels it.
#[derive(Debug)]
pub(super) struct Work {
    id: CallId,
    control: Control,
    running: JoinHandle<FinishedCall>,
    end: Option<Result<FinishedCall, Lost>>,
}

/// The call did not come to an end: the host failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lost;

impl Work {
    /// Makes a call.
    pub(super) fn start(
        inner: &Inner,
        authorized: Box<AuthorizedCall>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let calls = Arc::clone(&inner.calls);
        let (id, control) = (authorized.id(), authorized.control());
        let running = async move { calls.run(authorized, observer).await };
        Self {
            id,
            control,
            running: inner.tracker.spawn(running),
            end: None,
        }
    }

    pub(super) fn id(&self) -> CallId {
        self.id
    }

    /// Stops it. Whoever waits for its end learns of it then.
    pub(super) fn stop(&self, stop: Stop) {
        self.control.stop(stop);
    }

    /// Waits for its end, which is kept until somebody takes it.
    pub(super) async fn wait(&mut self) {
        if self.end.is_none() {
            let ended = (&mut self.running).await.map_err(|error| {
                tracing::error!(id = %self.id, %error, "a call was lost");
                Lost
            });
            self.end = Some(ended);
        }
    }

    /// Waits for its end and takes it. There is none after that.
    pub(super) async fn ended(&mut self) -> Result<FinishedCall, Lost> {
        self.wait().await;
        self.end.take().unwrap_or(Err(Lost))
    }

    pub(super) fn is_over(&self) -> bool {
        self.end.is_some()
    }

    /// Whether it has ended with questions.
    pub(super) fn has_asked(&self) -> bool {
        let Some(Ok(finished)) = &self.end else {
            return false;
        };
        matches!(finished.outcome.conclusion, Conclusion::NeedInput(_))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.running.abort();
    }
}
