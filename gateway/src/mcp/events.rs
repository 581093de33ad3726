//! Event streams: messages that go out while their request is still open.
//!
//! A stream is a queue with two ends. What is put in must never wait, because it comes from the
//! middle of a running call, so the queue is bounded: a notification that has no room is dropped
//! and counted. What ends a stream has a place of its own and is never dropped.

use bytes::Bytes;
use futures_util::Stream;
use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::sync::CancellationToken;

/// Notifications that may wait for a client, and their bytes.
const MAX_WAITING: usize = 256;
const MAX_WAITING_BYTES: usize = 256 << 10;
/// After this much silence a comment is sent, so that proxies keep the connection.
pub(super) const SILENCE: Duration = Duration::from_secs(15);
/// A comment, which no client reads.
pub(super) const COMMENT: &[u8] = b":\n\n";

/// The end of a stream where messages are put in.
#[derive(Debug, Clone)]
pub(super) struct Outlet(Arc<Shared>);

/// The end of a stream that a connection reads.
#[derive(Debug)]
pub(super) struct Events {
    shared: Arc<Shared>,
    silence: Duration,
    heartbeat: Option<Pin<Box<Sleep>>>,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    /// Cancelled when nobody reads any more.
    gone: CancellationToken,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Bytes>,
    bytes: usize,
    dropped: u64,
    last: Option<Bytes>,
    is_over: bool,
    reader: Option<Waker>,
}

/// A stream that nothing was put into yet.
pub(super) fn open() -> (Outlet, Events) {
    let shared = Arc::new(Shared {
        queue: Mutex::default(),
        gone: CancellationToken::new(),
    });
    let events = Events {
        shared: Arc::clone(&shared),
        silence: SILENCE,
        heartbeat: None,
    };
    (Outlet(shared), events)
}

impl Outlet {
    /// Puts in a notification, unless there is no room for it.
    pub(super) fn notify(&self, message: &[u8]) {
        let mut queue = self.0.queue();
        let has_room = queue.waiting.len() < MAX_WAITING
            && queue.bytes.saturating_add(message.len()) <= MAX_WAITING_BYTES;
        if has_room {
            queue.put(message);
        } else if !queue.is_over {
            queue.dropped += 1;
        }
    }

    /// Puts in a message that must arrive. Whoever uses this bounds the number of such messages.
    pub(super) fn send(&self, message: &[u8]) {
        self.0.queue().put(message);
    }

    /// How many notifications had no room.
    pub(super) fn dropped(&self) -> u64 {
        self.0.queue().dropped
    }

    /// Ends the stream, after a last message if there is one.
    pub(super) fn end(&self, last: Option<&[u8]>) {
        let mut queue = self.0.queue();
        queue.last = last.map(event);
        queue.is_over = true;
        queue.wake();
    }

    /// Waits until nobody reads the stream any more.
    pub(super) async fn gone(&self) {
        self.0.gone.cancelled().await;
    }
}

impl Events {
    /// Whether there is anything to be read. If not, the task is woken when there is.
    pub(super) fn poll_begun(&self, context: &Context<'_>) -> Poll<()> {
        let mut queue = self.shared.queue();
        if queue.waiting.is_empty() && !queue.is_over {
            queue.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    /// The same, with a comment due at once if nothing waits to be read.
    pub(super) fn overdue(mut self) -> Self {
        self.heartbeat = Some(Box::pin(sleep(Duration::ZERO)));
        self
    }

    /// Whether nothing waits to be read.
    pub(super) fn is_empty(&self) -> bool {
        self.shared.queue().waiting.is_empty()
    }
}

impl Stream for Events {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let taken = self.shared.queue().take(context);
        if let Poll::Ready(next) = taken {
            self.heartbeat = None;
            return Poll::Ready(next.map(Ok));
        }
        let silence = self.silence;
        let heartbeat = self
            .heartbeat
            .get_or_insert_with(|| Box::pin(sleep(silence)));
        heartbeat.as_mut().poll(context).map(|()| {
            heartbeat.as_mut().reset(Instant::now() + silence);
            Some(Ok(Bytes::from_static(COMMENT)))
        })
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let mut queue = self.shared.queue();
        *queue = Queue {
            dropped: queue.dropped,
            is_over: true,
            ..Queue::default()
        };
        drop(queue);
        self.shared.gone.cancel();
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Each change of a queue is whole before anything in it could panic.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn put(&mut self, message: &[u8]) {
        if self.is_over {
            return;
        }
        let event = event(message);
        self.bytes += event.len();
        self.waiting.push_back(event);
        self.wake();
    }

    fn take(&mut self, context: &Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(event) = self.waiting.pop_front() {
            self.bytes -= event.len();
            return Poll::Ready(Some(event));
        }
        if self.is_over {
            return Poll::Ready(self.last.take());
        }
        self.reader = Some(context.waker().clone());
        Poll::Pending
    }

    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

/// One message as an event. Its text may have line ends between its tokens, which an event has to
/// write as lines of their own.
pub(super) fn event(message: &[u8]) -> Bytes {
    let mut event = Vec::with_capacity(message.len() + 8);
    for line in message.split(|byte| matches!(byte, b'\n' | b'\r')) {
        event.extend_from_slice(b"data: ");
        event.extend_from_slice(line);
        event.push(b'\n');
    }
    event.push(b'\n');
    event.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt as _;

    async fn rest(events: Events) -> Vec<String> {
        let all = events.map(|event| String::from_utf8(event.unwrap().to_vec()).unwrap());
        all.collect().await
    }

    #[tokio::test]
    async fn messages_come_out_in_order_and_the_last_one_ends_the_stream() {
        let (outlet, events) = open();
        outlet.notify(b"1");
        outlet.send(b"2");
        outlet.end(Some(b"3"));
        outlet.notify(b"4");
        assert_eq!(
            rest(events).await,
            ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]
        );
    }

    #[tokio::test]
    async fn notifications_without_room_are_dropped_and_counted_and_the_last_message_is_not() {
        for (size, fit) in [(1, MAX_WAITING), (MAX_WAITING_BYTES / 4, 3)] {
            let (outlet, events) = open();
            for _ in 0..MAX_WAITING + 10 {
                outlet.notify(&vec![b'x'; size]);
            }
            outlet.end(Some(b"the answer"));
            assert_eq!(outlet.dropped() as usize, MAX_WAITING + 10 - fit);
            let all = rest(events).await;
            assert_eq!(all.len(), fit + 1);
            assert_eq!(all[fit], "data: the answer\n\n");
        }
    }

    #[tokio::test]
    async fn what_is_read_makes_room() {
        let (outlet, mut events) = open();
        for _ in 0..3 * MAX_WAITING {
            outlet.notify(b"1");
            events.next().await.unwrap().unwrap();
        }
        assert_eq!(outlet.dropped(), 0);
    }

    #[tokio::test]
    async fn a_message_of_several_lines_is_one_event() {
        let (outlet, events) = open();
        outlet.end(Some(b"{\r\n\"a\":\n1}"));
        assert_eq!(
            rest(events).await,
            ["data: {\ndata: \ndata: \"a\":\ndata: 1}\n\n"]
        );
    }

    #[tokio::test]
    async fn silence_is_broken_by_comments() {
        let (outlet, mut events) = open();
        events.silence = Duration::from_millis(20);
        for _ in 0..3 {
            let before = Instant::now();
            assert_eq!(&events.next().await.unwrap().unwrap()[..], COMMENT);
            assert!(before.elapsed() >= events.silence);
        }
        outlet.end(None);
        assert!(events.next().await.is_none());
    }

    #[tokio::test]
    async fn who_writes_learns_that_nobody_reads() {
        let (outlet, events) = open();
        let waiting = tokio::spawn({
            let outlet = outlet.clone();
            async move { outlet.gone().await }
        });
        drop(events);
        waiting.await.unwrap();
        outlet.notify(b"for nobody");
        assert_eq!(outlet.dropped(), 0);
    }
}
