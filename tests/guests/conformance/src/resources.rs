//! Resources with a URI of their own, and one family. The suite reads the first one, in order of
//! URIs, and expects that it can.

use crate::content::PNG;
use casemate_guest_sdk::{prelude::*, serde_json::Value};

/// A text that never changes.
#[resource("test://static-text", title = "Static text")]
pub fn static_text() -> &'static str {
    "This is the content of the static text resource."
}

/// A picture that never changes.
#[resource(
    "test://static-binary",
    title = "Static binary",
    mime_type = "image/png"
)]
pub fn static_binary() -> Image {
    Image::png(PNG)
}

/// What is kept under an id.
#[resource("test://template/{id}/data", title = "Template")]
pub fn template_data(
    /// Any word.
    #[arg(complete = ["123", "124", "200"])]
    id: String,
) -> Value {
    json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") })
}

/// What clients may subscribe to.
#[resource("test://watched-resource")]
pub fn watched_resource() -> &'static str {
    "Watched resource content."
}

/// There is a description of this resource, and nothing else.
#[resource("test://vanished")]
pub fn missing() -> Result<String, ToolError> {
    Err(ToolError::not_found("It was here a moment ago."))
}

/// Who reads has to say who they are.
#[resource("test://who-reads")]
pub fn asking(cx: &Cx) -> Reply<String> {
    match crate::asking::filled_in(cx, "user_name", "name") {
        Some(name) => Reply::Done(format!("For {}.", name.as_str().unwrap_or_default())),
        None => Ask::new()
            .form_with(
                "user_name",
                "What is your name?",
                crate::asking::form_of("name", "string"),
            )
            .into(),
    }
}
