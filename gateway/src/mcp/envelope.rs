//! The JSON-RPC envelope: which message a body is, and nothing of what it asks for.
//!
//! Strict, so that nobody in front of us reads another message than we do. Ids come back exactly
//! as they were written, each parameter stays the text that it came as.

use super::{
    error::Error,
    object::{self, Object},
};
use crate::json_text::nests_within;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// How deep a message may nest.
const MAX_DEPTH: usize = 64;
/// The most messages in one body.
pub(super) const MAX_BATCH: usize = 50;

/// What a body holds.
#[derive(Debug)]
pub(super) enum Body<'a> {
    One(Message<'a>),
    /// At least one message and at most [`MAX_BATCH`], none of them read yet.
    Batch(Vec<&'a RawValue>),
}

/// One message.
#[derive(Debug)]
pub(super) enum Message<'a> {
    Request(Request<'a>),
    Notification(Notification<'a>),
    Response(Response<'a>),
}

/// Something that nobody answers.
#[derive(Debug)]
pub(super) struct Notification<'a> {
    pub(super) method: Cow<'a, str>,
    pub(super) params: Option<Opened<'a>>,
}

/// An answer to a question.
#[derive(Debug)]
pub(super) struct Response<'a> {
    /// As the question gave it, if it is one that a question can have.
    pub(super) id: Option<Id<'a>>,
    /// The result, or the error.
    pub(super) outcome: Result<&'a RawValue, &'a RawValue>,
}

/// Something to be answered.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) id: Id<'a>,
    pub(super) method: Cow<'a, str>,
    pub(super) params: Option<Opened<'a>>,
}

/// Parameters, read one level deep, or what is wrong with them.
pub(super) type Opened<'a> = Result<Object<'a>, String>;

/// The id of a request, as text: a JSON string or an integer.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(transparent)]
pub(super) struct Id<'a>(&'a RawValue);

impl<'a> Id<'a> {
    fn read(raw: &'a RawValue) -> Option<Self> {
        object::is_id(raw).then_some(Self(raw))
    }

    /// The id as JSON.
    pub(super) fn raw(self) -> &'a RawValue {
        self.0
    }

    /// The same id, kept.
    pub(super) fn to_owned(self) -> OwnedId {
        OwnedId(self.0.to_owned())
    }

    pub(super) fn as_str(&self) -> &'a str {
        self.0.get()
    }
}

/// The id of a request that outlives its body.
#[derive(Debug)]
pub(super) struct OwnedId(Box<RawValue>);

impl OwnedId {
    pub(super) fn borrow(&self) -> Id<'_> {
        Id(&self.0)
    }
}

/// A body or a message that is refused, with its id if it has one.
#[derive(Debug)]
pub(super) struct Rejected<'a> {
    pub(super) id: Option<Id<'a>>,
    pub(super) error: Error,
}

impl Rejected<'_> {
    fn without_id(error: Error) -> Self {
        Self { id: None, error }
    }
}

/// Reads a body.
pub(super) fn read(body: &[u8]) -> Result<Body<'_>, Rejected<'_>> {
    let text = std::str::from_utf8(body)
        .map_err(|_| Rejected::without_id(Error::Parse("the body is not UTF-8".into())))?;
    if !nests_within(text, MAX_DEPTH) {
        let problem = format!("the message nests deeper than {MAX_DEPTH}");
        return Err(Rejected::without_id(Error::InvalidRequest(problem)));
    }
    if text.trim_ascii_start().starts_with('[') {
        return batch(text).map(Body::Batch).map_err(Rejected::without_id);
    }
    message(text).map(Body::One)
}

fn batch(text: &str) -> Result<Vec<&RawValue>, Error> {
    let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| syntax(&error))?;
    match items.len() {
        1..=MAX_BATCH => Ok(items),
        0 => Err(Error::InvalidRequest("a batch must not be empty".into())),
        _ => Err(Error::InvalidRequest(format!(
            "a batch holds at most {MAX_BATCH} messages"
        ))),
    }
}

/// Reads one message.
pub(super) fn message(text: &str) -> Result<Message<'_>, Rejected<'_>> {
    // Parameters can be long: those of nearly all messages are read with the message around them.
    match Object::parse_with(text, "params") {
        Some((members, params)) => of(&members, params.map(Ok)),
        None => in_steps(text),
    }
}

/// Reads a message and then its parameters, which tells what is wrong with which of them.
fn in_steps(text: &str) -> Result<Message<'_>, Rejected<'_>> {
    let members = Object::parse(text).map_err(|error| {
        Rejected::without_id(if error.is_data() {
            Error::InvalidRequest("a message is one object without repeated keys".into())
        } else {
            syntax(&error)
        })
    })?;
    of(&members, members.get("params").map(Object::of))
}

fn of<'a>(members: &Object<'a>, params: Option<Opened<'a>>) -> Result<Message<'a>, Rejected<'a>> {
    let id = members.get("id").and_then(Id::read);
    classify(members, params).map_err(|problem| Rejected {
        id,
        error: Error::InvalidRequest(problem),
    })
}

fn classify<'a>(members: &Object<'a>, params: Option<Opened<'a>>) -> Result<Message<'a>, String> {
    members.refuse_lookalikes(&["jsonrpc", "id", "method", "params", "result", "error"])?;
    if members.string("jsonrpc").as_deref() != Some("2.0") {
        return Err("`jsonrpc` must be \"2.0\"".to_owned());
    }
    let result = members.get_any("result").map(Ok);
    let outcome = result.or_else(|| members.get_any("error").map(Err));
    let Some(method) = members.get_any("method") else {
        let outcome = outcome.ok_or("`method` is missing")?;
        let id = members.get("id").and_then(Id::read);
        return Ok(Message::Response(Response { id, outcome }));
    };
    if outcome.is_some() {
        return Err("a message has either `method` or `result` or `error`".to_owned());
    }
    let method = object::string(method).ok_or("`method` must be a string")?;
    match members.get_any("id") {
        None => Ok(Message::Notification(Notification { method, params })),
        Some(raw) => {
            let id = Id::read(raw).ok_or("`id` must be a string or an integer")?;
            Ok(Message::Request(Request { id, method, params }))
        }
    }
}

fn syntax(error: &serde_json::Error) -> Error {
    Error::Parse(format!(
        "not valid JSON at line {} column {}",
        error.line(),
        error.column()
    ))
}

#[cfg(test)]
mod tests;
