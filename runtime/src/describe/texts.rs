//! What all definitions have: texts, pictures, metadata.

use crate::{
    bindings::host::types,
    convert,
    json::{self, Shape},
};
use casemate_domain as domain;
use casemate_domain::{ContentAnnotations, Icon, Json, is_reserved_meta_key};
use serde_json::{Map, Value};

/// The longest title, name or media type, in bytes.
const TITLE_BYTES: usize = 200;
/// The longest description, in bytes.
pub(super) const DESCRIPTION_BYTES: usize = 16 << 10;
/// The longest picture, in bytes; `data:` URIs hold the whole of it.
const ICON_BYTES: usize = 64 << 10;
/// The largest metadata, in bytes.
const META_BYTES: usize = 16 << 10;
/// Pictures, secrets, hosts or capabilities of one tool.
const ITEMS: usize = 50;

/// A title and a description, if they are there.
pub(super) fn titled(title: Option<&str>, description: Option<&str>) -> Result<(), String> {
    if let Some(title) = title {
        readable("title", title, TITLE_BYTES)?;
    }
    description.map_or(Ok(()), |description| {
        readable("description", description, DESCRIPTION_BYTES)
    })
}

/// A name that is not for programs alone.
pub(super) fn name(what: &str, name: &str) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err(format!("it has no {what}"));
    }
    readable(what, name, TITLE_BYTES)
}

/// A media type such as `text/plain`.
pub(super) fn mime_type(text: Option<&str>) -> Result<(), String> {
    let Some(text) = text else {
        return Ok(());
    };
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~');
    if text.len() > TITLE_BYTES || !text.contains('/') || !text.bytes().all(is_plain) {
        return Err("its media type is not one such as `text/plain`".to_owned());
    }
    Ok(())
}

/// Hints, which are written into lists.
pub(super) fn annotations(
    hints: Option<types::ContentAnnotations>,
) -> Result<Option<ContentAnnotations>, String> {
    let hints = hints.map(convert::plain_annotations);
    if let Some(hints) = &hints {
        few("audiences", hints.audience.len())?;
        if let Some(time) = &hints.last_modified {
            readable("time of the last change", time, TITLE_BYTES)?;
        }
    }
    Ok(hints)
}

/// Text that people and models read: no control characters, nothing that hides.
pub(super) fn readable(what: &str, text: &str, longest: usize) -> Result<(), String> {
    if text.len() > longest {
        return Err(format!("its {what} is longer than {longest} bytes"));
    }
    match domain::hidden_character(text) {
        Some(c) => Err(format!(
            "its {what} holds the character U+{:04X}, which nobody sees",
            u32::from(c)
        )),
        None => Ok(()),
    }
}

/// Metadata: a JSON object of bounded size that speaks in nobody else's name.
pub(super) fn meta(text: Option<String>) -> Result<Option<Json>, String> {
    let Some(text) = text else {
        return Ok(None);
    };
    if text.len() > META_BYTES {
        return Err(format!("its metadata is larger than {META_BYTES} bytes"));
    }
    let meta = json::parse(text, Shape::Object);
    let meta = meta.map_err(|problem| format!("its metadata {problem}"))?;
    let members: Map<String, Value> = serde_json::from_str(meta.get()).unwrap_or_default();
    match members.keys().find(|key| is_reserved_meta_key(key)) {
        Some(key) => Err(format!(
            "its metadata has the key {:?}, which only the gateway and the protocol may use",
            key.chars().take(TITLE_BYTES).collect::<String>()
        )),
        None => Ok(Some(meta)),
    }
}

/// Pictures that a client may load without harm.
pub(super) fn icons(icons: Vec<types::Icon>) -> Result<Vec<Icon>, String> {
    let icons = convert::icons(icons);
    few("pictures", icons.len())?;
    for icon in &icons {
        let scheme = icon.src.split_once(':').map(|(scheme, _)| scheme);
        if !matches!(scheme, Some("https" | "data")) {
            return Err("a picture of it is neither an https: nor a data: URI".to_owned());
        }
        if icon.src.len() > ICON_BYTES {
            return Err(format!("a picture of it is larger than {ICON_BYTES} bytes"));
        }
    }
    Ok(icons)
}

/// Few enough for a person to look through.
pub(super) fn few(what: &str, count: usize) -> Result<(), String> {
    if count > ITEMS {
        return Err(format!(
            "it lists {count} {what}; at most {ITEMS} are allowed"
        ));
    }
    Ok(())
}
