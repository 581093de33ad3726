//! A call that may be answered in two ways, and what becomes of it when its client goes away.
//!
//! As long as a call says nothing before its end, it is polled by its own connection and its
//! answer is plain JSON. With its first notification the answer becomes an event stream, and the
//! call goes on by itself: how fast a client reads decides nothing about a call.

use super::{
    answer::Answer,
    events::{Events, Outlet},
};
use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
};
use tokio::runtime::Handle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What happens to a call whose client closes the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disconnect {
    /// It is cancelled.
    Cancels,
    /// It goes on: connections of the handshake revisions may break at any time.
    IsNothing,
}

/// Calls that go on without their connections.
#[derive(Debug)]
pub(super) struct Background {
    tasks: TaskTracker,
    stop: CancellationToken,
    /// Cancelled when calls have had their time to end.
    cut_off: CancellationToken,
}

impl Background {
    /// Until `stop`, calls whose clients are gone may run to their ends.
    pub(super) fn new(stop: CancellationToken) -> Self {
        Self {
            tasks: TaskTracker::new(),
            stop,
            cut_off: CancellationToken::new(),
        }
    }

    /// Cancelled when the gateway stops.
    pub(super) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Does something until the gateway stops.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            stop.run_until_cancelled(task).await;
        });
    }

    /// Ends what still runs, and waits until it has ended and is recorded.
    pub(super) async fn end(&self) {
        self.cut_off.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// A call on its way to its answer. Dropped too early it goes on in the background, if that is
/// what a disconnect means.
pub(super) struct Running<'background> {
    call: Option<Pin<Box<dyn Future<Output = Answer> + Send>>>,
    disconnect: Disconnect,
    background: &'background Background,
}

impl<'background> Running<'background> {
    pub(super) fn new(
        call: impl Future<Output = Answer> + Send + 'static,
        disconnect: Disconnect,
        background: &'background Background,
    ) -> Self {
        Self {
            call: Some(Box::pin(call)),
            disconnect,
            background,
        }
    }

    /// The answer, which is a stream if the call says anything before its end.
    pub(super) async fn streaming(mut self, outlet: Outlet, events: Events) -> Answer {
        let ended = poll_fn(|context| match Pin::new(&mut self).poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => events.poll_begun(context).map(|()| None),
        });
        match ended.await {
            Some(answer) if events.is_empty() => answer,
            Some(answer) => {
                answer.finish(&outlet);
                Answer::events(events)
            }
            None => {
                self.go_on(outlet);
                Answer::events(events)
            }
        }
    }

    fn go_on(mut self, outlet: Outlet) {
        let (Some(call), disconnect) = (self.call.take(), self.disconnect) else {
            return;
        };
        let Background {
            tasks,
            stop,
            cut_off,
        } = self.background;
        let (stop, cut_off) = (stop.clone(), cut_off.clone());
        tasks.spawn(async move {
            let forsaken = async {
                outlet.gone().await;
                if disconnect == Disconnect::IsNothing {
                    stop.cancelled().await;
                }
            };
            tokio::select! {
                biased;
                () = forsaken => {}
                () = cut_off.cancelled() => {}
                answer = call => answer.finish(&outlet),
            }
        });
    }
}

impl Future for Running<'_> {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer> {
        let call = self.call.as_mut();
        let call = call.expect("a call is not polled after its end");
        let polled = call.as_mut().poll(context);
        if polled.is_ready() {
            self.call = None;
        }
        polled
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let (Some(call), Disconnect::IsNothing) = (self.call.take(), self.disconnect) else {
            return;
        };
        // Without a runtime the process is about to end, and so does the call.
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let stop = self.background.stop.clone();
        let forsaken = async move {
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                _unread = call => {}
            }
        };
        self.background.tasks.spawn_on(forsaken, &runtime);
    }
}
