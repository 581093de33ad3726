//! `casemate task`: calls that go on without their connection.

use super::{
    Context,
    client::Client,
    exit::Exit,
    failure::Failure,
    human,
    printer::{self, Rows},
};
use clap::Subcommand;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

/// List, show and cancel tasks: calls that their clients poll.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List tasks, the newest first
    List {
        /// Only those of this server
        #[arg(short, long)]
        server: Option<String>,
        /// Only those with this status: working, input_required, completed, failed or cancelled
        #[arg(long)]
        status: Option<String>,
    },
    /// Show one task
    Show {
        /// Id of the task, as `casemate task list` shows it
        id: String,
    },
    /// Cancel a task and stop its call
    Cancel {
        /// Id of the task, as `casemate task list` shows it
        id: String,
        /// Do not ask on a terminal
        #[arg(short, long)]
        yes: bool,
    },
}

#[derive(Debug, Deserialize)]
struct Task {
    id: String,
    server: Server,
    key_id: String,
    tool: String,
    status: String,
    message: Option<String>,
    questions: usize,
    call_id: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    expires_at: Timestamp,
    result_bytes: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Server {
    id: String,
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Tasks {
    tasks: Vec<Task>,
}

impl Task {
    fn server(&self) -> String {
        let Server { id, name } = &self.server;
        name.as_ref().unwrap_or(id).clone()
    }

    /// The status, and where there is one, the reason.
    fn state(&self) -> String {
        match &self.message {
            Some(message) => format!("{}: {}", self.status, human::harmless(message)),
            None => self.status.clone(),
        }
    }
}

/// Runs one of the commands.
pub(crate) async fn run(command: Command, context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    match command {
        Command::List { server, status } => list(server, status, &client, context).await,
        Command::Show { id } => show(&id, &client, context).await,
        Command::Cancel { id, yes } => {
            let question = format!("Cancel {id}? What it has done so far stays done.");
            if !yes && printer::is_interactive() && !context.printer.confirm(&question)? {
                let kept = Failure::new(Exit::Failure, "nothing was cancelled");
                return Err(kept.code("not_confirmed"));
            }
            cancel(&id, &client, context).await
        }
    }
}

async fn list(
    server: Option<String>,
    status: Option<String>,
    client: &Client,
    context: &Context,
) -> Result<Exit, Failure> {
    let selection = [("server", server), ("status", status)];
    let reply = client.get(&["v1", "tasks"], &selection).await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
        return Ok(Exit::Ok);
    }
    let mut rows = Rows::new(["ID", "SERVER", "TOOL", "STATUS", "CREATED", "EXPIRES"]);
    for task in reply.read::<Tasks>()?.tasks {
        let server = task.server();
        rows.push([
            task.id,
            server,
            task.tool,
            task.status,
            human::date(task.created_at),
            human::date(task.expires_at),
        ]);
    }
    if rows.is_empty() {
        let hint =
            "There are no tasks: a call becomes one if its tool allows that and it takes long.";
        context.printer.note(hint);
    }
    context.printer.table(&rows)?;
    Ok(Exit::Ok)
}

async fn show(id: &str, client: &Client, context: &Context) -> Result<Exit, Failure> {
    let reply = client.get(&["v1", "tasks", id], &[]).await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
        return Ok(Exit::Ok);
    }
    let task: Task = reply.read()?;
    let result = task
        .result_bytes
        .map_or_else(|| "none".to_owned(), human::bytes);
    context.printer.table(&Rows::pairs([
        ("id", task.id.clone()),
        ("server", task.server()),
        ("tool", task.tool.clone()),
        ("key", task.key_id.clone()),
        ("call", task.call_id.clone()),
        ("status", task.state()),
        ("open questions", task.questions.to_string()),
        ("result", result),
        ("created", human::date(task.created_at)),
        ("updated", human::date(task.updated_at)),
        ("expires", human::date(task.expires_at)),
    ]))?;
    Ok(Exit::Ok)
}

async fn cancel(id: &str, client: &Client, context: &Context) -> Result<Exit, Failure> {
    let path = ["v1", "tasks", id, "cancel"];
    let reply = client.post(&path, &json!({})).await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
    } else {
        let task: Task = reply.read()?;
        context
            .printer
            .note(&format!("{} is {}", task.id, task.state()));
    }
    Ok(Exit::Ok)
}
