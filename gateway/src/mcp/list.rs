//! `tools/list`, in pages of bytes that are written once for each state of a server.

pub(super) mod offered;
mod size;

pub use size::ListSize;

use super::{
    error::Error,
    object,
    result::{Meta, ServerInfo},
    revision::Revision,
};
use crate::service::{OpenServer, ServerView, search};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use casemate_domain::{Annotations, Icon, Json, ToolDefinition, ToolName, ToolPrefix};
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Items on one page. Some clients read only the first.
const PAGE_ITEMS: usize = 500;
/// How long a client may believe a list. Short: it is how changes reach clients without a stream.
const TTL_MS: u32 = 5_000;

/// One page, ready to be sent.
#[derive(Debug)]
pub(super) struct Page {
    /// The tool that it follows, if it is not the first.
    after: Option<ToolName>,
    /// The result object.
    body: Vec<u8>,
}

impl Page {
    /// The result object.
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListResult<'a> {
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(flatten)]
    modern: Option<Modern<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Modern<'a> {
    result_type: &'static str,
    ttl_ms: u32,
    cache_scope: &'static str,
    #[serde(rename = "_meta")]
    meta: Meta<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tool<'a> {
    name: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    description: &'a str,
    input_schema: &'a Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_schema: Option<&'a Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Hints<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    icons: &'a [Icon],
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<&'a Json>,
}

#[derive(Serialize)]
struct Hints<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(flatten)]
    hints: &'a Annotations,
}

/// What a server lists: its name, and tools in order of their own names.
pub(super) struct Listing<'a> {
    server: &'a str,
    prefix: Option<&'a ToolPrefix>,
    tools: Vec<&'a ToolDefinition>,
}

impl<'a> Listing<'a> {
    /// What whoever opened a server may see of it now.
    pub(super) fn of(open: &'a OpenServer) -> Self {
        Self::new(open.server(), open.tools().map(|tool| &*tool.definition))
    }

    /// What a server shows if these tools may be called. Two tools stand for any number where tools
    /// are searched for.
    fn new(server: &'a ServerView, tools: impl Iterator<Item = &'a ToolDefinition>) -> Self {
        let mut tools = tools.peekable();
        let searches = server.record.tool_search && tools.peek().is_some();
        Self {
            server: server.record.name.as_str(),
            prefix: server.record.tool_prefix.as_ref(),
            tools: if searches {
                search::TOOLS.iter().collect()
            } else {
                tools.collect()
            },
        }
    }

    /// Every page.
    pub(super) fn pages(&self, revision: Revision) -> Vec<Page> {
        let mut pages = Vec::with_capacity(1);
        let mut after = None;
        loop {
            let (page, next) = self.page(revision, after);
            pages.push(page);
            match next {
                Some(next) => after = Some(next),
                None => return pages,
            }
        }
    }

    /// The page behind a tool, and the tool behind which the next one begins.
    fn page(&self, revision: Revision, after: Option<ToolName>) -> (Page, Option<ToolName>) {
        let first = after.as_ref().map_or(0, |after| {
            self.tools.partition_point(|tool| tool.name <= *after)
        });
        let rest = &self.tools[first..];
        let tools = &rest[..rest.len().min(PAGE_ITEMS)];
        let next = tools
            .last()
            .filter(|_| rest.len() > tools.len())
            .map(|last| last.name.clone());
        let result = ListResult {
            tools: tools
                .iter()
                .map(|tool| Tool::of(tool, self.prefix, revision))
                .collect(),
            next_cursor: next
                .as_ref()
                .map(|name| URL_SAFE_NO_PAD.encode(name.as_str())),
            modern: revision.is_modern().then(|| Modern {
                result_type: "complete",
                ttl_ms: TTL_MS,
                // What a list holds depends on the key.
                cache_scope: "private",
                meta: Meta::of_server(ServerInfo::new(self.server)),
            }),
        };
        let body = serde_json::to_vec(&result).expect("lists have only string keys");
        (Page { after, body }, next)
    }
}

/// The page behind a cursor. A tool that was removed since then is still a place in the order, so
/// nothing is skipped or repeated when tools come and go between two pages.
pub(super) fn find<'p, 's>(
    pages: &'p [Page],
    listing: impl FnOnce() -> Listing<'s>,
    revision: Revision,
    cursor: Option<&RawValue>,
) -> Result<Cow<'p, [u8]>, Error> {
    let after = cursor.map(read_cursor).transpose()?.flatten();
    let known = pages.iter().find(|page| page.after == after);
    Ok(match known {
        Some(page) => Cow::Borrowed(&page.body),
        None => Cow::Owned(listing().page(revision, after).0.body),
    })
}

fn read_cursor(cursor: &RawValue) -> Result<Option<ToolName>, Error> {
    let invalid = || Error::InvalidParams("the cursor is not one of this list".into());
    let text = object::string(cursor).ok_or_else(invalid)?;
    if text.is_empty() {
        return Ok(None);
    }
    let name = URL_SAFE_NO_PAD
        .decode(&*text)
        .ok()
        .and_then(|name| String::from_utf8(name).ok());
    name.and_then(|name| name.parse().ok())
        .map(Some)
        .ok_or_else(invalid)
}

impl<'a> Tool<'a> {
    fn of(tool: &'a ToolDefinition, prefix: Option<&ToolPrefix>, revision: Revision) -> Self {
        let title = tool.title.as_deref();
        let name = tool.name.as_str();
        let has_titles = revision.has_titles_and_meta();
        let output = tool.output_schema.as_ref();
        Self {
            name: match prefix {
                Some(prefix) => Cow::Owned(format!("{prefix}{name}")),
                None => Cow::Borrowed(name),
            },
            title: title.filter(|_| has_titles),
            description: &tool.description,
            input_schema: &tool.input_schema,
            output_schema: output.filter(|schema| can_be_listed(schema, revision)),
            annotations: Hints::of(tool, title.filter(|_| !has_titles))
                .filter(|_| revision.has_tool_annotations()),
            icons: if revision.has_icons() {
                &tool.icons
            } else {
                &[]
            },
            meta: tool.meta.as_ref().filter(|_| has_titles),
        }
    }
}

impl<'a> Hints<'a> {
    /// A title stands here in the one revision that has hints but no titles.
    fn of(tool: &'a ToolDefinition, title: Option<&'a str>) -> Option<Self> {
        let hints = &tool.annotations;
        let has_any = title.is_some() || *hints != Annotations::default();
        has_any.then_some(Self { title, hints })
    }
}

fn can_be_listed(schema: &Json, revision: Revision) -> bool {
    revision.has_structured_values()
        || (revision.has_structured_content()
            && schema
                .to_value()
                .get("type")
                .is_some_and(|kind| kind == "object"))
}

#[cfg(test)]
mod tests;
