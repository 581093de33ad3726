//! What `export!` takes: it compiles, so it is understood.

use casemate_guest_sdk::{prelude::*, prompt::Prompt, resource::Readable, tool::Tool};

/// A module with the name of a kind.
mod prompt {
    use casemate_guest_sdk::prelude::*;

    /// Works.
    #[tool]
    pub(crate) fn work() {}

    /// Asks.
    #[prompt]
    pub(crate) fn ask() -> &'static str {
        "why?"
    }
}

/// A prompt that is called like its kind.
#[prompt]
fn tool() -> String {
    String::new()
}

/// A resource that is called like its kind.
#[resource("self://resource")]
fn resource() -> String {
    String::new()
}

/// A tool that is called like another kind.
#[tool(name = "another")]
fn prompt_() {}

casemate_guest_sdk::export!(
    prompt::work,
    prompt prompt::ask,
    prompt tool,
    resource resource,
    tool crate::prompt_,
);

#[test]
fn words_for_kinds_may_be_names_too() {
    assert_eq!(<prompt::work as Tool>::NAME, "work");
    assert_eq!(<prompt::ask as Prompt>::NAME, "ask");
    assert_eq!(<tool as Prompt>::NAME, "tool");
    assert_eq!(<resource as Readable>::URI.text, "self://resource");
}
