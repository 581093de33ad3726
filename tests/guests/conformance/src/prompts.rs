//! Prompts: plain, with arguments, with every kind of content, and one that asks first.

use crate::{
    asking::{filled_in, form_of},
    content::PNG,
};
use casemate_guest_sdk::{content::Resource, prelude::*};

/// Says one sentence.
#[prompt(title = "Simple")]
pub fn test_simple_prompt() -> &'static str {
    "This is a simple prompt for testing."
}

/// Says what it was given.
#[prompt(title = "With arguments")]
pub fn test_prompt_with_arguments(
    /// First test argument
    #[arg(title = "First", complete = ["paris", "park", "party", "testing"])]
    arg1: String,
    /// Second test argument
    #[arg(complete = after(arg1))]
    arg2: String,
) -> String {
    format!("Prompt with arguments: arg1='{arg1}', arg2='{arg2}'")
}

fn after(_: &str, arg1: Option<&str>) -> Vec<String> {
    arg1.into_iter()
        .map(|first| format!("{first}-next"))
        .collect()
}

/// Says what to do with a resource.
#[prompt(title = "With a resource")]
#[expect(non_snake_case, reason = "the suite names the argument")]
pub fn test_prompt_with_embedded_resource(
    /// URI of the resource to embed
    resourceUri: String,
) -> Messages {
    let text = "Embedded resource content for testing.";
    Messages::new()
        .user(Resource::text(resourceUri, "text/plain", text))
        .user("Please process the embedded resource above.")
}

/// Says what to do with a picture.
#[prompt(title = "With a picture")]
pub fn test_prompt_with_image() -> Vec<Message> {
    vec![
        Message::user(Image::png(PNG)),
        Message::user("Please analyze the image above."),
    ]
}

/// Asks for the context that it is to be used in.
#[prompt(title = "With a question")]
pub fn test_input_required_result_prompt(cx: &Cx) -> Reply<String> {
    match filled_in(cx, "user_context", "context") {
        Some(context) => Reply::Done(format!("Use this context: {context}")),
        None => Ask::new()
            .form_with(
                "user_context",
                "What context should the prompt use?",
                form_of("context", "string"),
            )
            .into(),
    }
}
