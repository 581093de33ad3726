//! `resources/list`, `resources/templates/list` and `prompts/list`, in pages of bytes.

use super::{PAGE_ITEMS, TTL_MS};
use crate::{
    mcp::{
        error::Error,
        method, object,
        result::{Annotations, Meta, ServerInfo},
        revision::Revision,
    },
    service::{OpenServer, ServerView},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use casemate_domain::{
    Icon, Json, PromptArgument, PromptDefinition, ResourceDefinition, ResourceTemplateDefinition,
};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mcp) enum Kind {
    Resources,
    Templates,
    Prompts,
}

impl Kind {
    pub(in crate::mcp) const ALL: [Self; 3] = [Self::Resources, Self::Templates, Self::Prompts];

    /// The kind that a method lists.
    pub(in crate::mcp) fn of_method(name: &str) -> Option<Self> {
        Some(match name {
            "resources/list" => Self::Resources,
            "resources/templates/list" => Self::Templates,
            "prompts/list" => Self::Prompts,
            _ => return None,
        })
    }

    /// Whether there is anything of it for this caller.
    pub(in crate::mcp) fn is_served(self, open: &OpenServer) -> bool {
        match self {
            Self::Resources | Self::Templates => method::has_resources(open),
            Self::Prompts => method::has_prompts(open),
        }
    }

    const fn member(self) -> &'static str {
        match self {
            Self::Resources => "resources",
            Self::Templates => "resourceTemplates",
            Self::Prompts => "prompts",
        }
    }
}

/// One page, ready to be sent.
#[derive(Debug)]
pub(in crate::mcp) struct Page {
    /// What it follows, if it is not the first.
    after: Option<String>,
    /// The result object.
    body: Vec<u8>,
}

impl Page {
    /// The result object.
    pub(in crate::mcp) fn body(&self) -> &[u8] {
        &self.body
    }
}

/// Something in a list, behind what it is sorted by.
#[derive(Serialize)]
#[serde(untagged)]
enum Item<'a> {
    Described(Described<'a>),
    Prompt(Prompt<'a>),
}

/// A resource, or a family of them.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Described<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_template: Option<&'a str>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Annotations<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    icons: &'a [Icon],
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<&'a Json>,
}

#[derive(Serialize)]
struct Prompt<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    arguments: Vec<Argument<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    icons: &'a [Icon],
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<&'a Json>,
}

#[derive(Serialize)]
struct Argument<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    required: bool,
}

/// Every page.
pub(in crate::mcp) fn pages(server: &ServerView, kind: Kind, revision: Revision) -> Vec<Page> {
    let items = items(server, kind, revision);
    let mut pages = Vec::with_capacity(1);
    let mut after = None;
    loop {
        let (page, next) = page(server, kind, revision, &items, after);
        pages.push(page);
        match next {
            Some(next) => after = Some(next),
            None => return pages,
        }
    }
}

/// The page behind a cursor. What was removed since then is still a place in the order, so nothing
/// is skipped or repeated when items come and go between two pages.
pub(in crate::mcp) fn find<'p>(
    pages: &'p [Page],
    server: &ServerView,
    kind: Kind,
    revision: Revision,
    cursor: Option<&RawValue>,
) -> Result<Cow<'p, [u8]>, Error> {
    let after = cursor.map(read_cursor).transpose()?.flatten();
    if let Some(page) = pages.iter().find(|page| page.after == after) {
        return Ok(Cow::Borrowed(&page.body));
    }
    let items = items(server, kind, revision);
    let (page, _) = page(server, kind, revision, &items, after);
    Ok(Cow::Owned(page.body))
}

fn items(server: &ServerView, kind: Kind, revision: Revision) -> Vec<(&str, Item<'_>)> {
    match kind {
        Kind::Resources => {
            let all = server.resources().into_iter();
            let item = |one| Item::Described(Described::resource(one, revision));
            all.map(|(one, _)| (one.uri.as_str(), item(one))).collect()
        }
        Kind::Templates => {
            let all = server.templates().into_iter();
            let item = |one| Item::Described(Described::template(one, revision));
            all.map(|(one, _)| (one.uri_template.as_str(), item(one)))
                .collect()
        }
        Kind::Prompts => {
            let all = server.prompts().into_iter();
            let item = |one| Item::Prompt(Prompt::of(one, revision));
            all.map(|(one, _)| (one.name.as_str(), item(one))).collect()
        }
    }
}

/// The page behind an item, and the item behind which the next one begins.
fn page(
    server: &ServerView,
    kind: Kind,
    revision: Revision,
    items: &[(&str, Item<'_>)],
    after: Option<String>,
) -> (Page, Option<String>) {
    let first = after.as_ref().map_or(0, |after| {
        items.partition_point(|(name, _)| *name <= after.as_str())
    });
    let rest = &items[first..];
    let shown = &rest[..rest.len().min(PAGE_ITEMS)];
    let next = shown.last().filter(|_| rest.len() > shown.len());
    let next = next.map(|(name, _)| (*name).to_owned());
    let result = ListResult {
        kind,
        items: shown,
        next: next.as_deref(),
        server: revision
            .is_modern()
            .then(|| ServerInfo::new(server.record.name.as_str())),
    };
    let body = serde_json::to_vec(&result).expect("lists have only string keys");
    (Page { after, body }, next)
}

struct ListResult<'a> {
    kind: Kind,
    items: &'a [(&'a str, Item<'a>)],
    next: Option<&'a str>,
    /// For revisions in which every result says who answers.
    server: Option<ServerInfo<'a>>,
}

impl Serialize for ListResult<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let items: Vec<_> = self.items.iter().map(|(_, item)| item).collect();
        map.serialize_entry(self.kind.member(), &items)?;
        if let Some(next) = self.next {
            map.serialize_entry("nextCursor", &URL_SAFE_NO_PAD.encode(next))?;
        }
        if let Some(server) = self.server {
            map.serialize_entry("resultType", "complete")?;
            map.serialize_entry("ttlMs", &TTL_MS)?;
            map.serialize_entry("cacheScope", "private")?;
            map.serialize_entry("_meta", &Meta::of_server(server))?;
        }
        map.end()
    }
}

fn read_cursor(cursor: &RawValue) -> Result<Option<String>, Error> {
    let invalid = || Error::InvalidParams("the cursor is not one of this list".into());
    let text = object::string(cursor).ok_or_else(invalid)?;
    if text.is_empty() {
        return Ok(None);
    }
    let name = URL_SAFE_NO_PAD.decode(&*text).ok();
    let name = name.and_then(|name| String::from_utf8(name).ok());
    name.map(Some).ok_or_else(invalid)
}

impl<'a> Described<'a> {
    fn resource(one: &'a ResourceDefinition, revision: Revision) -> Self {
        let has_titles = revision.has_titles_and_meta();
        Self {
            uri: Some(one.uri.as_str()),
            name: &one.name,
            title: one.title.as_deref().filter(|_| has_titles),
            description: one.description.as_deref(),
            mime_type: one.mime_type.as_deref(),
            size: one.size,
            annotations: one
                .annotations
                .as_ref()
                .map(|hints| Annotations::of(hints, revision)),
            icons: shown_icons(&one.icons, revision),
            meta: one.meta.as_ref().filter(|_| has_titles),
            ..Self::default()
        }
    }

    fn template(one: &'a ResourceTemplateDefinition, revision: Revision) -> Self {
        let has_titles = revision.has_titles_and_meta();
        Self {
            uri_template: Some(one.uri_template.as_str()),
            name: &one.name,
            title: one.title.as_deref().filter(|_| has_titles),
            description: one.description.as_deref(),
            mime_type: one.mime_type.as_deref(),
            annotations: one
                .annotations
                .as_ref()
                .map(|hints| Annotations::of(hints, revision)),
            icons: shown_icons(&one.icons, revision),
            meta: one.meta.as_ref().filter(|_| has_titles),
            ..Self::default()
        }
    }
}

impl<'a> Prompt<'a> {
    fn of(one: &'a PromptDefinition, revision: Revision) -> Self {
        let has_titles = revision.has_titles_and_meta();
        let argument = |argument: &'a PromptArgument| Argument {
            name: &argument.name,
            title: argument.title.as_deref().filter(|_| has_titles),
            description: argument.description.as_deref(),
            required: argument.required,
        };
        Self {
            name: one.name.as_str(),
            title: one.title.as_deref().filter(|_| has_titles),
            description: one.description.as_deref(),
            arguments: one.arguments.iter().map(argument).collect(),
            icons: shown_icons(&one.icons, revision),
            meta: one.meta.as_ref().filter(|_| has_titles),
        }
    }
}

fn shown_icons(icons: &[Icon], revision: Revision) -> &[Icon] {
    if revision.has_icons() { icons } else { &[] }
}
