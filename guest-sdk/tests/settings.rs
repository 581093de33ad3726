//! What the settings of the attribute become.

use casemate_guest_sdk::{
    prelude::*,
    tool::{Annotations, Needs, SecretNeed, Tool},
};

/// Removes a note.
///
/// It cannot be brought back.
#[tool(
    title = "Remove a note",
    name = "notes.remove",
    read_only = false,
    destructive,
    idempotent,
    hosts = ["*.notes.example", "http://localhost:8080"],
    secrets = ["NOTES_KEY"],
    optional_secrets = ["PROXY_KEY"],
    reveal = ["SIGNING_KEY"],
    key_value,
    client_capabilities = ["elicitation"]
)]
fn remove_note(id: u32) -> String {
    id.to_string()
}

#[test]
fn settings_are_described() {
    let tool = remove_note::describe();
    assert_eq!(tool.name, "notes.remove");
    assert_eq!(tool.title, Some("Remove a note"));
    assert_eq!(
        tool.description,
        "Removes a note.\n\nIt cannot be brought back."
    );
    assert_eq!(
        tool.annotations,
        Annotations {
            read_only: Some(false),
            destructive: Some(true),
            idempotent: Some(true),
            open_world: None,
        }
    );
    assert_eq!(
        tool.needs,
        Needs {
            secrets: vec![
                SecretNeed::required("NOTES_KEY"),
                SecretNeed::optional("PROXY_KEY"),
                SecretNeed::revealed("SIGNING_KEY"),
            ],
            hosts: vec!["*.notes.example", "http://localhost:8080"],
            key_value: true,
            client_capabilities: vec!["elicitation"],
        }
    );
}

/// Says type.
#[tool]
fn r#type(r#type: String) -> String {
    r#type
}

#[test]
fn nothing_is_claimed_and_nothing_wanted_by_default() {
    let tool = r#type::describe();
    assert_eq!(
        (tool.annotations, tool.needs),
        (Annotations::default(), Needs::default())
    );
}

#[test]
fn names_that_are_keywords_go_out_without_their_mark() {
    let tool = r#type::describe();
    assert_eq!(tool.name, "type");
    assert_eq!(tool.input_schema["required"], json!(["type"]));
    let outcome = testing::call::<r#type>(json!({"type": "x"}), &Cx::test()).unwrap();
    assert_eq!(outcome.text(), "x");
}

mod inner {
    use super::*;

    /// Doubles.
    #[tool]
    pub(crate) fn double(mut double: u32) -> u32 {
        double *= 2;
        double
    }
}

#[test]
fn a_tool_is_still_a_plain_function() {
    use inner::double;
    assert_eq!(double(21), 42);
    let function: fn(u32) -> u32 = double;
    assert_eq!(function(1), 2);
}

casemate_guest_sdk::export!(remove_note, r#type, inner::double);
