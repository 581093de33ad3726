//! `casemate server`: the MCP endpoints of a workspace.

use super::{
    Context,
    client::{Client, Reply},
    exit::Exit,
    failure::Failure,
    human, offers,
    printer::Rows,
    warnings::{self, Warning},
};
use casemate_domain::{PromptDefinition, ResourceDefinition, ResourceTemplateDefinition};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

/// Create, list and switch servers.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a server and print its id and MCP URL
    Create {
        /// Name: 1 to 40 of a-z, 0-9 and -, starting with a letter
        name: String,
        /// Workspace that owns it
        #[arg(short, long)]
        workspace: String,
    },
    /// List servers
    List {
        /// Only those of this workspace
        #[arg(short, long)]
        workspace: Option<String>,
    },
    /// Show one server, its resources and its prompts
    Show {
        /// Server: id, name, or workspace/name
        server: String,
    },
    /// Change how clients see its tools, from their next request on
    Set(Set),
    /// Let clients in
    Activate {
        /// Server: id, name, or workspace/name
        server: String,
    },
    /// Keep clients out, from their next request on
    Deactivate {
        /// Server: id, name, or workspace/name
        server: String,
    },
}

/// What to set for a server.
#[derive(Debug, Args)]
pub(crate) struct Set {
    /// Server: id, name, or workspace/name
    server: String,
    #[command(flatten)]
    settings: Settings,
}

/// How clients see the tools of a server.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Settings {
    /// Put this before the name of each tool, such as weather_; '' takes it away
    #[arg(long, value_name = "PREFIX")]
    tool_prefix: Option<String>,
    /// Show clients a search in place of the tools, for servers with many
    #[arg(long, value_name = "SWITCH")]
    tool_search: Option<Switch>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

/// A server, as the admin API shows it.
#[derive(Debug, Deserialize)]
pub(crate) struct Server {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) workspace: String,
    pub(crate) url: String,
    pub(crate) active: bool,
    tool_prefix: Option<String>,
    tool_search: bool,
    created_at: Timestamp,
    pub(crate) tools: ToolCounts,
    /// Only where one server is shown.
    tools_list: Option<ToolsList>,
    #[serde(default)]
    warnings: Vec<Warning>,
    /// What clients see besides, where a single server is shown.
    #[serde(default)]
    pub(crate) resources: Vec<ResourceDefinition>,
    #[serde(default)]
    pub(crate) templates: Vec<ResourceTemplateDefinition>,
    #[serde(default)]
    pub(crate) prompts: Vec<PromptDefinition>,
}

/// What the list of tools takes.
#[derive(Debug, Deserialize)]
struct ToolsList {
    bytes: u64,
    tokens: u64,
    without_search: Option<Box<ToolsList>>,
    #[serde(default)]
    largest: Vec<Definition>,
}

#[derive(Debug, Deserialize)]
struct Definition {
    tool: String,
    tokens: u64,
}

/// How many tools clients see, and how many not.
#[derive(Debug, Deserialize)]
pub(crate) struct ToolCounts {
    pub(crate) active: usize,
    pub(crate) inactive: usize,
}

#[derive(Debug, Deserialize)]
struct Servers {
    servers: Vec<Server>,
}

impl Server {
    /// How to name it so that it is clear on every gateway.
    pub(crate) fn reference(&self) -> String {
        format!("{}/{}", self.workspace, self.name)
    }

    fn counts(&self) -> String {
        match &self.tools {
            ToolCounts {
                active,
                inactive: 0,
            } => active.to_string(),
            ToolCounts { active, inactive } => format!("{active} (+{inactive} inactive)"),
        }
    }
}

impl ToolsList {
    /// `about 1.2 k tokens, 4.5 KB`.
    fn shown(&self) -> String {
        let tokens = human::count(self.tokens);
        let shown = format!("about {tokens} tokens, {}", human::bytes(self.bytes));
        match &self.without_search {
            Some(without) => format!("{shown}; without search {}", without.shown()),
            None => shown,
        }
    }

    fn largest(&self) -> Option<String> {
        let largest = self.largest.iter();
        let largest = largest.map(|one| format!("{} ({})", one.tool, human::count(one.tokens)));
        let largest: Vec<_> = largest.collect();
        (!largest.is_empty()).then(|| largest.join(", "))
    }
}

/// Runs one of the commands.
pub(crate) async fn run(command: Command, context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    match command {
        Command::Create { name, workspace } => create(&name, &workspace, &client, context).await,
        Command::List { workspace } => list(workspace, &client, context).await,
        Command::Show { server } => show(&find(&client, &server).await?, context),
        Command::Set(command) => set(&command, &client, context).await,
        Command::Activate { server } => switch(&server, "activate", &client, context).await,
        Command::Deactivate { server } => switch(&server, "deactivate", &client, context).await,
    }
}

/// Asks for one server.
pub(crate) async fn find(client: &Client, server: &str) -> Result<Reply, Failure> {
    client.get(&["v1", "servers", server], &[]).await
}

async fn create(
    name: &str,
    workspace: &str,
    client: &Client,
    context: &Context,
) -> Result<Exit, Failure> {
    let body = json!({ "name": name, "workspace": workspace });
    let reply = client.post(&["v1", "servers"], &body).await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
        return Ok(Exit::Ok);
    }
    let made: Server = reply.read()?;
    let name = made.reference();
    context
        .printer
        .table(&Rows::pairs([("id", made.id), ("url", made.url)]))?;
    context.printer.aside(&format!(
        "Next: casemate push FILE.wasm -s {name}, then casemate key create NAME -s {name}"
    ));
    Ok(Exit::Ok)
}

async fn list(
    workspace: Option<String>,
    client: &Client,
    context: &Context,
) -> Result<Exit, Failure> {
    let reply = client
        .get(&["v1", "servers"], &[("workspace", workspace)])
        .await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
        return Ok(Exit::Ok);
    }
    let mut rows = Rows::new(["WORKSPACE", "NAME", "ACTIVE", "TOOLS", "URL"]);
    for server in reply.read::<Servers>()?.servers {
        let counts = server.counts();
        let active = yes_or_no(server.active);
        rows.push([server.workspace, server.name, active, counts, server.url]);
    }
    if rows.is_empty() {
        context
            .printer
            .note("There are no servers. Create one: casemate server create NAME -w WORKSPACE");
    }
    context.printer.table(&rows)?;
    Ok(Exit::Ok)
}

async fn set(command: &Set, client: &Client, context: &Context) -> Result<Exit, Failure> {
    let mut change = serde_json::Map::new();
    let settings = &command.settings;
    if let Some(prefix) = &settings.tool_prefix {
        change.insert("tool_prefix".to_owned(), json!(prefix));
    }
    if let Some(search) = settings.tool_search {
        change.insert("tool_search".to_owned(), json!(search == Switch::On));
    }
    let path = ["v1", "servers", &command.server];
    show(&client.patch(&path, &change).await?, context)
}

async fn switch(
    server: &str,
    action: &str,
    client: &Client,
    context: &Context,
) -> Result<Exit, Failure> {
    let reply = client
        .post(&["v1", "servers", server, action], &json!({}))
        .await?;
    show(&reply, context)
}

fn show(reply: &Reply, context: &Context) -> Result<Exit, Failure> {
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
        return Ok(Exit::Ok);
    }
    let server: Server = reply.read()?;
    let counts = server.counts();
    let mut list = Vec::new();
    if let Some(prefix) = server.tool_prefix {
        list.push(("tool prefix", prefix));
    }
    if server.tool_search {
        list.push(("tool search", "on".to_owned()));
    }
    if let Some(size) = &server.tools_list {
        list.push(("tool list", size.shown()));
        list.extend(size.largest().map(|largest| ("largest", largest)));
    }
    let pairs = [
        ("id", server.id),
        ("name", server.name),
        ("workspace", server.workspace),
        ("url", server.url),
        ("active", yes_or_no(server.active)),
        ("tools", counts),
        ("created", human::date(server.created_at)),
    ];
    context
        .printer
        .table(&Rows::pairs(pairs.into_iter().chain(list)))?;
    let (resources, templates) = (server.resources.iter(), server.templates.iter());
    offers::show(resources, templates, server.prompts.iter(), context.printer)?;
    warnings::tell(&server.warnings, context.printer);
    Ok(Exit::Ok)
}

/// For a column of a table.
pub(crate) fn yes_or_no(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}
