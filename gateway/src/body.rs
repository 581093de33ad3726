//! Bodies of requests, up to a size and for a time. Both doors read theirs with this.
//!
//! Of a body that is too large nothing is kept, and what still arrives of it is thrown away for a
//! while: if the connection were closed while the client sends, the system would throw away our
//! answer instead, and the client would never learn why. A client that asks before it sends is told
//! at once.
//!
//! What arrives is counted as it arrives, so that nobody fills the memory with requests that never
//! come to an end; and who sends too slowly is not waited for, because it holds what others need.

use crate::portion::Taken;
use axum::body::HttpBody;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};
use tokio::time::{Instant, error::Elapsed, timeout_at};

/// How much of a body that is too large is read so that the answer arrives: several times the
/// largest that anybody sends by mistake.
const MAX_DISCARDED_BYTES: usize = 64 << 20;
/// How long to go on reading it, and how long to wait for more of it.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);
const DISCARD_SILENCE: Duration = Duration::from_millis(500);

/// How slowly a body may arrive, in bytes per second, and how long it may take to begin with it.
const LEAST_RATE: u32 = 16 << 10;
const GRACE: Duration = Duration::from_secs(5);

/// What a body may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    pub(crate) bytes: usize,
    /// How long it may take to arrive.
    pub(crate) time: Duration,
}

/// Why there is no body.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("the body has more than {0} bytes")]
    TooLarge(usize),
    #[error("the body took too long to arrive")]
    TooSlow,
    #[error("the body did not arrive whole")]
    Incomplete,
    #[error("there is no room for the body")]
    NoRoom,
}

/// Reads the body of a request with these headers, and counts it among what is taken, if that is
/// given.
pub(crate) async fn read(
    headers: &HeaderMap,
    mut body: impl HttpBody<Data = Bytes> + Unpin,
    allowed: Allowance,
    taken: Option<&mut Taken>,
) -> Result<Bytes, Error> {
    if body.size_hint().lower() > allowed.bytes as u64 {
        // Reading is what lets a client send that asked whether it may.
        if !headers.contains_key(header::EXPECT) {
            discard(body).await;
        }
        return Err(Error::TooLarge(allowed.bytes));
    }
    let read = collect(&mut body, allowed, taken).await;
    if matches!(read, Err(Error::TooLarge(_) | Error::NoRoom)) {
        discard(body).await;
    }
    read
}

async fn collect(
    body: &mut (impl HttpBody<Data = Bytes> + Unpin),
    allowed: Allowance,
    mut taken: Option<&mut Taken>,
) -> Result<Bytes, Error> {
    let announced = body.size_hint().upper().map(usize::try_from);
    let most = announced.and_then(Result::ok).unwrap_or(allowed.bytes);
    let mut arrived = Arrived::Nothing;
    let started = Instant::now();
    loop {
        let bytes = arrived.bytes();
        let latest = started + allowed.time.min(patience(bytes));
        let frame = match by(latest, body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(_))) => return Err(Error::Incomplete),
            Ok(None) => return Ok(arrived.whole()),
            Err(_) => return Err(Error::TooSlow),
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if data.len() > allowed.bytes - bytes {
            return Err(Error::TooLarge(allowed.bytes));
        }
        if let Some(taken) = taken.as_deref_mut()
            && !taken.take(data.len() as u64)
        {
            return Err(Error::NoRoom);
        }
        arrived.add(data, most);
        if body.is_end_stream() {
            return Ok(arrived.whole());
        }
    }
}

/// Waits at most until `latest`. Nearly every body is there as soon as somebody asks for it, and a
/// timer would cost more than reading it: so there is one only if it is not there at the second look.
async fn by<T>(latest: Instant, work: impl Future<Output = T>) -> Result<T, Elapsed> {
    let mut work = pin!(work);
    let mut looks = 0;
    let soon = poll_fn(|context| {
        looks += 1;
        match work.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if looks > 1 => Poll::Ready(None),
            Poll::Pending => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    });
    match soon.await {
        Some(done) => Ok(done),
        None => timeout_at(latest, work).await,
    }
}

/// How long to wait for more of a body of which so many bytes have arrived, from its beginning.
fn patience(bytes: usize) -> Duration {
    GRACE + Duration::from_secs(bytes as u64) / LEAST_RATE
}

/// What has arrived of a body.
enum Arrived {
    Nothing,
    /// Nearly all bodies come in one piece, which is kept as it is.
    One(Bytes),
    /// Pieces are copied together: each of them may keep much more memory than it has bytes.
    Several(BytesMut),
}

impl Arrived {
    fn bytes(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::One(bytes) => bytes.len(),
            Self::Several(bytes) => bytes.len(),
        }
    }

    /// Adds a piece of a body that has at most so many bytes.
    fn add(&mut self, data: Bytes, most: usize) {
        match self {
            Self::Nothing => *self = Self::One(data),
            Self::One(first) => {
                // Room for as much again, unless less will come.
                let room = 2 * (first.len() + data.len());
                let mut bytes = BytesMut::with_capacity(room.min(most));
                bytes.extend_from_slice(first);
                bytes.extend_from_slice(&data);
                *self = Self::Several(bytes);
            }
            Self::Several(bytes) => bytes.extend_from_slice(&data),
        }
    }

    fn whole(self) -> Bytes {
        match self {
            Self::Nothing => Bytes::new(),
            Self::One(bytes) => bytes,
            Self::Several(bytes) => bytes.freeze(),
        }
    }
}

async fn discard(mut body: impl HttpBody<Data = Bytes> + Unpin) {
    let discarding = async {
        let mut discarded = 0;
        while discarded < MAX_DISCARDED_BYTES {
            match tokio::time::timeout(DISCARD_SILENCE, body.frame()).await {
                Ok(Some(Ok(frame))) => discarded += frame.data_ref().map_or(0, Bytes::len),
                _ => return,
            }
        }
    };
    // Whether it ended by itself or by the time makes no difference: the answer follows.
    let _ = tokio::time::timeout(DISCARD_TIMEOUT, discarding).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portion::{Pool, Portion};
    use axum::body::Body;
    use futures_util::stream;
    use std::sync::Arc;

    const EIGHT: Allowance = Allowance {
        bytes: 8,
        time: Duration::from_secs(5),
    };

    /// A body that does not say how long it is.
    fn unannounced(parts: &'static [&'static [u8]]) -> Body {
        Body::from_stream(stream::iter(
            parts.iter().map(|part| Ok::<_, std::io::Error>(*part)),
        ))
    }

    async fn take(body: Body, allowed: Allowance) -> Result<Bytes, Error> {
        read(&HeaderMap::new(), body, allowed, None).await
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit_and_no_further() {
        assert_eq!(
            take(Body::from("12345678"), EIGHT).await.unwrap(),
            "12345678"
        );
        assert_eq!(
            take(Body::from("123456789"), EIGHT).await,
            Err(Error::TooLarge(8))
        );
        assert_eq!(
            take(unannounced(&[b"1234", b"56789", b"0"]), EIGHT).await,
            Err(Error::TooLarge(8))
        );
    }

    #[tokio::test]
    async fn a_body_that_stops_arriving_is_not_waited_for() {
        let silent = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        let allowed = Allowance {
            time: Duration::from_millis(20),
            ..EIGHT
        };
        assert_eq!(take(silent, allowed).await, Err(Error::TooSlow));
    }

    #[test]
    fn who_sends_fast_enough_is_waited_for() {
        let seconds = |bytes| patience(bytes).as_secs_f64();
        assert_eq!((seconds(0), seconds(16 << 10)), (5.0, 6.0));
        assert!(patience(1 << 20) > Duration::from_secs(30));
    }

    #[tokio::test]
    async fn control_a_body_that_arrives_in_time_is_read() {
        let late = stream::once(async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            Ok::<_, std::io::Error>(Bytes::from_static(b"1234"))
        });
        assert_eq!(take(Body::from_stream(late), EIGHT).await.unwrap(), "1234");
    }

    #[tokio::test]
    async fn bodies_that_arrive_share_the_memory_for_them() {
        let pool = Arc::new(Pool::new(12));
        let (greedy, modest) = (Arc::default(), Arc::default());
        let read = async |portion: &Arc<Portion>| {
            let mut taken = Taken::nothing(&pool, portion);
            let body = unannounced(&[b"12", b"34"]);
            let read = read(&HeaderMap::new(), body, EIGHT, Some(&mut taken)).await;
            read.map(|_| taken)
        };
        let held = [read(&greedy).await.unwrap(), read(&greedy).await.unwrap()];
        assert_eq!(read(&greedy).await.unwrap_err(), Error::NoRoom);
        let other = read(&modest).await.unwrap();
        drop((held, other));
        assert!(read(&greedy).await.is_ok(), "all was given back");
    }
}
