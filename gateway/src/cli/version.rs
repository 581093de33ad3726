//! `casemate version`: what a server has had, and pointing it at one of them.

use super::{
    Context,
    client::Client,
    exit::Exit,
    failure::Failure,
    human,
    plan::{Agreement, Extent, Plan, Planned},
    printer::Rows,
    server::{self, Server},
    tool::Tool,
    warnings,
};
use crate::service::Item;
use clap::Subcommand;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

/// List the versions of a server, and switch to one of them.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the versions that were pushed to a server, newest first
    List {
        /// Server: id, name, or workspace/name
        #[arg(short, long)]
        server: String,
    },
    /// Switch the tools of a component to one of its versions
    ///
    /// For a version that was pushed with --no-activate, or to go back to an older one. All tools
    /// of the component move together, with what was granted to that version. Shows the changes and
    /// asks as `casemate push` does.
    Use(Use),
}

/// Which version.
#[derive(Debug, clap::Args)]
pub(crate) struct Use {
    /// Version, as `casemate version list` shows it
    version: String,
    /// Server: id, name, or workspace/name
    #[arg(short, long)]
    server: String,
    /// Accept changes without being asked
    #[arg(short, long)]
    yes: bool,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    /// Show long changes whole
    #[arg(long)]
    full: bool,
}

#[derive(Debug, Deserialize)]
struct Version {
    id: String,
    component: String,
    digest: String,
    tools: Vec<String>,
    serves: Vec<String>,
    /// Whether its resources and prompts are served.
    #[serde(default)]
    offers: bool,
    created_at: Timestamp,
}

#[derive(Debug, Deserialize)]
struct Versions {
    versions: Vec<Version>,
}

/// The tools of the component, as the answer to a plan has them.
#[derive(Debug, Deserialize)]
struct Tools {
    tools: Vec<Tool>,
}

/// Runs one of the commands.
pub(crate) async fn run(command: Command, context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    match command {
        Command::List { server } => list(&server, &client, context).await,
        Command::Use(command) => switch(&command, &client, context).await,
    }
}

async fn list(server: &str, client: &Client, context: &Context) -> Result<Exit, Failure> {
    let reply = client
        .get(&["v1", "servers", server, "versions"], &[])
        .await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
        return Ok(Exit::Ok);
    }
    let mut rows = Rows::new(["VERSION", "COMPONENT", "DIGEST", "PUSHED", "SERVES"]);
    for version in reply.read::<Versions>()?.versions {
        let serves = serves(&version);
        rows.push([
            version.id,
            version.component,
            version.digest.chars().take(12).collect(),
            human::date(version.created_at),
            serves,
        ]);
    }
    if rows.is_empty() {
        context.printer.note(&format!(
            "There are no versions. Push one: casemate push FILE.wasm -s {server}"
        ));
    }
    context.printer.table(&rows)?;
    Ok(Exit::Ok)
}

/// What of it is served now.
fn serves(version: &Version) -> String {
    let tools = match version.serves.len() {
        0 if version.offers => return "resources, prompts".to_owned(),
        0 => return "-".to_owned(),
        all if all == version.tools.len() && all > 1 => format!("all {all} tools"),
        _ => version.serves.join(", "),
    };
    match version.offers {
        true => format!("{tools}, resources, prompts"),
        false => tools,
    }
}

async fn switch(command: &Use, client: &Client, context: &Context) -> Result<Exit, Failure> {
    let printer = context.printer;
    let server: Server = server::find(client, &command.server).await?.read()?;
    let path = [
        "v1",
        "servers",
        &server.id,
        "versions",
        &command.version,
        "use",
    ];
    let request = json!({});
    let planned = Planned::ask(client, &path, &request).await?;
    if !printer.is_json() {
        show(command, &planned, context)?;
    }
    if command.dry_run {
        if printer.is_json() {
            printer.result(planned.text())?;
        }
        return Ok(Exit::Ok);
    }
    let agreement = if command.yes {
        Agreement::Given
    } else {
        Agreement::Asked
    };
    planned.agree(agreement, context)?;
    let reply = planned.apply(client, &path, &request).await?;
    if printer.is_json() {
        printer.result(reply.text())?;
        return Ok(Exit::Ok);
    }
    let done: Plan = reply.read()?;
    let server: Server = server::find(client, &server.id).await?.read()?;
    let version = done.version.as_deref().unwrap_or_default();
    let active = human::plural(server.tools.active, "tool");
    printer.result(&format!(
        "{version} is in use; {active} active at {}",
        server.url
    ))?;
    let tools = reply.read::<Tools>()?.tools;
    let inactive: Vec<_> = tools.iter().filter(|tool| !tool.active).collect();
    if let Some(tool) = inactive.first() {
        printer.note(&format!(
            "Inactive: {}. Show one to clients: casemate tool activate {}/{}",
            inactive
                .iter()
                .map(|tool| &*tool.name)
                .collect::<Vec<_>>()
                .join(", "),
            server.reference(),
            tool.name
        ));
    }
    Ok(Exit::Ok)
}

fn show(command: &Use, planned: &Planned, context: &Context) -> Result<(), Failure> {
    let tools: Tools = planned.read()?;
    let describe = |item: &Item| {
        let Item::Tool(name) = item else {
            return None;
        };
        let mut tools = tools.tools.iter();
        let tool = tools.find(|tool| tool.name == name.as_str())?;
        Some(tool.description.clone())
    };
    let extent = if command.full {
        Extent::Whole
    } else {
        Extent::Cut
    };
    planned.plan.show(describe, extent, context.printer)?;
    warnings::tell(&planned.plan.warnings, context.printer);
    for secret in &planned.plan.missing.secrets {
        context.printer.warning(&format!(
            "the secret {secret} is granted to this version and not set"
        ));
    }
    context.printer.result("")
}
