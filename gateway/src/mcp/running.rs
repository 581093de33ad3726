//! A call that may be answered in two ways, and what becomes of it when its client goes away.
//!
//! As long as a call says nothing before its end, it is polled by its own connection and its
//! answer is plain JSON. With its first notification, or after a silence in which proxies begin to
//! doubt a connection, the answer becomes an event stream, and the call goes on by itself: how fast
//! a client reads decides nothing about a call.

use super::{
    answer::Answer,
    events::{self, Events, Outlet, SILENCE},
};
use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{runtime::Handle, time::sleep};
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
    silence: Duration,
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
            silence: SILENCE,
        }
    }

    /// The answer, which is a stream if the call says anything before its end, or nothing for long.
    pub(super) async fn streaming(mut self, outlet: Outlet, events: Events) -> Answer {
        match self.ended(Some(&events)).await {
            Some(answer) if events.is_empty() => answer,
            Some(answer) => {
                answer.finish(&outlet);
                Answer::events(events)
            }
            None => {
                self.go_on(outlet);
                Answer::events(events.overdue())
            }
        }
    }

    /// The answer of a call that says nothing before its end, which is a stream if that is long in
    /// coming.
    pub(super) async fn silent(mut self) -> Answer {
        if let Some(answer) = self.ended(None).await {
            return answer;
        }
        let (outlet, events) = events::open();
        self.go_on(outlet);
        Answer::events(events.overdue())
    }

    /// The answer, unless something is said before it or nothing is for long. Only a call that has
    /// to wait for something sets a timer.
    async fn ended(&mut self, events: Option<&Events>) -> Option<Answer> {
        let silence = self.silence;
        let mut timer = None;
        poll_fn(|context| {
            if let Poll::Ready(answer) = Pin::new(&mut *self).poll(context) {
                return Poll::Ready(Some(answer));
            }
            if events.is_some_and(|events| events.poll_begun(context).is_ready()) {
                return Poll::Ready(None);
            }
            let timer = timer.get_or_insert_with(|| Box::pin(sleep(silence)));
            timer.as_mut().poll(context).map(|()| None)
        })
        .await
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

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use http_body_util::BodyExt as _;

    async fn slow() -> Answer {
        sleep(Duration::from_millis(100)).await;
        Answer::all(&[])
    }

    async fn text(answer: Answer) -> (bool, String) {
        let response = answer.into_response();
        let is_stream = response.headers()["content-type"] == "text/event-stream";
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (is_stream, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_long_silence_becomes_a_stream_that_says_so_at_once() {
        let background = Background::new(CancellationToken::new());
        let running = |silence| {
            let mut running = Running::new(slow(), Disconnect::Cancels, &background);
            running.silence = Duration::from_millis(silence);
            running
        };
        let broken = (true, ":\n\ndata: []\n\n".to_owned());
        assert_eq!(text(running(10).silent().await).await, broken);
        let (outlet, events) = events::open();
        let answer = running(10).streaming(outlet, events).await;
        assert_eq!(text(answer).await, broken);
        let in_time = (false, "[]".to_owned());
        assert_eq!(text(running(10_000).silent().await).await, in_time);
    }

    #[tokio::test]
    async fn a_call_that_waits_for_nothing_is_answered_at_once() {
        let background = Background::new(CancellationToken::new());
        let call = async { Answer::all(&[]) };
        let running = Running::new(call, Disconnect::Cancels, &background);
        assert!(running.silent().now_or_never().is_some());
    }
}
