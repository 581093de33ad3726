//! One prompt as its component describes it, checked.

use super::{
    metadata,
    texts::{few, icons, meta, name, titled},
};
use crate::{
    bindings::prompts::{Prompt, PromptArgument},
    rejection::Rejection,
};
use casemate_domain as domain;
use casemate_domain::{PromptDefinition, PromptName};
use std::collections::HashSet;

pub(super) fn check(prompt: Prompt) -> Result<PromptDefinition, Rejection> {
    let prompt_name: PromptName = prompt.name.parse().map_err(|error| {
        metadata(format!(
            "The component lists a prompt with a bad name: {error}."
        ))
    })?;
    let about =
        |problem: String| metadata(format!("The prompt `{prompt_name}` is refused: {problem}."));
    titled(prompt.title.as_deref(), prompt.description.as_deref()).map_err(about)?;
    Ok(PromptDefinition {
        title: prompt.title,
        description: prompt.description,
        arguments: arguments(prompt.arguments).map_err(about)?,
        icons: icons(prompt.icons).map_err(about)?,
        meta: meta(prompt.meta).map_err(about)?,
        name: prompt_name,
    })
}

fn arguments(arguments: Vec<PromptArgument>) -> Result<Vec<domain::PromptArgument>, String> {
    few("arguments", arguments.len())?;
    let mut names = HashSet::new();
    for argument in &arguments {
        name("name of an argument", &argument.name)?;
        titled(argument.title.as_deref(), argument.description.as_deref())
            .map_err(|problem| format!("of the argument `{}`, {problem}", argument.name))?;
        if !names.insert(argument.name.as_str()) {
            return Err(format!("it has the argument `{}` twice", argument.name));
        }
    }
    let checked = arguments
        .into_iter()
        .map(|argument| domain::PromptArgument {
            name: argument.name,
            title: argument.title,
            description: argument.description,
            required: argument.required,
        });
    Ok(checked.collect())
}
