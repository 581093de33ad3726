//! Questions to the client in the middle of a call (multi round-trip requests).
//!
//! The call ends with the question; the client asks whom it must and calls again with the answers
//! and the sealed state. Nothing is kept here in between.

mod wording;

use super::{
    Params, Site, capability,
    error::Error,
    object::{self, Object},
    result::Meta,
    revision::Revision,
    seal::Place,
};
use crate::service::FinishedCall;
use casemate_domain::{Answer, Continuation, InputBody, InputRequest, Json, NeedInput};
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::{borrow::Cow, collections::BTreeSet};

/// The result of a call that is not over.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InputRequired<'a> {
    result_type: &'static str,
    #[serde(skip_serializing_if = "Questions::is_empty")]
    input_requests: Questions<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_state: Option<String>,
    #[serde(rename = "_meta")]
    meta: Meta<'a>,
}

/// Questions by their names.
#[derive(Debug)]
pub(super) struct Questions<'a>(pub(super) &'a [InputRequest]);

/// One question, in the words of a revision.
#[derive(Debug, Serialize)]
pub(super) struct Question<'a> {
    method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<QuestionParams<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum QuestionParams<'a> {
    #[serde(rename_all = "camelCase")]
    Form {
        #[serde(skip_serializing_if = "Option::is_none")]
        mode: Option<&'static str>,
        message: &'a str,
        requested_schema: Cow<'a, Json>,
    },
    #[serde(rename_all = "camelCase")]
    Url {
        mode: &'static str,
        message: &'a str,
        url: &'a str,
        /// By which clients of the one handshake revision with pages recognize them.
        #[serde(skip_serializing_if = "Option::is_none")]
        elicitation_id: Option<&'a str>,
    },
    AsTheyAre(&'a Json),
}

/// What a request brings along from an earlier round.
pub(super) fn continuation(
    site: &Site,
    params: &Params<'_>,
    place: impl FnOnce() -> Place,
) -> Result<Continuation, Error> {
    let answers = match params.members.get("inputResponses") {
        Some(raw) => answers(&Object::of(raw).map_err(wrong_answers)?)?,
        None => Vec::new(),
    };
    let state = match params.members.get("requestState") {
        Some(raw) => {
            let text = object::string(raw).ok_or(Error::ForgedState)?;
            let opened = site.inner.seal.open(&place(), &text, now());
            opened.map_err(|_| Error::ForgedState)?
        }
        None => None,
    };
    Ok(Continuation { answers, state })
}

/// Answers by the names of their questions.
pub(super) fn answers(members: &Object<'_>) -> Result<Vec<Answer>, Error> {
    let answer = |(key, value): (&str, &serde_json::value::RawValue)| {
        if object::is_object(value) {
            Ok(Answer {
                key: key.to_owned(),
                value: Json::from(value.to_owned()),
            })
        } else {
            Err(wrong_answers(format!(
                "has an answer `{}` that is no object",
                super::error::shown(key)
            )))
        }
    };
    members.iter().map(answer).collect()
}

pub(super) fn wrong_answers(problem: String) -> Error {
    Error::InvalidParams(format!("`inputResponses` {problem}"))
}

impl<'a> InputRequired<'a> {
    /// The questions of a tool, if the client said that it can answer such questions.
    pub(super) fn new(
        site: &'a Site,
        finished: &FinishedCall,
        need: &'a NeedInput,
        capabilities: &[String],
        place: &Place,
    ) -> Result<Self, Error> {
        check(need, capabilities)?;
        // At least one of the two must be there.
        let has_state = need.state.is_some() || need.requests.is_empty();
        let state = need.state.as_deref();
        Ok(Self {
            result_type: "input_required",
            input_requests: Questions(&need.requests),
            request_state: has_state.then(|| site.inner.seal.seal(place, state, now())),
            meta: Meta::new(finished.id, Some(site.info())),
        })
    }
}

/// Whether a client can be asked what a tool wants to know.
pub(super) fn check(need: &NeedInput, capabilities: &[String]) -> Result<(), Error> {
    let needed = |request| capability::needed_by(request, Revision::MODERN);
    let needed = need.requests.iter().flat_map(needed);
    let missing = capability::missing(needed, capabilities);
    if !missing.is_empty() {
        return Err(Error::MissingCapabilities(missing));
    }
    check_keys(&need.requests)
}

/// Two questions under one key could not be told apart by the client, nor their answers by the tool.
fn check_keys(requests: &[InputRequest]) -> Result<(), Error> {
    let mut keys = BTreeSet::new();
    if requests.iter().all(|request| keys.insert(&request.key)) {
        return Ok(());
    }
    let message = "The tool asked two questions under one key; its author has to mend this";
    Err(Error::OfTool {
        code: -32603,
        message: message.to_owned(),
        data: None,
    })
}

impl Questions<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Questions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for request in self.0 {
            let question = Question::of(request, Revision::MODERN);
            let question = question.map_err(serde::ser::Error::custom)?;
            map.serialize_entry(&request.key, &question)?;
        }
        map.end()
    }
}

impl<'a> Question<'a> {
    /// A question in the words of a revision, or why that has none for it.
    pub(super) fn of(request: &'a InputRequest, revision: Revision) -> Result<Self, &'static str> {
        Ok(match &request.body {
            InputBody::ElicitForm { message, schema } => Self {
                method: "elicitation/create",
                params: Some(QuestionParams::Form {
                    mode: revision.has_url_elicitation().then_some("form"),
                    message,
                    requested_schema: wording::form(schema, revision)?,
                }),
            },
            InputBody::ElicitUrl { message, url, id } => Self {
                method: "elicitation/create",
                params: Some(QuestionParams::Url {
                    mode: "url",
                    message,
                    url,
                    elicitation_id: (!revision.is_modern()).then_some(id),
                }),
            },
            InputBody::Sample(params) => {
                wording::sample(params, revision)?;
                Self {
                    method: "sampling/createMessage",
                    params: Some(QuestionParams::AsTheyAre(params)),
                }
            }
            InputBody::ListRoots => Self {
                method: "roots/list",
                params: None,
            },
        })
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn questions_have_the_shape_of_the_protocol() {
        let request = |key: &str, body| InputRequest {
            key: key.to_owned(),
            body,
        };
        let requests = [
            request(
                "form",
                InputBody::ElicitForm {
                    message: "Name?".into(),
                    schema: Json::from(&json!({ "type": "object" })),
                },
            ),
            request(
                "page",
                InputBody::ElicitUrl {
                    message: "Sign in".into(),
                    url: "https://a.test".into(),
                    id: "e1".into(),
                },
            ),
            request(
                "model",
                InputBody::Sample(Json::from(&json!({ "maxTokens": 1 }))),
            ),
            request("roots", InputBody::ListRoots),
        ];
        assert_eq!(
            serde_json::to_value(Questions(&requests)).unwrap(),
            json!({
                "form": {
                    "method": "elicitation/create",
                    "params": {
                        "mode": "form",
                        "message": "Name?",
                        "requestedSchema": { "type": "object" },
                    },
                },
                "page": {
                    "method": "elicitation/create",
                    "params": { "mode": "url", "message": "Sign in", "url": "https://a.test" },
                },
                "model": { "method": "sampling/createMessage", "params": { "maxTokens": 1 } },
                "roots": { "method": "roots/list" },
            })
        );
    }

    #[test]
    fn answers_are_objects() {
        let read = |text| answers(&Object::parse(text).unwrap());
        let answers = read(r#"{"a":{"action":"accept"}}"#).unwrap();
        assert_eq!(answers[0].key, "a");
        assert_eq!(answers[0].value.get(), r#"{"action":"accept"}"#);
        assert!(matches!(read(r#"{"a":1}"#), Err(Error::InvalidParams(_))));
    }
}
