//! What came of reading a resource, filling in a prompt, completing: in the shape of each revision.
//!
//! Unlike a call of a tool, these have no result that is an error: what failed is answered with an
//! error that says whose it is in the same words.

use super::{
    content::{Block, Resource},
    meta::{ErrorMeta, Meta, ServerInfo, Source},
    unanswerable,
};
use crate::{
    mcp::{error::Error, revision::Revision},
    service::FinishedCall,
};
use casemate_domain::{
    Audience, Conclusion, FilledPrompt, Json, OutcomeKind, ResourceContents, StopReason,
    Suggestions,
};
use serde::Serialize;
use serde_json::json;

/// A result of any kind.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::mcp) struct OfferedResult<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    result_type: Option<&'static str>,
    #[serde(flatten)]
    body: Body<'a>,
    #[serde(rename = "_meta")]
    meta: Meta<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Body<'a> {
    Read {
        contents: Vec<Resource<'a>>,
        /// What is in a resource may be something else the next time.
        #[serde(skip_serializing_if = "Option::is_none")]
        ttl_ms: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_scope: Option<&'static str>,
    },
    Prompt {
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
        messages: Vec<Message<'a>>,
    },
    Completion {
        completion: Completion<'a>,
    },
}

#[derive(Debug, Serialize)]
struct Message<'a> {
    role: Audience,
    content: Block<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Completion<'a> {
    values: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u32>,
    has_more: bool,
}

impl<'a> OfferedResult<'a> {
    /// Shapes an outcome, or says why there is no result.
    pub(in crate::mcp) fn of(
        finished: &'a FinishedCall,
        revision: Revision,
        server: Option<ServerInfo<'a>>,
    ) -> Result<Self, Error> {
        let body = match &finished.outcome.conclusion {
            Conclusion::Contents(contents) => Body::read(contents, revision),
            Conclusion::Filled(prompt) => Body::prompt(prompt, revision),
            Conclusion::Suggested(suggestions) => Body::completion(suggestions),
            _ => return Err(failure(finished)),
        };
        let mut meta = Meta::new(finished.id, server);
        if finished.shows_receipt {
            meta = meta.with_receipt(&finished.outcome.receipt);
        }
        Ok(Self {
            result_type: revision.is_modern().then_some("complete"),
            body,
            meta,
        })
    }

    /// Says how many notifications a client should have had before this and did not get.
    pub(in crate::mcp) fn without_notifications(mut self, dropped: u64) -> Self {
        self.meta = self.meta.without_notifications(dropped);
        self
    }
}

impl<'a> Body<'a> {
    fn read(contents: &'a [ResourceContents], revision: Revision) -> Self {
        let contents = contents.iter();
        Self::Read {
            contents: contents.map(|one| Resource::of(one, revision)).collect(),
            ttl_ms: revision.is_modern().then_some(0),
            cache_scope: revision.is_modern().then_some("private"),
        }
    }

    fn prompt(prompt: &'a FilledPrompt, revision: Revision) -> Self {
        let messages = prompt.messages.iter().map(|message| Message {
            role: message.role,
            content: Block::of(&message.content, revision),
        });
        Self::Prompt {
            description: prompt.description.as_deref(),
            messages: messages.collect(),
        }
    }

    fn completion(suggestions: &'a Suggestions) -> Self {
        Self::Completion {
            completion: Completion {
                values: &suggestions.values,
                total: suggestions.total,
                has_more: suggestions.has_more,
            },
        }
    }
}

/// Why there is no result, as an error of the protocol.
fn failure(finished: &FinishedCall) -> Error {
    let conclusion = &finished.outcome.conclusion;
    let word = OutcomeKind::from(conclusion).as_str();
    let (message, source, word, retry_after_ms) = match conclusion {
        Conclusion::ToolError(error) => {
            let word = error.code.as_deref().unwrap_or(word);
            (
                error.message.clone(),
                Source::Tool,
                word,
                error.retry_after_ms,
            )
        }
        Conclusion::Stopped(stop) => (stop.message.clone(), Source::Gateway, word, None),
        Conclusion::NeedInput(need) => (unanswerable(need), Source::Gateway, word, None),
        _ => {
            let message = "The component answered with something else than it was asked for";
            (message.to_owned(), Source::Tool, word, None)
        }
    };
    let error = ErrorMeta {
        source,
        code: word,
        retry_after_ms,
    };
    told(finished, message, error)
}

/// A question that was not answered ends what asked it.
pub(in crate::mcp) fn unanswered(finished: &FinishedCall, message: String) -> Error {
    let error = ErrorMeta {
        source: Source::Gateway,
        code: OutcomeKind::from(&finished.outcome.conclusion).as_str(),
        retry_after_ms: None,
    };
    told(finished, message, error)
}

fn told(finished: &FinishedCall, message: String, error: ErrorMeta<'_>) -> Error {
    // What the client sent, or cannot do; all else is no fault of its.
    let is_of_client = match &finished.outcome.conclusion {
        Conclusion::Stopped(stop) => stop.reason == StopReason::InputRejected,
        Conclusion::NeedInput(_) => true,
        _ => false,
    };
    let data = json!({
        "dev.casemate/call-id": finished.id,
        "dev.casemate/error": error,
    });
    Error::OfTool {
        code: if is_of_client { -32602 } else { -32603 },
        message,
        data: Some(Json::from(&data)),
    }
}
