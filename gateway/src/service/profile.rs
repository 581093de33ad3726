//! What the clients of today drop or refuse, said to whoever uploads a tool.
//!
//! Warnings, never refusals: what is allowed works through this gateway, and a client of tomorrow
//! may take it. Their codes are stable and stand with their reasons in
//! `docs/reference/tool-lists.md`.

mod schema;

use super::snapshot::ServerView;
use casemate_domain::{CallRecord, Subject, ToolDefinition, ToolName};
use serde::{Serialize, Serializer, ser::SerializeStruct};
use std::collections::{BTreeMap, BTreeSet};

/// Tools in one request of VS Code, of all servers together.
const TOOLS: usize = 128;
/// From here on a list takes much of what a model can read.
const LIST_TOKENS: usize = 8_000;
/// The longest name in a request to a model.
const CLIENT_NAME: usize = 64;
/// What is left of it where the name of the server is not known yet: enough for one of 16
/// characters.
const TOOL_NAME: usize = 40;
/// Characters of a description, as far as every client reads.
const DESCRIPTION: usize = 1_024;
/// Characters of a result that clients hand to the model whole.
const RESULT: u64 = 50_000;
/// What a tool can ask clients for at most, and the key of its metadata that asks.
const RESULT_CEILING: u64 = 500_000;
const RESULT_KEY: &str = "anthropic/maxResultSizeChars";

macro_rules! codes {
    ($($name:ident = $code:literal, $why:literal;)+) => {
        /// What a warning is about. The words are stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum WarningCode {
            $(#[doc = $why] $name,)+
        }

        impl WarningCode {
            /// The stable word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What clients do about it, and what to do.
            pub const fn why(self) -> &'static str {
                match self { $(Self::$name => $why,)+ }
            }
        }
    };
}

codes! {
    NameLong = "name_long", "Clients put the name of the server before the name of a tool, and models take 64 characters: longer names are cut or left out.";
    NameCharacters = "name_characters", "Models take names of letters, digits, _ and - that begin with a letter; clients rewrite others or leave the tool out.";
    NameClash = "name_clash", "Clients that connect to both servers mix such tools up or leave one out; give a server a prefix with: casemate server set SERVER --tool-prefix PREFIX";
    DescriptionLong = "description_long", "Some clients cut descriptions at 1,024 characters.";
    ArgumentUndescribed = "argument_undescribed", "A model has to guess what an argument without a description is for.";
    SchemaReference = "schema_reference", "VS Code, Claude, Cursor and others have dropped or refused schemas with $ref; write out what it refers to.";
    SchemaRootUnion = "schema_root_union", "Models refuse oneOf, anyOf and the like at the root of the arguments; list all arguments and describe which go together.";
    SchemaDeep = "schema_deep", "Models take arguments that nest 5 deep; flatten them.";
    SchemaWide = "schema_wide", "With more than 40 arguments models leave out or mix up some; make several tools of it.";
    SchemaKeyword = "schema_keyword", "Clients drop these keywords or refuse the schema; say it in the description too, the gateway checks it all the same.";
    SchemaFormat = "schema_format", "Models do not know formats of numbers such as uint8, and some refuse them; give a minimum and a maximum.";
    SchemaTypeList = "schema_type_list", "Some clients take only one type and drop or refuse a list of types; make the argument optional instead of nullable.";
    SchemaUntyped = "schema_untyped", "Some clients refuse arguments without a type.";
    SchemaItems = "schema_items", "VS Code and models refuse a list that does not say what its items are.";
    HeaderSecret = "header_secret", "Proxies and logs on the way read headers, so an argument that is a secret must not be repeated in one; take x-mcp-header off it.";
    ResultLarge = "result_large", "Claude Code moves results above 50,000 characters into a file, and other clients cut them; answer with less, or in pages.";
    TooManyTools = "too_many_tools", "VS Code sends at most 128 tools of all servers together; make keys for some tools (casemate key create --tool) or let clients search (casemate server set SERVER --tool-search on).";
    ListLarge = "list_large", "Most clients send the whole list with every question; make keys for some tools (casemate key create --tool) or let clients search (casemate server set SERVER --tool-search on).";
}

/// One thing that clients may stumble over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What it is about.
    pub code: WarningCode,
    /// Which tool, by its own name; none if it is about all of them.
    pub tool: Option<ToolName>,
    /// What was found.
    pub detail: String,
}

impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut warning = serializer.serialize_struct("Warning", 4)?;
        warning.serialize_field("code", self.code.as_str())?;
        warning.serialize_field("tool", &self.tool)?;
        warning.serialize_field("detail", &self.detail)?;
        warning.serialize_field("message", self.code.why())?;
        warning.end()
    }
}

/// What a text of so many bytes is to a model. Measured on lists of public servers, see
/// `docs/reference/tool-lists.md`: 4.5 to 4.8 bytes to a token.
pub fn tokens(bytes: usize) -> usize {
    (2 * bytes).div_ceil(9)
}

/// What can be said of tools before it is known where they go.
pub fn of_tools(tools: &[ToolDefinition]) -> Vec<Warning> {
    tools.iter().flat_map(|tool| of_tool(tool, None)).collect()
}

/// What can be said of tools in a server that has such neighbors.
pub fn of_tools_in<'a>(
    server: &ServerView,
    neighbors: impl IntoIterator<Item = &'a ServerView>,
    tools: impl IntoIterator<Item = &'a ToolDefinition> + Clone,
) -> Vec<Warning> {
    let about = |tool| of_tool(tool, Some(server));
    let mut warnings: Vec<_> = tools.clone().into_iter().flat_map(about).collect();
    for neighbor in neighbors {
        let tools = tools.clone().into_iter();
        warnings.extend(clashes(server, neighbor, tools));
    }
    warnings
}

/// What can be said of a server's list, given how many tokens the tools are to a model.
pub fn of_list(server: &ServerView, tokens: usize) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let (tools, _) = server.tool_counts();
    if server.record.tool_search {
        return warnings;
    }
    let mut warn = |code, detail| {
        warnings.push(Warning {
            code,
            tool: None,
            detail,
        });
    };
    if tools > TOOLS {
        warn(WarningCode::TooManyTools, format!("{tools} active tools"));
    }
    if tokens > LIST_TOKENS {
        let detail = format!("the list of {tools} tools is about {tokens} tokens");
        warn(WarningCode::ListLarge, detail);
    }
    warnings
}

/// Tools whose recorded answers were larger than clients hand on.
pub fn of_results(records: &[CallRecord]) -> Vec<Warning> {
    let mut largest: BTreeMap<&ToolName, u64> = BTreeMap::new();
    for record in records {
        let Subject::Tool(tool) = &record.subject else {
            continue;
        };
        let bytes = largest.entry(tool).or_default();
        *bytes = record.receipt.bytes_out.max(*bytes);
    }
    let large = largest.into_iter().filter(|(_, bytes)| *bytes > RESULT);
    let warning = |(tool, bytes): (&ToolName, u64)| Warning {
        code: WarningCode::ResultLarge,
        tool: Some(tool.clone()),
        detail: format!("a recorded answer had {bytes} bytes"),
    };
    large.map(warning).collect()
}

/// Tools of a server that another one shows under the same name. Where tools are searched for,
/// clients see none of the names.
fn clashes<'a>(
    server: &ServerView,
    neighbor: &ServerView,
    tools: impl Iterator<Item = &'a ToolDefinition>,
) -> Vec<Warning> {
    let shows = |server: &ServerView| server.is_active() && !server.record.tool_search;
    if !shows(server) || !shows(neighbor) {
        return Vec::new();
    }
    let taken = neighbor.active_tools();
    let taken: BTreeSet<_> = taken
        .map(|tool| shown(neighbor, &tool.record.name))
        .collect();
    let clashing = tools.filter(|tool| taken.contains(&shown(server, &tool.name)));
    let warning = |tool: &ToolDefinition| Warning {
        code: WarningCode::NameClash,
        tool: Some(tool.name.clone()),
        detail: format!("the server `{}` shows it too", neighbor.record.name),
    };
    clashing.map(warning).collect()
}

fn shown(server: &ServerView, tool: &ToolName) -> String {
    let prefix = server.record.tool_prefix.as_ref();
    prefix.map_or_else(|| tool.to_string(), |prefix| format!("{prefix}{tool}"))
}

fn of_tool(tool: &ToolDefinition, server: Option<&ServerView>) -> Vec<Warning> {
    let mut found = Vec::new();
    let mut warn = |code, detail| {
        found.push(Warning {
            code,
            tool: Some(tool.name.clone()),
            detail,
        });
    };
    if let Some(detail) = long_name(tool, server) {
        warn(WarningCode::NameLong, detail);
    }
    let name = server.map_or_else(|| tool.name.to_string(), |server| shown(server, &tool.name));
    if name.contains('.') || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        warn(WarningCode::NameCharacters, format!("`{name}`"));
    }
    let characters = tool.description.chars().count();
    if characters > DESCRIPTION {
        warn(
            WarningCode::DescriptionLong,
            format!("{characters} characters"),
        );
    }
    schema::examine(&tool.input_schema.to_value(), &mut warn);
    let asked = tool.meta.as_ref().map(|meta| meta.to_value());
    let asked = asked.and_then(|meta| meta.get(RESULT_KEY)?.as_u64());
    if let Some(asked) = asked.filter(|asked| *asked > RESULT_CEILING) {
        let detail = format!("its metadata asks for {asked} characters; {RESULT_CEILING} is most");
        warn(WarningCode::ResultLarge, detail);
    }
    found
}

fn long_name(tool: &ToolDefinition, server: Option<&ServerView>) -> Option<String> {
    match server {
        Some(server) => {
            let name = format!("mcp__{}__{}", server.record.name, shown(server, &tool.name));
            (name.len() > CLIENT_NAME)
                .then(|| format!("as `{name}` it has {} characters", name.len()))
        }
        None => {
            let length = tool.name.as_str().len();
            (length > TOOL_NAME).then(|| format!("{length} characters; stay within {TOOL_NAME}"))
        }
    }
}

#[cfg(test)]
mod tests;
