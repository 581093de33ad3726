//! The interface `prompts`.

use super::{PromptEntry, convert, log_panics};
use crate::{
    bindings::{
        casemate::tool::types::{CallContext, CallError, ProtocolError},
        prompts::exports::casemate::tool::prompts as wit,
    },
    prompt::{Argument, Descriptor, Message, PromptOutcome},
    texts::Texts,
};

/// Exports prompts; `export!` writes it.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_prompts {
    ($prompts:expr) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            mod component {
                pub struct Component;
                $crate::bindings::prompts::export_prompts!(
                    Component with_types_in $crate::bindings::prompts
                );
            }
            use $crate::bindings::{
                casemate::tool::types::{CallContext, CallError},
                prompts::exports::casemate::tool::prompts::{Guest, Prompt, PromptOutcome},
            };

            impl Guest for component::Component {
                fn describe() -> ::std::vec::Vec<Prompt> {
                    $crate::__private::prompts::describe($prompts)
                }

                fn get(
                    name: ::std::string::String,
                    arguments: ::std::vec::Vec<(::std::string::String, ::std::string::String)>,
                    context: CallContext,
                ) -> ::core::result::Result<PromptOutcome, CallError> {
                    $crate::__private::prompts::get($prompts, &name, arguments, context)
                }
            }
        };
    };
}

/// `prompts.describe`.
pub fn describe(prompts: &[PromptEntry]) -> Vec<wit::Prompt> {
    prompts
        .iter()
        .map(|prompt| described((prompt.describe)()))
        .collect()
}

/// `prompts.get`.
pub fn get(
    prompts: &[PromptEntry],
    name: &str,
    arguments: Vec<(String, String)>,
    context: CallContext,
) -> Result<wit::PromptOutcome, CallError> {
    let Some(prompt) = prompts.iter().find(|prompt| prompt.name == name) else {
        let message = format!("this component has no prompt `{name}`");
        return Err(CallError::Protocol(ProtocolError::InvalidParams(message)));
    };
    log_panics();
    let cx = convert::cx(context);
    match (prompt.get)(Texts(arguments), &cx) {
        Ok(outcome) => Ok(converted(outcome)),
        Err(error) => Err(convert::error(error)),
    }
}

fn described(prompt: Descriptor) -> wit::Prompt {
    let arguments = prompt.arguments.into_iter().map(|argument| {
        let Argument {
            name,
            title,
            description,
            required,
        } = argument;
        wit::PromptArgument {
            name: name.to_owned(),
            title: title.map(str::to_owned),
            description: description.map(str::to_owned),
            required,
        }
    });
    wit::Prompt {
        name: prompt.name.to_owned(),
        title: prompt.title.map(str::to_owned),
        description: Some(prompt.description.to_owned()),
        arguments: arguments.collect(),
        icons: Vec::new(),
        meta: None,
    }
}

fn converted(outcome: PromptOutcome) -> wit::PromptOutcome {
    let messages = match outcome {
        PromptOutcome::Complete(messages) => messages,
        PromptOutcome::Ask(ask) => return wit::PromptOutcome::NeedInput(convert::need_input(ask)),
    };
    let description = messages.description;
    let messages = messages.messages.into_iter().map(|message| {
        let Message { role, content } = message;
        wit::PromptMessage {
            role: convert::audience(role),
            content: convert::content(content),
        }
    });
    wit::PromptOutcome::Complete(wit::PromptResult {
        description,
        messages: messages.collect(),
    })
}
