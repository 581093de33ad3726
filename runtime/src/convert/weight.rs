//! About how many bytes an answer has that are looked through, for whoever has to know beforehand whether
//! that takes long.

use super::intake::PIECE;
use crate::{
    bindings::{
        host::types::{
            CallError, Content, ContentBody, InputBody, NeedInput, ProtocolError, ResourceBody,
            ResourceContents,
        },
        prompts::PromptOutcome,
        resources::ReadOutcome,
        tools::CallOutcome,
    },
    component::Answered,
};

/// What can be large in an answer.
pub(super) fn of(answered: &Answered) -> usize {
    match answered {
        Answered::Tool(Ok(CallOutcome::Complete(result))) => {
            contents(&result.content) + text(&result.structured) + text(&result.meta)
        }
        Answered::Tool(Ok(CallOutcome::NeedInput(need)))
        | Answered::Resource(Ok(ReadOutcome::NeedInput(need)))
        | Answered::Prompt(Ok(PromptOutcome::NeedInput(need))) => questions(need),
        Answered::Resource(Ok(ReadOutcome::Contents(pieces))) => {
            let pieces = pieces.iter();
            pieces.map(|piece| OF_PIECE + resource(piece)).sum()
        }
        Answered::Prompt(Ok(PromptOutcome::Complete(filled))) => {
            let messages = filled.messages.iter();
            messages.map(|message| content(&message.content)).sum()
        }
        Answered::Completion(Ok(found)) => found.values.iter().map(String::len).sum(),
        Answered::Tool(Err(error))
        | Answered::Resource(Err(error))
        | Answered::Prompt(Err(error))
        | Answered::Completion(Err(error)) => failure(error),
    }
}

const OF_PIECE: usize = PIECE as usize;

fn contents(pieces: &[Content]) -> usize {
    pieces.iter().map(content).sum()
}

fn content(piece: &Content) -> usize {
    let body = match &piece.body {
        ContentBody::Text(text) => text.len(),
        ContentBody::Image(media) | ContentBody::Audio(media) => media.data.len(),
        ContentBody::ResourceLink(link) => {
            link.uri.len() + link.name.len() + text(&link.title) + text(&link.description)
        }
        ContentBody::EmbeddedResource(contents) => resource(contents),
    };
    OF_PIECE + body + text(&piece.meta)
}

fn resource(contents: &ResourceContents) -> usize {
    let body = match &contents.body {
        ResourceBody::Text(text) => text.len(),
        ResourceBody::Blob(bytes) => bytes.len(),
    };
    body + contents.uri.len() + text(&contents.meta)
}

fn questions(need: &NeedInput) -> usize {
    let question = |body: &InputBody| match body {
        InputBody::ElicitForm(form) => form.message.len() + form.schema.len(),
        InputBody::ElicitUrl(page) => page.message.len() + page.url.len(),
        InputBody::Sample(params) => params.len(),
        InputBody::ListRoots => 0,
    };
    let requests = need.requests.iter();
    requests.map(|request| question(&request.body)).sum()
}

fn failure(error: &CallError) -> usize {
    match error {
        CallError::Tool(error) => {
            error.message.len() + text(&error.code) + text(&error.detail) + contents(&error.content)
        }
        CallError::Protocol(ProtocolError::Other(other)) => other.message.len() + text(&other.data),
        CallError::Protocol(
            ProtocolError::InvalidParams(message) | ProtocolError::ResourceNotFound(message),
        ) => message.len(),
        CallError::Protocol(ProtocolError::MissingClientCapabilities(_)) => 0,
    }
}

fn text(text: &Option<String>) -> usize {
    text.as_ref().map_or(0, String::len)
}
