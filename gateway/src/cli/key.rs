//! `casemate key`: API keys of clients. A key is printed once, when it is made.

use super::{
    Context,
    client::Client,
    exit::Exit,
    failure::Failure,
    human,
    printer::{self, Rows},
    span,
};
use clap::Subcommand;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

/// Create, list and revoke API keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a key and print it: once, to standard output
    Create {
        /// Label, such as the name of a client or a person
        name: String,
        /// Server that it opens: id, name, or workspace/name (repeat for several)
        #[arg(short, long = "server", value_name = "SERVER", required = true)]
        servers: Vec<String>,
        /// Tool that it opens, by its own name, or get_* for all that begin so (repeat for several);
        /// without it the key opens all tools of its servers
        #[arg(short, long = "tool", value_name = "TOOL")]
        tools: Vec<String>,
        /// Life span, such as 12h, 30d or 90d; without it the key works until it is revoked
        #[arg(long, value_name = "SPAN", value_parser = span::seconds)]
        expires: Option<u64>,
    },
    /// List keys, without their texts
    List {
        /// Only those that open this server
        #[arg(short, long)]
        server: Option<String>,
        /// Also those that open nothing any more; --json always has them
        #[arg(short, long)]
        all: bool,
    },
    /// Revoke a key, from the next request on
    Revoke {
        /// Id of the key, as `casemate key list` shows it
        id: String,
        /// Do not ask on a terminal
        #[arg(short, long)]
        yes: bool,
    },
}

#[derive(Debug, Deserialize)]
struct Key {
    id: String,
    name: String,
    /// Only in the answer that makes it.
    key: Option<String>,
    servers: Vec<Opened>,
    /// All, if there are none.
    tools: Option<Vec<String>>,
    status: Option<String>,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct Opened {
    id: String,
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Keys {
    keys: Vec<Key>,
}

impl Key {
    fn is_active(&self) -> bool {
        self.status.as_deref() == Some("active")
    }

    fn opens(&self) -> String {
        let names = self
            .servers
            .iter()
            .map(|server| server.name.as_deref().unwrap_or(&server.id));
        names.collect::<Vec<_>>().join(", ")
    }

    fn tools(&self) -> String {
        let named = self.tools.as_ref().map(|tools| tools.join(", "));
        named.unwrap_or_else(|| "all".to_owned())
    }

    fn until(&self) -> String {
        self.expires_at
            .map_or_else(|| "never".to_owned(), human::date)
    }
}

/// Runs one of the commands.
pub(crate) async fn run(command: Command, context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    match command {
        Command::Create {
            name,
            servers,
            tools,
            expires,
        } => {
            let tools = (!tools.is_empty()).then_some(tools);
            let body = json!({
                "name": name, "servers": servers, "tools": tools, "expires_in_s": expires,
            });
            create(&body, &client, context).await
        }
        Command::List { server, all } => list(server, all, &client, context).await,
        Command::Revoke { id, yes } => {
            let question = format!("Revoke {id}? Every client that uses it is cut off.");
            if !yes && printer::is_interactive() && !context.printer.confirm(&question)? {
                return Err(
                    Failure::new(Exit::Failure, "nothing was revoked").code("not_confirmed")
                );
            }
            revoke(&id, &client, context).await
        }
    }
}

async fn create(
    body: &serde_json::Value,
    client: &Client,
    context: &Context,
) -> Result<Exit, Failure> {
    let reply = client.post(&["v1", "keys"], body).await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
        return Ok(Exit::Ok);
    }
    let made: Key = reply.read()?;
    context
        .printer
        .result(made.key.as_deref().unwrap_or_default())?;
    context
        .printer
        .note("This is the only time the key is shown.");
    let aside = format!(
        "{} opens {}, tools: {}, expires: {}",
        made.id,
        made.opens(),
        made.tools(),
        made.until()
    );
    context.printer.aside(&aside);
    Ok(Exit::Ok)
}

async fn list(
    server: Option<String>,
    all: bool,
    client: &Client,
    context: &Context,
) -> Result<Exit, Failure> {
    let reply = client.get(&["v1", "keys"], &[("server", server)]).await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
        return Ok(Exit::Ok);
    }
    let mut rows = Rows::new([
        "ID", "NAME", "STATUS", "SERVERS", "TOOLS", "CREATED", "EXPIRES",
    ]);
    let (mut keys, mut hidden) = (reply.read::<Keys>()?.keys, 0);
    if !all {
        let before = keys.len();
        keys.retain(Key::is_active);
        hidden = before - keys.len();
    }
    for key in keys {
        let (opens, tools, until) = (key.opens(), key.tools(), key.until());
        let status = key.status.unwrap_or_default();
        rows.push([
            key.id,
            key.name,
            status,
            opens,
            tools,
            human::date(key.created_at),
            until,
        ]);
    }
    if rows.is_empty() && hidden == 0 {
        context
            .printer
            .note("There are no keys. Create one: casemate key create NAME -s SERVER");
    }
    context.printer.table(&rows)?;
    if hidden > 0 {
        let hidden = human::plural(hidden, "key");
        let aside = format!("{hidden} more, revoked or expired. See them with: --all");
        context.printer.aside(&aside);
    }
    Ok(Exit::Ok)
}

async fn revoke(id: &str, client: &Client, context: &Context) -> Result<Exit, Failure> {
    let reply = client
        .post(&["v1", "keys", id, "revoke"], &json!({}))
        .await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
    } else {
        let key: Key = reply.read()?;
        context
            .printer
            .note(&format!("Revoked {} ({})", key.id, key.name));
    }
    Ok(Exit::Ok)
}
