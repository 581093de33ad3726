//! `tools/call` of a server whose tools are searched for: what the two tools that clients see come
//! to.
//!
//! A call by way of `call_tool` becomes the call of the tool that it names before anything else is
//! decided about it, so that it takes the same way as a direct one. A search is answered here: it
//! runs nothing, and there is no record of it.

use super::{
    Site, call,
    error::Error,
    method::{Method, Wanted},
    object::{self, Object},
    result::{Meta, ServerInfo},
    revision::Revision,
};
use crate::service::search::{CALL_TOOL, MOST, QUERY_BYTES, SEARCH_TOOLS, USUAL};
use casemate_domain::Json;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What a request comes to.
pub(super) enum Meant<'a> {
    /// Something runs.
    Run(Callee<'a>),
    /// What is answered without that.
    Said(Said),
}

/// What is to run.
pub(super) struct Callee<'a> {
    /// A tool goes by the name that is shown of it.
    pub(super) wanted: Wanted<'a>,
    way: Way,
}

enum Way {
    Direct,
    /// By way of `call_tool`.
    Named,
}

/// An answer that is not a tool's.
pub(super) struct Said {
    text: String,
    structured: Option<Json>,
    is_error: bool,
}

/// The answer in the words of the protocol.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SaidResult<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    result_type: Option<&'static str>,
    content: [Text<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    structured_content: Option<&'a Json>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_error: bool,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<Meta<'a>>,
}

#[derive(Serialize)]
struct Text<'a> {
    r#type: &'static str,
    text: &'a str,
}

#[derive(Serialize)]
struct Found<'a> {
    tools: Vec<FoundTool<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FoundTool<'a> {
    name: Cow<'a, str>,
    description: &'a str,
    input_schema: &'a Json,
}

/// Finds out what a request comes to.
pub(super) fn meant<'a>(site: &Site, wanted: Wanted<'a>) -> Result<Meant<'a>, Error> {
    if wanted.method == Method::CallTool && site.server().record.tool_search {
        if wanted.name == site.open.shown_name(CALL_TOOL) {
            return Ok(named(site, wanted.checked_arguments()?));
        }
        if wanted.name == site.open.shown_name(SEARCH_TOOLS) {
            return Ok(Meant::Said(found(site, wanted.checked_arguments()?)));
        }
    }
    Ok(Meant::Run(Callee {
        wanted,
        way: Way::Direct,
    }))
}

impl<'a> Callee<'a> {
    /// Whether headers may have to repeat the arguments. Whoever calls a tool through another one
    /// repeats those of that one, which has none to repeat.
    pub(super) fn is_repeated(&self) -> bool {
        matches!(self.way, Way::Direct)
    }
}

/// The call that `call_tool` stands for. A model that slips here gets words that it can mend its
/// call by.
fn named<'a>(site: &Site, arguments: Option<&'a RawValue>) -> Meant<'a> {
    let arguments = match read(arguments, &["name", "arguments"]) {
        Ok(arguments) => arguments,
        Err(problem) => return Meant::Said(Said::error(problem)),
    };
    let Some(name) = arguments.string("name") else {
        return Meant::Said(Said::error("`name` must be the name of a tool.".into()));
    };
    if call::tool(site, &name).is_none() {
        let problem = format!(
            "Unknown tool: {}. Find the names of tools with {}.",
            super::error::shown(&name),
            site.open.shown_name(SEARCH_TOOLS)
        );
        return Meant::Said(Said::error(problem));
    }
    let inner = arguments.get("arguments");
    if inner.is_some_and(|inner| !object::is_object(inner)) {
        let problem = "`arguments` must be an object: the arguments of the tool.";
        return Meant::Said(Said::error(problem.into()));
    }
    Meant::Run(Callee {
        wanted: Wanted {
            method: Method::CallTool,
            name,
            arguments: inner,
        },
        way: Way::Named,
    })
}

fn read<'a>(arguments: Option<&'a RawValue>, known: &[&str]) -> Result<Object<'a>, String> {
    let arguments = arguments.map(Object::of).transpose();
    let arguments = arguments.map_err(|problem| format!("The arguments object {problem}."))?;
    let arguments = arguments.unwrap_or_default();
    let unknown = arguments.iter().find(|(name, _)| !known.contains(name));
    match unknown {
        Some((name, _)) => Err(format!(
            "There is no argument `{}`; there is: {}.",
            super::error::shown(name),
            known.join(", ")
        )),
        None => Ok(arguments),
    }
}

/// The tools that go with a question, among those that the key may call.
fn found(site: &Site, arguments: Option<&RawValue>) -> Said {
    let (query, limit) = match question(arguments) {
        Ok(question) => question,
        Err(problem) => return Said::error(problem),
    };
    let lists = site.lists();
    let names = lists.index(&site.open).find(&query, limit);
    let tools = names.into_iter().filter_map(|own| {
        let name = site.open.shown_name(own.as_str());
        let definition = &site.open.tool(&name)?.definition;
        Some(FoundTool {
            description: &definition.description,
            input_schema: &definition.input_schema,
            name,
        })
    });
    let found = Found {
        tools: tools.collect(),
    };
    let text = serde_json::to_string(&found).expect("definitions have only string keys");
    Said {
        structured: Json::parse(text.clone()).ok(),
        text,
        is_error: false,
    }
}

fn question<'a>(arguments: Option<&'a RawValue>) -> Result<(Cow<'a, str>, usize), String> {
    let arguments = read(arguments, &["query", "limit"])?;
    let query = arguments.string("query");
    let query = query.filter(|query| !query.trim().is_empty());
    let query = query.ok_or("`query` must say in words what the tool should do.")?;
    if query.len() > QUERY_BYTES {
        return Err(format!("`query` has more than {QUERY_BYTES} bytes."));
    }
    let limit = match arguments.get("limit") {
        None => USUAL,
        Some(limit) => {
            let limit = limit.get().parse().ok();
            let limit = limit.filter(|limit| (1..=MOST).contains(limit));
            limit.ok_or(format!("`limit` must be a whole number from 1 to {MOST}."))?
        }
    };
    Ok((query, limit))
}

impl Said {
    fn error(problem: String) -> Self {
        Self {
            text: problem,
            structured: None,
            is_error: true,
        }
    }

    /// The answer as clients of a revision read it.
    pub(super) fn result<'a>(
        &'a self,
        revision: Revision,
        server: ServerInfo<'a>,
    ) -> SaidResult<'a> {
        let structured = self.structured.as_ref();
        SaidResult {
            result_type: revision.is_modern().then_some("complete"),
            content: [Text {
                r#type: "text",
                text: &self.text,
            }],
            structured_content: structured.filter(|_| revision.has_structured_content()),
            is_error: self.is_error,
            meta: revision.is_modern().then(|| Meta::of_server(server)),
        }
    }
}
