//! Answers as bytes: written once, without a tree in between.

use super::{
    envelope::Id,
    error::{Era, Error},
};
use axum::body::Body;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use serde_json::Value;

/// What is sent back for one HTTP request, or for one message of a batch.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// A JSON-RPC message; nothing is said about notifications.
    pub(super) body: Option<Vec<u8>>,
    header: Option<(HeaderName, &'static str)>,
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
        let mut body = opening(id, 512);
        serde_json::to_writer(&mut body, result).expect("results have only string keys");
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
            body: Some(body),
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
            body: Some(body),
            header: error.header(),
        }
    }

    /// The answer to what is not answered.
    pub(super) fn accepted() -> Self {
        Self {
            status: StatusCode::ACCEPTED,
            body: None,
            header: None,
        }
    }

    /// Several answers in one.
    pub(super) fn all(bodies: &[Vec<u8>]) -> Self {
        let mut body = vec![b'['];
        body.extend_from_slice(&bodies.join(&b','));
        body.push(b']');
        Self {
            status: StatusCode::OK,
            body: Some(body),
            header: None,
        }
    }

    /// As HTTP. Nothing here is for caches: answers depend on the key.
    pub(super) fn into_response(self) -> Response<Body> {
        let has_body = self.body.is_some();
        let mut response = Response::new(self.body.map_or_else(Body::empty, Body::from));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if has_body {
            let json = HeaderValue::from_static("application/json");
            headers.insert(header::CONTENT_TYPE, json);
        }
        if let Some((name, value)) = self.header {
            headers.insert(name, HeaderValue::from_static(value));
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
        String::from_utf8(answer.body.unwrap()).unwrap()
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
