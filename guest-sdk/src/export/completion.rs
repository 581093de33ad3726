//! The interface `completion`.

use super::{Complete, PromptEntry, ResourceEntry, convert, log_panics};
use crate::{
    bindings::{
        casemate::tool::types::{CallContext, CallError, ProtocolError},
        completion::exports::casemate::tool::completion as wit,
    },
    texts::Texts,
};

/// Exports completion; `export!` writes it.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_completion {
    ($prompts:expr, $resources:expr) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            mod component {
                pub struct Component;
                $crate::bindings::completion::export_completion!(
                    Component with_types_in $crate::bindings::completion
                );
            }
            use $crate::bindings::{
                casemate::tool::types::{CallContext, CallError},
                completion::exports::casemate::tool::completion::{
                    CompletionRequest, Guest, Suggestions,
                },
            };

            impl Guest for component::Component {
                fn complete(
                    request: CompletionRequest,
                    context: CallContext,
                ) -> ::core::result::Result<Suggestions, CallError> {
                    $crate::__private::completion::complete($prompts, $resources, request, context)
                }
            }
        };
    };
}

/// `completion.complete`.
pub fn complete(
    prompts: &[PromptEntry],
    resources: &[ResourceEntry],
    request: wit::CompletionRequest,
    context: CallContext,
) -> Result<wit::Suggestions, CallError> {
    let complete = subject(prompts, resources, &request.subject)?;
    log_panics();
    let cx = convert::cx(context);
    let filled = Texts(request.filled);
    match complete(&request.argument, &request.value, &filled, &cx) {
        Ok(suggestions) => Ok(wit::Suggestions {
            values: suggestions.values,
            total: suggestions.total,
            has_more: suggestions.has_more,
        }),
        Err(error) => Err(convert::error(error)),
    }
}

fn subject(
    prompts: &[PromptEntry],
    resources: &[ResourceEntry],
    subject: &wit::Subject,
) -> Result<Complete, CallError> {
    let (complete, message) = match subject {
        wit::Subject::Prompt(name) => {
            let mut prompts = prompts.iter().filter(|prompt| prompt.name == *name);
            let complete = prompts.next().map(|prompt| prompt.complete);
            (complete, format!("this component has no prompt `{name}`"))
        }
        wit::Subject::ResourceTemplate(uri) => {
            let mut templates = resources.iter().filter(|known| known.uri.text == *uri);
            let complete = templates.next().map(|template| template.complete);
            let message = format!("this component has no resource template `{uri}`");
            (complete, message)
        }
    };
    complete.ok_or(CallError::Protocol(ProtocolError::InvalidParams(message)))
}
