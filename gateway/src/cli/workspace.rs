//! `casemate workspace`: tenants.

use super::{Context, exit::Exit, failure::Failure, human, printer::Rows};
use clap::Subcommand;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

/// Create and list workspaces.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a workspace and print its id
    Create {
        /// Name: 1 to 40 of a-z, 0-9 and -, starting with a letter
        name: String,
    },
    /// List workspaces
    List,
}

#[derive(Debug, Deserialize)]
struct Workspace {
    id: String,
    name: String,
    created_at: Timestamp,
}

#[derive(Debug, Deserialize)]
struct Workspaces {
    workspaces: Vec<Workspace>,
}

/// Runs one of the commands.
pub(crate) async fn run(command: Command, context: &Context) -> Result<Exit, Failure> {
    match command {
        Command::Create { name } => create(&name, context).await,
        Command::List => list(context).await,
    }
}

async fn create(name: &str, context: &Context) -> Result<Exit, Failure> {
    let reply = context
        .client()?
        .post(&["v1", "workspaces"], &json!({ "name": name }))
        .await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
    } else {
        let made: Workspace = reply.read()?;
        context.printer.result(&made.id)?;
        context.printer.aside(&format!(
            "Next: casemate server create NAME -w {}",
            made.name
        ));
    }
    Ok(Exit::Ok)
}

async fn list(context: &Context) -> Result<Exit, Failure> {
    let reply = context.client()?.get(&["v1", "workspaces"], &[]).await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
        return Ok(Exit::Ok);
    }
    let mut rows = Rows::new(["NAME", "ID", "CREATED"]);
    for workspace in reply.read::<Workspaces>()?.workspaces {
        rows.push([
            workspace.name,
            workspace.id,
            human::date(workspace.created_at),
        ]);
    }
    if rows.is_empty() {
        context
            .printer
            .note("There are no workspaces. Create one: casemate workspace create NAME");
    }
    context.printer.table(&rows)?;
    Ok(Exit::Ok)
}
