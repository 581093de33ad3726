//! `casemate connect`: what an AI client needs in order to reach a server, printed or put into its
//! configuration.
//!
//! What differs between clients is the table in [`clients`]; what differs between formats is in
//! [`json`], [`toml`] and [`yaml`]. A key is made last, when nothing can fail any more but writing
//! it; if that fails it is revoked.

mod clients;
mod entry;
mod file;
mod json;
mod plan;
mod toml;
mod yaml;

use super::{
    Context,
    client::Client as Gateway,
    exit::Exit,
    failure::Failure,
    keys, near,
    printer::Rows,
    server::{self, Server},
    settings, span,
};
use clap::{Args, ValueEnum};
use clients::{CLIENTS, Client, Reference};
use plan::{Known, Plan};
use secrecy::SecretString;
use serde_json::json;
use std::path::PathBuf;

/// Connect an AI client to a server: print its configuration, or write it
///
/// Without CLIENT, lists the clients. A new key is made for the client unless one is given, and is
/// shown or written once. What goes into a project refers to the key and does not hold it.
#[derive(Debug, Args)]
pub(crate) struct Connect {
    /// Client, such as claude-code, cursor or vscode
    #[arg(requires = "place")]
    client: Option<String>,
    /// Server: id, name, or workspace/name
    #[arg(short, long, requires = "client", group = "place")]
    server: Option<String>,
    /// URL of a server, for those who have a key and no access token
    #[arg(long, requires = "client", group = "place", conflicts_with = "expires")]
    url: Option<String>,
    /// Name of the server in the client; without it, that of the server
    #[arg(long, value_parser = entry_name)]
    name: Option<String>,
    /// Whose configuration
    #[arg(long, value_enum)]
    scope: Option<Scope>,
    /// Write it into the client's configuration file
    #[arg(long)]
    write: bool,
    /// Show what --write would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Replace an entry of the same name, with a new key
    #[arg(long)]
    replace: bool,
    /// Configuration file, if the client keeps it elsewhere
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// Environment variable with the key; the configuration refers to it if the client can
    #[arg(long, value_name = "VARIABLE", value_parser = variable_name, conflicts_with = "key_stdin")]
    key_env: Option<String>,
    /// Read a key that is there already from standard input
    #[arg(long)]
    key_stdin: bool,
    /// Life span of the new key, such as 30d or 90d
    #[arg(long, value_name = "SPAN", value_parser = span::seconds, conflicts_with_all = ["key_env", "key_stdin"])]
    expires: Option<u64>,
    /// Print a link that adds the server to the client, without a key
    #[arg(long, conflicts_with_all = ["write", "dry_run", "key_stdin", "expires"])]
    link: bool,
}

/// Whose configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scope {
    /// That of this person
    User,
    /// That of the project in this folder, which is shared: it holds no key
    Project,
}

/// Runs the command.
pub(crate) async fn run(command: Connect, context: &Context) -> Result<Exit, Failure> {
    let Some(id) = &command.client else {
        return list(context);
    };
    let client = Client::find(id).ok_or_else(|| unknown(id))?;
    let (gateway, known) = match (&command.server, &command.url) {
        (Some(server), _) => {
            let gateway = context.client()?;
            let server: Server = server::find(&gateway, server).await?.read()?;
            warn_of_silence(&server, context);
            (Some(gateway), Known::of(&server))
        }
        (None, url) => (None, Known::at(url.as_deref().unwrap_or_default())?),
    };
    let plan = Plan::new(&command, client, known)?;
    if command.link {
        return plan.print_link(context);
    }
    warn_of_url(&plan, context)?;
    let given = given(&command, &plan, gateway.as_ref(), context)?;
    if command.write || command.dry_run {
        plan.write(&command, given, gateway.as_ref(), context).await
    } else {
        plan.print(&command, given, gateway.as_ref(), context).await
    }
}

/// A key that is there already, if the plan needs one.
fn given(
    command: &Connect,
    plan: &Plan,
    maker: Option<&Gateway>,
    context: &Context,
) -> Result<Option<SecretString>, Failure> {
    if command.key_stdin {
        return keys::from_stdin(context).map(Some);
    }
    match &command.key_env {
        // The client reads the variable itself, perhaps on another machine.
        _ if plan.refers_to_key() => Ok(None),
        Some(name) => keys::from_variable(name).map(Some),
        None if maker.is_some() || command.dry_run => Ok(None),
        // Nobody here can make one.
        None => keys::from_variable(keys::VARIABLE).map(Some),
    }
}

/// Says what will stand in the way of the URL, while there is time to do something about it.
fn warn_of_url(plan: &Plan, context: &Context) -> Result<(), Failure> {
    let url = settings::parse_server_url(plan.url(), "the URL of the server")?;
    if url.scheme() == "http" && !settings::is_loopback(&url) {
        context.printer.warning(
            "The URL is plain http: whoever listens on the way reads the key. \
             Set server.public_url to an https address.",
        );
    }
    if plan.is_remote() && settings::is_loopback(&url) {
        context.printer.warning(
            "The URL is of this machine, and this client calls from elsewhere. \
             Set server.public_url to an address that it can reach.",
        );
    }
    Ok(())
}

/// The same of a server that has nothing to say.
fn warn_of_silence(server: &Server, context: &Context) {
    let name = server.reference();
    if !server.active {
        context.printer.warning(&format!(
            "The server is inactive and lets nobody in. Activate it: casemate server activate {name}"
        ));
    } else if server.tools.active == 0 {
        context.printer.warning(&format!(
            "No tools found: clients will see an empty list. See: casemate tool list -s {name}"
        ));
    }
}

fn list(context: &Context) -> Result<Exit, Failure> {
    if context.printer.is_json() {
        let clients: Vec<_> = CLIENTS.iter().map(described).collect();
        context
            .printer
            .result(&json!({ "clients": clients }).to_string())?;
        return Ok(Exit::Ok);
    }
    let mut rows = Rows::new(["CLIENT", "NAME", "CONFIGURATION", "IN A PROJECT"]);
    for client in CLIENTS {
        let user = client.user.and_then(|place| file::locate(place).ok());
        let user = user.map_or_else(|| "printed only".to_owned(), |path| plan::short(&path));
        let project = client.project.unwrap_or("-").to_owned();
        let named = |path: String| path.replace("@NAME@", "NAME");
        rows.push([
            client.id.to_owned(),
            client.title.to_owned(),
            named(user),
            named(project),
        ]);
    }
    context.printer.table(&rows)?;
    context
        .printer
        .aside("Next: casemate connect CLIENT -s SERVER, with --write to put it in place");
    Ok(Exit::Ok)
}

fn described(client: &Client) -> serde_json::Value {
    let user = client.user.and_then(|place| file::locate(place).ok());
    json!({
        "id": client.id,
        "title": client.title,
        "file": user,
        "project_file": client.project,
        "writable": client.is_writable(),
        "refers_to_key": !matches!(client.reference, Reference::None),
    })
}

fn unknown(id: &str) -> Failure {
    let ids: Vec<_> = CLIENTS.iter().map(|client| client.id).collect();
    Failure::new(Exit::Usage, format!("there is no client `{id}`"))
        .note(near::hint(id, &ids, ""))
        .note("Any other client needs the URL and a key: casemate server show, casemate key create")
        .code("usage")
}

/// What every client takes as a name, and what means nothing else in any format.
fn entry_name(text: &str) -> Result<String, String> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if (1..=64).contains(&text.len()) && text.bytes().all(is_plain) {
        return Ok(text.to_owned());
    }
    Err("a name is 1 to 64 of a-z, A-Z, 0-9, - and _".to_owned())
}

fn variable_name(text: &str) -> Result<String, String> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let begins = text.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    if begins && text.bytes().all(is_plain) {
        return Ok(text.to_owned());
    }
    Err("give the name of the variable, not the key: A-Z, a-z, 0-9 and _".to_owned())
}
