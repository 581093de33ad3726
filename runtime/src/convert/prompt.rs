//! Prompts that were filled in, and suggestions for what to fill in.

use super::{content, intake::Intake};
use crate::bindings::{completion::Suggestions, prompts::PromptResult};
use casemate_domain as domain;
use casemate_domain::Stop;

/// Suggestions in one answer, as the contract has it.
const SUGGESTIONS: usize = 100;

pub(super) fn filled(
    result: PromptResult,
    intake: &mut Intake<'_>,
) -> Result<domain::FilledPrompt, Stop> {
    let description = intake.maybe_text(result.description);
    let messages = result.messages.into_iter().map(|message| {
        Ok(domain::PromptMessage {
            role: content::audience(message.role),
            content: content::content(message.content, intake)?,
        })
    });
    Ok(domain::FilledPrompt {
        messages: messages.collect::<Result<_, Stop>>()?,
        description,
    })
}

pub(super) fn suggestions(found: Suggestions, intake: &mut Intake<'_>) -> domain::Suggestions {
    let mut values = found.values;
    let has_more = found.has_more || values.len() > SUGGESTIONS;
    values.truncate(SUGGESTIONS);
    domain::Suggestions {
        values: intake.texts(values),
        total: found.total,
        has_more,
    }
}
