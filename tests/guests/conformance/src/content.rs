//! Every kind of content, and a failure.

use casemate_guest_sdk::{
    content::{Resource, ResourceBody},
    prelude::*,
};

/// A red point: the smallest file that is a picture.
pub(crate) const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x00, 0x00, 0x00, 0x90, 0x77, 0x53,
    0xde, 0x00, 0x00, 0x00, 0x0c, 0x49, 0x44, 0x41, 0x54, 0x08, 0xd7, 0x63, 0xf8, 0xcf, 0xc0, 0x00,
    0x00, 0x03, 0x01, 0x01, 0x00, 0x18, 0xdd, 0x8d, 0xb0, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e,
    0x44, 0xae, 0x42, 0x60, 0x82,
];
/// A sound file without a sample in it.
const WAV: &[u8] =
    b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\0\0\0\0";

/// Answers with a text.
#[tool]
pub fn test_simple_text() -> &'static str {
    "This is a simple text response for testing."
}

/// Answers with a picture.
#[tool]
pub fn test_image_content() -> Image {
    Image::png(PNG)
}

/// Answers with a sound.
#[tool]
pub fn test_audio_content() -> Audio {
    Audio::new(WAV, "audio/wav")
}

/// Answers with a resource in full.
#[tool]
pub fn test_embedded_resource() -> Resource {
    Resource {
        uri: "test://embedded-resource".to_owned(),
        mime_type: Some("text/plain".to_owned()),
        body: ResourceBody::Text("This is an embedded resource content.".to_owned()),
    }
}

/// Answers with a pointer to a resource.
#[tool]
pub fn test_resource_link() -> ResourceLink {
    ResourceLink::new("test://static-text", "static-text")
}

/// Answers with a text, a picture and a resource.
#[tool]
pub fn test_multiple_content_types() -> Vec<Content> {
    let resource = Resource {
        uri: "test://mixed-content-resource".to_owned(),
        mime_type: Some("application/json".to_owned()),
        body: ResourceBody::Text(r#"{"test":"data","value":123}"#.to_owned()),
    };
    vec![
        Content::text("Multiple content types test:"),
        Image::png(PNG).into(),
        resource.into(),
    ]
}

/// Fails, each time.
#[tool]
pub fn test_error_handling() -> Result<String, ToolError> {
    Err(ToolError::user(
        "This tool intentionally returns an error for testing",
    ))
}

/// Does nothing. Whoever runs the suite changes the list of tools when this is called: a tool
/// cannot.
#[tool]
pub fn test_trigger_tool_change() -> &'static str {
    "called"
}

/// Does nothing. Whoever runs the suite changes the list of prompts when this is called.
#[tool]
pub fn test_trigger_prompt_change() -> &'static str {
    "called"
}
