//! Answers as bytes: written once, without a tree in between.

use super::{
    envelope::Id,
    error::{Era, Error},
    events::{self, Outlet},
    result,
};
use crate::listen::Quiet;
use axum::body::Body;
use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use serde_json::Value;
use std::convert::Infallible;

const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// What is sent back for one HTTP request, or for one message of a batch.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Content,
    header: Option<(HeaderName, HeaderValue)>,
}

/// What an answer says.
#[derive(Debug)]
pub(super) enum Content {
    /// Nothing: nothing is said about notifications.
    Nothing,
    /// One JSON-RPC message, or a batch of them.
    Json(Vec<u8>),
    /// Messages as they come; the last one is the response.
    Events(Body),
    /// The same, with nothing to be said most of the time.
    Quiet(Body),
}

#[derive(Serialize)]
struct Failure<'a> {
    jsonrpc: &'static str,
    /// Left out if the request has none that can be read; null is not allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Id<'a>>,
    error: FailureBody,
}

#[derive(Serialize)]
struct FailureBody {
    code: i32,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

impl Answer {
    /// A result that is written here.
    pub(super) fn result(id: Id<'_>, result: &impl Serialize) -> Self {
        Self::long_result(id, result, 0)
    }

    /// The same for one in which so many bytes are repeated: what is large is not moved while it grows.
    pub(super) fn long_result(id: Id<'_>, result: &impl Serialize, bytes: usize) -> Self {
        // A sixteenth is for escapes: two in a line of prose.
        let mut body = opening(id, 512 + bytes + bytes / 16);
        result::write(result, &mut body);
        Self::closed(body)
    }

    /// A result that is text already.
    pub(super) fn written(id: Id<'_>, result: &[u8]) -> Self {
        let mut body = opening(id, result.len() + 64);
        body.extend_from_slice(result);
        Self::closed(body)
    }

    fn closed(mut body: Vec<u8>) -> Self {
        body.push(b'}');
        Self {
            status: StatusCode::OK,
            body: Content::Json(body),
            header: None,
        }
    }

    /// A refusal.
    pub(super) fn error(id: Option<Id<'_>>, error: &Error, era: Era) -> Self {
        let failure = Failure {
            jsonrpc: "2.0",
            id,
            error: FailureBody {
                code: error.code(era),
                message: error.to_string(),
                data: error.data(),
            },
        };
        let body = serde_json::to_vec(&failure).expect("errors have only string keys");
        Self {
            status: error.status(era),
            body: Content::Json(body),
            header: error
                .header()
                .map(|(name, value)| (name, HeaderValue::from_static(value))),
        }
    }

    /// The answer to what is not answered.
    pub(super) fn accepted() -> Self {
        Self {
            status: StatusCode::ACCEPTED,
            body: Content::Nothing,
            header: None,
        }
    }

    /// An event stream.
    pub(super) fn events(
        events: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static,
    ) -> Self {
        Self {
            status: StatusCode::OK,
            body: Content::Events(Body::from_stream(events)),
            header: None,
        }
    }

    /// An event stream on which nothing is said most of the time.
    pub(super) fn quiet(
        events: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static,
    ) -> Self {
        Self {
            status: StatusCode::OK,
            body: Content::Quiet(Body::from_stream(events)),
            header: None,
        }
    }

    /// Ends a stream with this answer.
    pub(super) fn finish(self, outlet: &Outlet) {
        outlet.end(self.into_json().as_deref());
    }

    /// The message, if it is one.
    pub(super) fn into_json(self) -> Option<Vec<u8>> {
        match self.body {
            Content::Json(body) => Some(body),
            Content::Nothing | Content::Events(_) | Content::Quiet(_) => None,
        }
    }

    /// The same with a header.
    pub(super) fn with_header(self, name: HeaderName, value: HeaderValue) -> Self {
        Self {
            header: Some((name, value)),
            ..self
        }
    }

    /// The answer to a request that only has to be done.
    pub(super) fn done() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: Content::Nothing,
            header: None,
        }
    }

    /// The answer to a request that its client withdrew: none, as far as HTTP can say nothing.
    pub(super) fn withdrawn() -> Self {
        let (outlet, events) = events::open();
        outlet.end(None);
        Self::events(events)
    }

    /// Several answers in one.
    pub(super) fn all(bodies: &[Vec<u8>]) -> Self {
        let mut body = vec![b'['];
        body.extend_from_slice(&bodies.join(&b','));
        body.push(b']');
        Self {
            status: StatusCode::OK,
            body: Content::Json(body),
            header: None,
        }
    }

    /// As HTTP. Nothing here is for caches: answers depend on the key.
    pub(super) fn into_response(self) -> Response<Body> {
        let is_quiet = matches!(self.body, Content::Quiet(_));
        let (body, media_type) = match self.body {
            Content::Nothing => (Body::empty(), None),
            Content::Json(body) => (Body::from(body), Some("application/json")),
            Content::Events(events) | Content::Quiet(events) => (events, Some("text/event-stream")),
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        if is_quiet {
            response.extensions_mut().insert(Quiet);
        }
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(media_type) = media_type {
            let media_type = HeaderValue::from_static(media_type);
            if media_type == "text/event-stream" {
                // A proxy that collects an answer before it passes it on would hold events back.
                headers.insert(UNBUFFERED, HeaderValue::from_static("no"));
            }
            headers.insert(header::CONTENT_TYPE, media_type);
        }
        if let Some((name, value)) = self.header {
            headers.insert(name, value);
        }
        response
    }
}

fn opening(id: Id<'_>, capacity: usize) -> Vec<u8> {
    let mut body = Vec::with_capacity(capacity);
    body.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    body.extend_from_slice(id.as_str().as_bytes());
    body.extend_from_slice(br#","result":"#);
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::envelope::{Message, message};

    fn with_id<T>(id: &str, then: impl FnOnce(Id<'_>) -> T) -> T {
        let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"m"}}"#);
        match message(&text) {
            Ok(Message::Request(request)) => then(request.id),
            other => panic!("{other:?}"),
        }
    }

    fn text(answer: Answer) -> String {
        String::from_utf8(answer.into_json().unwrap()).unwrap()
    }

    #[test]
    fn an_id_is_echoed_as_it_was_written() {
        let written = with_id(r#""a\u0062""#, |id| Answer::written(id, b"{}"));
        assert_eq!(
            text(written),
            r#"{"jsonrpc":"2.0","id":"a\u0062","result":{}}"#
        );
        let serialized = with_id("-0", |id| Answer::result(id, &[1]));
        assert_eq!(
            text(serialized),
            r#"{"jsonrpc":"2.0","id":-0,"result":[1]}"#
        );
    }

    #[test]
    fn an_error_without_an_id_has_none() {
        let error = Answer::error(None, &Error::ServerNotFound, Era::Modern);
        assert_eq!(
            text(error),
            r#"{"jsonrpc":"2.0","error":{"code":404,"message":"Server not found"}}"#
        );
    }

    #[test]
    fn headers_say_what_the_body_is_and_that_nobody_keeps_it() {
        let refused = Answer::error(None, &Error::AuthenticationFailed, Era::Modern);
        let response = refused.into_response();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        let accepted = Answer::accepted().into_response();
        assert!(!accepted.headers().contains_key("content-type"));
    }

    #[test]
    fn answers_of_a_batch_are_one_array() {
        let body = text(Answer::all(&[b"1".to_vec(), b"2".to_vec()]));
        assert_eq!(body, "[1,2]");
    }
}
