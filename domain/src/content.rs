//! What tools and prompts answer with.

use crate::Json;
use serde::{Deserialize, Serialize};

/// Who reads a piece of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// Hints about one piece of content.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ContentAnnotations {
    /// Empty means both.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audience: Vec<Audience>,
    /// 0.0 (optional) to 1.0 (most important).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<f64>,
    /// RFC 3339 time of the last change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

/// A picture to show beside a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Icon {
    /// An `https:` or `data:` URI.
    pub src: String,
    /// Such as `image/png`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// Such as `48x48` or `any`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<String>,
    /// `light` or `dark`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theme: Option<String>,
}

/// Bytes with a media type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// The bytes, not encoded.
    pub data: Vec<u8>,
    /// Such as `image/png`.
    pub mime_type: String,
}

/// A pointer to a resource that the client may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceLink {
    /// Where it is.
    pub uri: String,
    /// What it is called.
    pub name: String,
    /// A name for people.
    pub title: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Such as `text/plain`.
    pub mime_type: Option<String>,
    /// Size in bytes, if known.
    pub size: Option<u64>,
    /// Pictures for it.
    pub icons: Vec<Icon>,
}

/// The text or the bytes of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourceBody {
    /// Text.
    Text(String),
    /// Bytes, not encoded.
    Blob(Vec<u8>),
}

/// A resource carried in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceContents {
    /// Where it is from.
    pub uri: String,
    /// Such as `text/plain`.
    pub mime_type: Option<String>,
    /// What is in it.
    pub body: ResourceBody,
    /// Protocol metadata, a JSON object.
    pub meta: Option<Json>,
}

/// The kinds of content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContentBody {
    /// Text.
    Text(String),
    /// A picture.
    Image(Media),
    /// Sound.
    Audio(Media),
    /// A pointer to a resource.
    ResourceLink(ResourceLink),
    /// A resource in full.
    EmbeddedResource(ResourceContents),
}

/// One piece of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// What it says.
    pub body: ContentBody,
    /// Hints about it.
    pub annotations: Option<ContentAnnotations>,
    /// Protocol metadata, a JSON object.
    pub meta: Option<Json>,
}

impl Content {
    /// Plain text without hints.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            body: ContentBody::Text(text.into()),
            annotations: None,
            meta: None,
        }
    }
}
