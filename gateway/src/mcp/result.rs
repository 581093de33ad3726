//! What came of a call, in the shape of each revision.
//!
//! A tool that failed and a call that the host stopped are results too, marked as errors, so that
//! a model reads them and can react. What an older revision has no word for is said in text, never
//! dropped in silence. Every result carries the id of its call in `_meta` (see [`meta`]).

mod content;
mod escape;
mod meta;
mod offered;

pub(super) use content::Annotations;
pub(super) use escape::write;
pub(super) use meta::{Meta, ServerInfo};
pub(super) use offered::{OfferedResult, unanswered};

use super::{object, revision::Revision};
use crate::service::FinishedCall;
use casemate_domain::{
    Conclusion, Content, Json, NeedInput, OutcomeKind, ProtocolError, Stop, StopReason, ToolError,
    ToolResult,
};
use content::Block;
use meta::{ErrorMeta, Source};
use serde::Serialize;
use std::borrow::Cow;

/// A call's result as a client of the newest revision sees it, for the door that shows results to
/// administrators.
pub fn to_value(finished: &FinishedCall) -> serde_json::Value {
    to_json(&CallResult::of(finished, Revision::MODERN, None)).to_value()
}

/// The same for what is not a tool. None if it came to nothing, which clients are told as an error.
pub fn offered_to_value(finished: &FinishedCall) -> Option<serde_json::Value> {
    let result = OfferedResult::of(finished, Revision::MODERN, None).ok()?;
    Some(to_json(&result).to_value())
}

/// A result that is kept for later.
pub(super) fn to_json(result: &impl Serialize) -> Json {
    let mut written = Vec::new();
    write(result, &mut written);
    let written = String::from_utf8(written).expect("texts are written as UTF-8");
    Json::parse(written).expect("results are written as JSON")
}

/// The result of `tools/call`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CallResult<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    result_type: Option<&'static str>,
    content: Vec<Block<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    structured_content: Option<&'a Json>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_error: bool,
    #[serde(rename = "_meta")]
    meta: Meta<'a>,
}

impl<'a> CallResult<'a> {
    /// Shapes an outcome. Questions and refusals of requests are said in words here; whoever can
    /// pass them on as what they are does that before.
    pub(super) fn of(
        finished: &'a FinishedCall,
        revision: Revision,
        server: Option<ServerInfo<'a>>,
    ) -> Self {
        let mut meta = Meta::new(finished.id, server);
        if finished.shows_receipt {
            meta = meta.with_receipt(&finished.outcome.receipt);
        }
        let conclusion = &finished.outcome.conclusion;
        let mut result = match conclusion {
            Conclusion::Complete(result) => Self::complete(result, revision, meta),
            Conclusion::ToolError(error) => Self::tool_error(error, revision, meta),
            Conclusion::Stopped(stop) => Self::stopped(stop, meta),
            Conclusion::NeedInput(need) => {
                let code = OutcomeKind::from(conclusion).as_str();
                Self::failed(
                    unanswerable(need).into(),
                    meta.with_error(Source::Gateway, code),
                )
            }
            Conclusion::Contents(_) | Conclusion::Filled(_) | Conclusion::Suggested(_) => {
                let message = "The component answered with something else than a result of a tool.";
                Self::failed(
                    message.into(),
                    meta.with_error(Source::Tool, StopReason::InvalidOutput.as_str()),
                )
            }
            Conclusion::ProtocolError(error) => {
                let code = OutcomeKind::from(conclusion).as_str();
                Self::failed(refusal(error), meta.with_error(Source::Tool, code))
            }
        };
        result.result_type = revision.is_modern().then_some("complete");
        result
    }

    /// A call that came to nothing because its question was not answered.
    pub(super) fn unanswered(finished: &FinishedCall, message: String) -> Self {
        let code = OutcomeKind::from(&finished.outcome.conclusion).as_str();
        let meta = Meta::new(finished.id, None).with_error(Source::Gateway, code);
        Self::failed(message.into(), meta)
    }

    /// Says how many notifications a client should have had before this and did not get.
    pub(super) fn without_notifications(mut self, dropped: u64) -> Self {
        self.meta = self.meta.without_notifications(dropped);
        self
    }

    fn complete(result: &'a ToolResult, revision: Revision, meta: Meta<'a>) -> Self {
        let structured = result.structured.as_ref();
        let kept = structured.filter(|value| can_be_structured(value, revision));
        let mut content = blocks(&result.content, revision);
        if let Some(value) = structured
            && (kept.is_none() || content.is_empty())
            && !content.iter().any(|block| block.says(value.get()))
        {
            content.insert(0, Block::text(value.get()));
        }
        Self {
            result_type: None,
            content,
            structured_content: kept,
            is_error: false,
            meta: meta.with_own(result.meta.as_ref()),
        }
    }

    fn tool_error(error: &'a ToolError, revision: Revision, meta: Meta<'a>) -> Self {
        let message = match error.retry_after_ms {
            Some(wait) => Cow::Owned(format!("{}\n{}", error.message, try_again(wait))),
            None => Cow::Borrowed(error.message.as_str()),
        };
        let meta = meta.with(ErrorMeta {
            source: Source::Tool,
            code: error.code.as_deref().unwrap_or("tool_error"),
            retry_after_ms: error.retry_after_ms,
        });
        let mut result = Self::failed(message, meta);
        result.content.extend(blocks(&error.content, revision));
        result
    }

    fn stopped(stop: &'a Stop, meta: Meta<'a>) -> Self {
        let id = meta.call_id().to_string();
        // The operator finds the call by its id, and the person who asks has only this text.
        let message = if stop.message.contains(&id) {
            Cow::Borrowed(stop.message.as_str())
        } else {
            Cow::Owned(format!("{} ({id})", stop.message))
        };
        Self::failed(
            message,
            meta.with_error(Source::Gateway, stop.reason.as_str()),
        )
    }

    fn failed(message: Cow<'a, str>, meta: Meta<'a>) -> Self {
        Self {
            result_type: None,
            content: vec![Block::text(message)],
            structured_content: None,
            is_error: true,
            meta,
        }
    }
}

fn blocks(content: &[Content], revision: Revision) -> Vec<Block<'_>> {
    content
        .iter()
        .map(|content| Block::of(content, revision))
        .collect()
}

fn can_be_structured(value: &Json, revision: Revision) -> bool {
    revision.has_structured_values()
        || (revision.has_structured_content() && object::is_object(value.as_ref()))
}

fn try_again(wait_ms: u64) -> String {
    match wait_ms.div_ceil(1_000) {
        0 | 1 => "Try again in a second.".to_owned(),
        seconds => format!("Try again in {seconds} seconds."),
    }
}

/// What to tell somebody whose connection carries no questions.
fn unanswerable(need: &NeedInput) -> String {
    let question = need
        .requests
        .iter()
        .find_map(|request| match &request.body {
            casemate_domain::InputBody::ElicitForm { message, .. }
            | casemate_domain::InputBody::ElicitUrl { message, .. } => Some(message),
            _ => None,
        });
    let question = question
        .map(|message| format!(" It asks: {message}"))
        .unwrap_or_default();
    format!(
        "The tool needs an answer before it can go on, and this connection cannot carry \
         questions.{question}\nUse a client that speaks protocol revision {}, or one that keeps \
         its session, takes event streams, and says that it can answer questions.",
        Revision::MODERN
    )
}

/// Why a component refuses a request.
pub fn refusal(error: &ProtocolError) -> Cow<'_, str> {
    match error {
        ProtocolError::InvalidParams(message) | ProtocolError::Other { message, .. } => {
            message.into()
        }
        ProtocolError::MissingClientCapabilities(names) => format!(
            "The client lacks what this call needs: {}.",
            names.join(", ")
        )
        .into(),
        ProtocolError::ResourceNotFound(uri) => format!("There is no resource {uri}.").into(),
    }
}

#[cfg(test)]
mod tests;
