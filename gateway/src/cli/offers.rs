//! Tables of resources and prompts, for the commands that show what there is.

use super::{
    failure::Failure,
    printer::{Printer, Rows},
    tool,
};
use casemate_domain::{PromptDefinition, ResourceDefinition, ResourceTemplateDefinition};

/// Shows what there is, each kind in a table of its own, and nothing of a kind that is not there.
pub(super) fn show<'a>(
    resources: impl Iterator<Item = &'a ResourceDefinition>,
    templates: impl Iterator<Item = &'a ResourceTemplateDefinition>,
    prompts: impl Iterator<Item = &'a PromptDefinition>,
    printer: Printer,
) -> Result<(), Failure> {
    for rows in [
        resources_table(resources, templates),
        prompts_table(prompts),
    ] {
        if !rows.is_empty() {
            printer.result("")?;
            printer.table(&rows)?;
        }
    }
    Ok(())
}

fn resources_table<'a>(
    resources: impl Iterator<Item = &'a ResourceDefinition>,
    templates: impl Iterator<Item = &'a ResourceTemplateDefinition>,
) -> Rows {
    let mut rows = Rows::new(["RESOURCE", "TYPE", "DESCRIPTION"]);
    let resources = resources.map(|one| {
        let description = one.description.as_deref().unwrap_or(&one.name);
        (one.uri.to_string(), &one.mime_type, description)
    });
    let templates = templates.map(|one| {
        let description = one.description.as_deref().unwrap_or(&one.name);
        (one.uri_template.to_string(), &one.mime_type, description)
    });
    for (uri, mime_type, description) in resources.chain(templates) {
        let mime_type = mime_type.clone().unwrap_or_else(|| "-".to_owned());
        rows.push([uri, mime_type, tool::summary(description)]);
    }
    rows
}

fn prompts_table<'a>(prompts: impl Iterator<Item = &'a PromptDefinition>) -> Rows {
    let mut rows = Rows::new(["PROMPT", "ARGUMENTS", "DESCRIPTION"]);
    for prompt in prompts {
        let arguments = prompt.arguments.iter();
        let arguments: Vec<_> = arguments
            .map(|one| format!("{}{}", one.name, if one.required { "" } else { "?" }))
            .collect();
        let arguments = match arguments.len() {
            0 => "-".to_owned(),
            _ => arguments.join(", "),
        };
        let description = prompt.description.as_deref().unwrap_or_default();
        rows.push([
            prompt.name.to_string(),
            arguments,
            tool::summary(description),
        ]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use casemate_domain::Definitions;

    #[test]
    fn resources_and_prompts_are_shown_with_what_can_be_filled_in() {
        let text = br#"{"tools":[],
            "resources":[{"uri":"notes://today","name":"Today","mime_type":"text/plain"}],
            "templates":[{"uri_template":"notes://{day}","name":"Day","description":"One day. Any."}],
            "prompts":[{"name":"greet","description":"Says hello.",
                "arguments":[{"name":"who","required":true},{"name":"how"}]}]}"#;
        let all = Definitions::from_json(text).unwrap();
        let resources = resources_table(all.resources.iter(), all.templates.iter());
        insta::assert_snapshot!(resources.to_text(), @r"
        RESOURCE       TYPE        DESCRIPTION
        notes://today  text/plain  Today
        notes://{day}  -           One day. …
        ");
        insta::assert_snapshot!(prompts_table(all.prompts.iter()).to_text(), @r"
        PROMPT  ARGUMENTS  DESCRIPTION
        greet   who, how?  Says hello.
        ");
    }
}
