//! Content blocks.

use super::intake::Intake;
use crate::bindings::host::types::{
    Audience, Content, ContentAnnotations, ContentBody, Icon, Media, ResourceBody,
    ResourceContents, ResourceLink,
};
use casemate_domain as domain;
use casemate_domain::Stop;

pub(super) fn list(
    pieces: Vec<Content>,
    intake: &mut Intake<'_>,
) -> Result<Vec<domain::Content>, Stop> {
    pieces
        .into_iter()
        .map(|piece| content(piece, intake))
        .collect()
}

pub(super) fn content(piece: Content, intake: &mut Intake<'_>) -> Result<domain::Content, Stop> {
    intake.piece();
    Ok(domain::Content {
        body: body(piece.body, intake)?,
        annotations: piece.annotations.map(|hints| annotations(hints, intake)),
        meta: intake.object(piece.meta, "the metadata of a content block")?,
    })
}

fn body(body: ContentBody, intake: &mut Intake<'_>) -> Result<domain::ContentBody, Stop> {
    Ok(match body {
        ContentBody::Text(text) => domain::ContentBody::Text(intake.text(text)),
        ContentBody::Image(media) => domain::ContentBody::Image(self::media(media, intake)),
        ContentBody::Audio(media) => domain::ContentBody::Audio(self::media(media, intake)),
        ContentBody::ResourceLink(link) => {
            domain::ContentBody::ResourceLink(self::link(link, intake))
        }
        ContentBody::EmbeddedResource(contents) => {
            domain::ContentBody::EmbeddedResource(embedded(contents, intake)?)
        }
    })
}

fn media(media: Media, intake: &mut Intake<'_>) -> domain::Media {
    domain::Media {
        data: intake.blob(media.data),
        mime_type: intake.text(media.mime_type),
    }
}

fn link(link: ResourceLink, intake: &mut Intake<'_>) -> domain::ResourceLink {
    domain::ResourceLink {
        uri: intake.text(link.uri),
        name: intake.text(link.name),
        title: intake.maybe_text(link.title),
        description: intake.maybe_text(link.description),
        mime_type: intake.maybe_text(link.mime_type),
        size: link.size,
        icons: link
            .icons
            .into_iter()
            .map(|icon| masked_icon(icon, intake))
            .collect(),
    }
}

/// What is in a resource.
pub(super) fn resources(
    pieces: Vec<ResourceContents>,
    intake: &mut Intake<'_>,
) -> Result<Vec<domain::ResourceContents>, Stop> {
    let piece = |contents| {
        intake.piece();
        embedded(contents, intake)
    };
    pieces.into_iter().map(piece).collect()
}

fn embedded(
    contents: ResourceContents,
    intake: &mut Intake<'_>,
) -> Result<domain::ResourceContents, Stop> {
    Ok(domain::ResourceContents {
        uri: intake.text(contents.uri),
        mime_type: intake.maybe_text(contents.mime_type),
        body: match contents.body {
            ResourceBody::Text(text) => domain::ResourceBody::Text(intake.text(text)),
            ResourceBody::Blob(bytes) => domain::ResourceBody::Blob(intake.blob(bytes)),
        },
        meta: intake.object(contents.meta, "the metadata of a resource")?,
    })
}

fn annotations(hints: ContentAnnotations, intake: &mut Intake<'_>) -> domain::ContentAnnotations {
    let hints = plain_annotations(hints);
    domain::ContentAnnotations {
        last_modified: intake.maybe_text(hints.last_modified),
        ..hints
    }
}

/// Hints of a definition, as they are.
pub(crate) fn plain_annotations(hints: ContentAnnotations) -> domain::ContentAnnotations {
    domain::ContentAnnotations {
        audience: hints.audience.into_iter().map(audience).collect(),
        priority: hints.priority.filter(|priority| priority.is_finite()),
        last_modified: hints.last_modified,
    }
}

pub(super) fn audience(audience: Audience) -> domain::Audience {
    match audience {
        Audience::User => domain::Audience::User,
        Audience::Assistant => domain::Audience::Assistant,
    }
}

fn masked_icon(icon: Icon, intake: &mut Intake<'_>) -> domain::Icon {
    intake.piece();
    domain::Icon {
        src: intake.text(icon.src),
        mime_type: intake.maybe_text(icon.mime_type),
        sizes: intake.texts(icon.sizes),
        theme: intake.maybe_text(icon.theme),
    }
}

/// Icons of a definition, as they are.
pub(crate) fn icons(icons: Vec<Icon>) -> Vec<domain::Icon> {
    icons
        .into_iter()
        .map(|icon| domain::Icon {
            src: icon.src,
            mime_type: icon.mime_type,
            sizes: icon.sizes,
            theme: icon.theme,
        })
        .collect()
}
