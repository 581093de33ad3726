//! What a list of tools takes of a model's attention: clients hand all of it to the model, most of
//! them with every question.

use super::{Listing, Tool};
use crate::{
    mcp::revision::Revision,
    service::{ServerView, profile},
};
use casemate_domain::{Json, ToolDefinition};
use serde::Serialize;

/// Tools that are named as the largest.
const LARGEST: usize = 5;

/// How large the list of a server is, as a key sees it that opens all tools.
#[derive(Debug, Serialize)]
pub struct ListSize {
    /// Of the result of `tools/list` in the newest revision, all pages.
    pub bytes: usize,
    /// What models are handed of it, estimated: names, descriptions and schemas of arguments.
    pub tokens: usize,
    /// The same without tool search, where that is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_search: Option<Box<ListSize>>,
    /// The active tools with the largest definitions.
    pub largest: Vec<ToolSize>,
}

/// How large one tool is in a list.
#[derive(Debug, Serialize)]
pub struct ToolSize {
    /// By its own name.
    pub tool: String,
    /// Of its definition.
    pub bytes: usize,
    /// The same, estimated.
    pub tokens: usize,
}

/// What models are handed of a tool; the rest is for clients.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ForModels<'a> {
    name: &'a str,
    description: &'a str,
    input_schema: &'a Json,
}

impl ToolSize {
    fn of(tool: &ToolDefinition, listing: &Listing<'_>) -> Self {
        let written = Tool::of(tool, listing.prefix, Revision::MODERN);
        let models = ForModels {
            name: &written.name,
            description: written.description,
            input_schema: written.input_schema,
        };
        Self {
            tool: tool.name.to_string(),
            bytes: length(&written),
            tokens: profile::tokens(length(&models)),
        }
    }
}

fn length(value: &impl Serialize) -> usize {
    let written = serde_json::to_vec(value);
    written.expect("tools have only string keys").len()
}

impl ListSize {
    /// Writes the list to see.
    pub fn of(server: &ServerView) -> Self {
        let tools = || server.active_tools().map(|tool| &*tool.definition);
        let size = Self::of_listing(&Listing::new(server, tools()));
        if !server.record.tool_search {
            return size;
        }
        let listing = Listing {
            tools: tools().collect(),
            ..Listing::new(server, std::iter::empty())
        };
        let mut without = Self::of_listing(&listing);
        Self {
            largest: std::mem::take(&mut without.largest),
            without_search: Some(Box::new(without)),
            ..size
        }
    }

    fn of_listing(listing: &Listing<'_>) -> Self {
        let pages = listing.pages(Revision::MODERN);
        let bytes = pages.iter().map(|page| page.body.len()).sum();
        let tools = listing.tools.iter();
        let mut largest: Vec<_> = tools.map(|tool| ToolSize::of(tool, listing)).collect();
        let tokens = largest.iter().map(|tool| tool.tokens).sum();
        largest.sort_by(|a, b| b.tokens.cmp(&a.tokens).then_with(|| a.tool.cmp(&b.tool)));
        largest.truncate(LARGEST);
        Self {
            bytes,
            tokens,
            without_search: None,
            largest,
        }
    }
}
