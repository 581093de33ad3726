//! From the contract's types to the domain's and back.
//!
//! What comes out of a guest is checked and masked here, once; strings and bytes are moved, not
//! copied.

mod content;
mod context;
mod intake;
mod prompt;
mod question;
mod weight;

pub(crate) use content::{icons, plain_annotations};
pub(crate) use context::{CallContext, context};

use crate::{
    aside::aside,
    bindings::{
        host::types::{CallError, ProtocolError, ToolError},
        prompts::PromptOutcome,
        resources::ReadOutcome,
        tools::{CallOutcome, ToolResult},
    },
    component::Answered,
    redact::Redactor,
    stop,
};
use casemate_domain::{
    CLIENT_CAPABILITIES, Conclusion, Limits, ProtocolError as DomainProtocolError, Stop,
    ToolError as DomainToolError, ToolResult as DomainToolResult,
};
use intake::Intake;

/// JSON-RPC keeps these codes for itself.
const RESERVED_CODES: std::ops::RangeInclusive<i32> = -32768..=-32000;
/// "Internal error".
const INTERNAL_ERROR: i32 = -32603;

/// What a guest answered, and how large it is.
pub(crate) struct Answer {
    pub(crate) conclusion: Conclusion,
    pub(crate) bytes: u64,
}

/// What a guest answered: counted, checked, with the values of secrets masked.
pub(crate) fn answer(
    answered: Answered,
    redactor: &Redactor,
    limits: &Limits,
) -> Result<Answer, Stop> {
    aside(weight::of(&answered), || {
        taken_in(answered, redactor, limits)
    })
}

fn taken_in(answered: Answered, redactor: &Redactor, limits: &Limits) -> Result<Answer, Stop> {
    let mut intake = Intake::new(redactor, limits);
    let conclusion = match answered {
        Answered::Tool(result) => result.map(|outcome| tool(outcome, &mut intake)),
        Answered::Resource(result) => result.map(|outcome| resource(outcome, &mut intake)),
        Answered::Prompt(result) => result.map(|outcome| prompt(outcome, &mut intake)),
        Answered::Completion(result) => result.map(|suggestions| {
            let suggestions = prompt::suggestions(suggestions, &mut intake);
            Ok(Conclusion::Suggested(suggestions))
        }),
    };
    let conclusion = conclusion.unwrap_or_else(|error| failure(error, &mut intake));
    let bytes = intake.bytes();
    // First: what was too much is not there any more, and may be missed elsewhere.
    if bytes > limits.output_bytes {
        return Err(stop::output(limits));
    }
    conclusion.map(|conclusion| Answer { conclusion, bytes })
}

fn tool(outcome: CallOutcome, intake: &mut Intake<'_>) -> Result<Conclusion, Stop> {
    match outcome {
        CallOutcome::Complete(result) => complete(result, intake).map(Conclusion::Complete),
        CallOutcome::NeedInput(need) => {
            question::need_input(need, intake).map(Conclusion::NeedInput)
        }
    }
}

fn resource(outcome: ReadOutcome, intake: &mut Intake<'_>) -> Result<Conclusion, Stop> {
    match outcome {
        ReadOutcome::Contents(pieces) => {
            content::resources(pieces, intake).map(Conclusion::Contents)
        }
        ReadOutcome::NeedInput(need) => {
            question::need_input(need, intake).map(Conclusion::NeedInput)
        }
    }
}

fn prompt(outcome: PromptOutcome, intake: &mut Intake<'_>) -> Result<Conclusion, Stop> {
    match outcome {
        PromptOutcome::Complete(filled) => prompt::filled(filled, intake).map(Conclusion::Filled),
        PromptOutcome::NeedInput(need) => {
            question::need_input(need, intake).map(Conclusion::NeedInput)
        }
    }
}

fn failure(error: CallError, intake: &mut Intake<'_>) -> Result<Conclusion, Stop> {
    match error {
        CallError::Tool(error) => tool_error(error, intake).map(Conclusion::ToolError),
        CallError::Protocol(error) => protocol_error(error, intake).map(Conclusion::ProtocolError),
    }
}

fn complete(result: ToolResult, intake: &mut Intake<'_>) -> Result<DomainToolResult, Stop> {
    Ok(DomainToolResult {
        content: content::list(result.content, intake)?,
        structured: intake.json(result.structured, "the structured answer")?,
        meta: intake.object(result.meta, "the metadata")?,
    })
}

fn tool_error(error: ToolError, intake: &mut Intake<'_>) -> Result<DomainToolError, Stop> {
    Ok(DomainToolError {
        message: intake.text(error.message),
        code: intake.maybe_text(error.code),
        retry_after_ms: error.retry_after_ms,
        content: content::list(error.content, intake)?,
        detail: intake.maybe_text(error.detail),
    })
}

/// Names become a tree for the client, one level for each dot: only those of the contract may.
fn known(names: Vec<String>) -> Result<Vec<String>, Stop> {
    let is_unknown = |name: &String| !CLIENT_CAPABILITIES.contains(&name.as_str());
    if names.len() > CLIENT_CAPABILITIES.len() || names.iter().any(is_unknown) {
        return Err(stop::invalid_output(
            "it asks for client capabilities that the contract does not know",
        ));
    }
    Ok(names)
}

fn protocol_error(
    error: ProtocolError,
    intake: &mut Intake<'_>,
) -> Result<DomainProtocolError, Stop> {
    Ok(match error {
        ProtocolError::InvalidParams(message) => {
            DomainProtocolError::InvalidParams(intake.text(message))
        }
        ProtocolError::MissingClientCapabilities(names) => {
            DomainProtocolError::MissingClientCapabilities(known(intake.texts(names))?)
        }
        ProtocolError::ResourceNotFound(uri) => {
            DomainProtocolError::ResourceNotFound(intake.text(uri))
        }
        ProtocolError::Other(other) => DomainProtocolError::Other {
            code: if RESERVED_CODES.contains(&other.code) {
                INTERNAL_ERROR
            } else {
                other.code
            },
            message: intake.text(other.message),
            data: intake.json(other.data, "the data of the error")?,
        },
    })
}

#[cfg(test)]
mod tests;
