//! Pieces of content, in the shape of each revision.

use super::{escape::Text, meta::Own};
use crate::mcp::revision::Revision;
use base64::{display::Base64Display, engine::general_purpose::STANDARD};
use casemate_domain::{
    Audience, Content, ContentAnnotations, ContentBody, Icon, Media, ResourceBody,
    ResourceContents, ResourceLink,
};
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// One piece of content as it is written. One type for all kinds: the members of a kind that it
/// does not have are left out.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Block<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Base64<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    icons: &'a [Icon],
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<Resource<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Annotations<'a>>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<Own<'a>>,
}

impl<'a> Block<'a> {
    /// Plain text.
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            kind: "text",
            text: Some(Text(text.into())),
            ..Self::default()
        }
    }

    /// Whether it is this very text.
    pub(super) fn says(&self, text: &str) -> bool {
        self.kind == "text" && self.text.as_ref().is_some_and(|said| said.0 == text)
    }

    /// A piece of content, as far as a revision can carry it.
    pub(super) fn of(content: &'a Content, revision: Revision) -> Self {
        let mut block = match &content.body {
            ContentBody::Text(text) => Self::text(text),
            ContentBody::Image(media) => Self::media("image", media),
            ContentBody::Audio(media) if revision.has_audio() => Self::media("audio", media),
            ContentBody::Audio(media) => Self::text(silent(media)),
            ContentBody::ResourceLink(link) if revision.has_resource_links() => {
                Self::link(link, revision)
            }
            ContentBody::ResourceLink(link) => Self::text(spelled_out(link)),
            ContentBody::EmbeddedResource(contents) => Self {
                kind: "resource",
                resource: Some(Resource::of(contents, revision)),
                ..Self::default()
            },
        };
        let annotations = content.annotations.as_ref();
        block.annotations = annotations.map(|hints| Annotations::of(hints, revision));
        block.meta = content
            .meta
            .as_ref()
            .filter(|_| revision.has_titles_and_meta())
            .map(Own);
        block
    }

    fn media(kind: &'static str, media: &'a Media) -> Self {
        let (data, mime_type) = (Base64(&media.data), media.mime_type.as_str());
        Self {
            kind,
            data: Some(data),
            mime_type: Some(mime_type),
            ..Self::default()
        }
    }

    fn link(link: &'a ResourceLink, revision: Revision) -> Self {
        Self {
            kind: "resource_link",
            uri: Some(&link.uri),
            name: Some(&link.name),
            title: link.title.as_deref(),
            description: link.description.as_deref(),
            mime_type: link.mime_type.as_deref(),
            size: link.size,
            icons: if revision.has_icons() {
                &link.icons
            } else {
                &[]
            },
            ..Self::default()
        }
    }
}

/// What to say instead of a sound to a client that knows no sounds.
fn silent(media: &Media) -> String {
    format!(
        "[A sound of {} bytes ({}) is left out: this client cannot receive sound.]",
        media.data.len(),
        media.mime_type
    )
}

/// What to say instead of a link to a client that knows no links.
fn spelled_out(link: &ResourceLink) -> String {
    let mut text = format!(
        "{}: {}",
        link.title.as_ref().unwrap_or(&link.name),
        link.uri
    );
    if let Some(description) = &link.description {
        text.push('\n');
        text.push_str(description);
    }
    text
}

/// What is in a resource.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Resource<'a> {
    uri: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob: Option<Base64<'a>>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<Own<'a>>,
}

impl<'a> Resource<'a> {
    pub(super) fn of(contents: &'a ResourceContents, revision: Revision) -> Self {
        let (text, blob) = match &contents.body {
            ResourceBody::Text(text) => (Some(Text(text.into())), None),
            ResourceBody::Blob(bytes) => (None, Some(Base64(bytes))),
        };
        let meta = contents
            .meta
            .as_ref()
            .filter(|_| revision.has_titles_and_meta())
            .map(Own);
        Self {
            uri: &contents.uri,
            mime_type: contents.mime_type.as_deref(),
            text,
            blob,
            meta,
        }
    }
}

/// Hints about a piece of content, or about a resource.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::mcp) struct Annotations<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    audience: &'a [Audience],
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified: Option<&'a str>,
}

impl<'a> Annotations<'a> {
    pub(in crate::mcp) fn of(hints: &'a ContentAnnotations, revision: Revision) -> Self {
        let last_modified = hints.last_modified.as_deref();
        Self {
            audience: &hints.audience,
            priority: hints
                .priority
                .filter(|priority| (0.0..=1.0).contains(priority)),
            last_modified: last_modified.filter(|_| revision.has_titles_and_meta()),
        }
    }
}

/// Bytes that are encoded while they are written.
#[derive(Debug)]
struct Base64<'a>(&'a [u8]);

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(self.0, &STANDARD))
    }
}
