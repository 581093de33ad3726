//! Bodies of requests, up to a size and for a time. Both doors read theirs with this.
//!
//! Of a body that is too large nothing is kept, and what still arrives of it is thrown away for a
//! while: if the connection were closed while the client sends, the system would throw away our
//! answer instead, and the client would never learn why.

use axum::body::{Body, HttpBody as _};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use std::time::Duration;

/// How much of a body that is too large is read so that the answer arrives: several times the
/// largest that anybody sends by mistake.
const MAX_DISCARDED_BYTES: usize = 64 << 20;
/// How long to go on reading it, and how long to wait for more of it.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);
const DISCARD_SILENCE: Duration = Duration::from_millis(500);

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
}

/// Reads a body.
pub(crate) async fn read(mut body: Body, allowed: Allowance) -> Result<Bytes, Error> {
    if body.size_hint().lower() > allowed.bytes as u64 {
        discard(body).await;
        return Err(Error::TooLarge(allowed.bytes));
    }
    let collected = Limited::new(&mut body, allowed.bytes).collect();
    match tokio::time::timeout(allowed.time, collected).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            discard(body).await;
            Err(Error::TooLarge(allowed.bytes))
        }
        Ok(Err(_)) => Err(Error::Incomplete),
        Err(_) => Err(Error::TooSlow),
    }
}

async fn discard(mut body: Body) {
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
    use futures_util::stream;

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

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit_and_no_further() {
        assert_eq!(
            read(Body::from("12345678"), EIGHT).await.unwrap(),
            "12345678"
        );
        assert_eq!(
            read(Body::from("123456789"), EIGHT).await,
            Err(Error::TooLarge(8))
        );
        assert_eq!(
            read(unannounced(&[b"1234", b"56789", b"0"]), EIGHT).await,
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
        assert_eq!(read(silent, allowed).await, Err(Error::TooSlow));
    }
}
