//! `casemate server`: the MCP endpoints of a workspace.

use super::{
    Context,
    client::{Client, Reply},
    exit::Exit,
    failure::Failure,
    human, offers,
    printer::Rows,
};
use casemate_domain::{PromptDefinition, ResourceDefinition, ResourceTemplateDefinition};
use clap::Subcommand;
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

/// A server, as the admin API shows it.
#[derive(Debug, Deserialize)]
pub(crate) struct Server {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) workspace: String,
    pub(crate) url: String,
    pub(crate) active: bool,
    created_at: Timestamp,
    pub(crate) tools: ToolCounts,
    /// What clients see besides, where a single server is shown.
    #[serde(default)]
    pub(crate) resources: Vec<ResourceDefinition>,
    #[serde(default)]
    pub(crate) templates: Vec<ResourceTemplateDefinition>,
    #[serde(default)]
    pub(crate) prompts: Vec<PromptDefinition>,
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

/// Runs one of the commands.
pub(crate) async fn run(command: Command, context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    match command {
        Command::Create { name, workspace } => create(&name, &workspace, &client, context).await,
        Command::List { workspace } => list(workspace, &client, context).await,
        Command::Show { server } => show(&find(&client, &server).await?, context),
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
    context.printer.table(&Rows::pairs([
        ("id", server.id),
        ("name", server.name),
        ("workspace", server.workspace),
        ("url", server.url),
        ("active", yes_or_no(server.active)),
        ("tools", counts),
        ("created", human::date(server.created_at)),
    ]))?;
    let (resources, templates) = (server.resources.iter(), server.templates.iter());
    offers::show(resources, templates, server.prompts.iter(), context.printer)?;
    Ok(Exit::Ok)
}

/// For a column of a table.
pub(crate) fn yes_or_no(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}
