//! `casemate check`: whether a client can reach a server, and if not, at which step it fails.
//!
//! Each look has one reason to fail. What follows a failure would only fail for the same reason and
//! is left out. With an access token the check makes a key of its own for a few minutes, and
//! revokes it; with a URL and a key it sees what a client sees.

mod probe;
mod report;
mod talk;

use super::{
    Context,
    client::Client,
    exit::Exit,
    failure::Failure,
    human, keys,
    remote::Remote,
    server::{self, Server},
    settings,
};
use clap::Args;
use report::{Report, Seen, Tools, Trouble};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use std::net::SocketAddr;
use url::Url;

/// Check whether clients can connect, step by step
///
/// Without SERVER, checks all servers.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Server: id, name, or workspace/name
    #[arg(value_name = "SERVER", conflicts_with_all = ["by_flag", "url"])]
    server: Option<String>,
    /// The same as a flag
    #[arg(short = 's', long = "server", value_name = "SERVER")]
    by_flag: Option<String>,
    /// URL of a server, to check it as a client sees it, without an access token
    #[arg(long, conflicts_with = "by_flag")]
    url: Option<String>,
    #[command(flatten)]
    key: keys::Given,
    /// Read the key to check from standard input
    #[arg(long, conflicts_with_all = ["key_env", "key_file"])]
    key_stdin: bool,
}

/// The label of keys that checks make, and their life span if they cannot be revoked.
const KEY_NAME: &str = "casemate check";
const KEY_LIFE_S: u64 = 300;
/// Calls that are looked through for callers, and callers that are shown.
const CALLS: usize = 200;
const CALLERS: usize = 5;

#[derive(Debug, Deserialize)]
struct Status {
    version: String,
    listens_at: SocketAddr,
}

#[derive(Debug, Deserialize)]
struct Servers {
    servers: Vec<Server>,
}

/// Runs the command.
pub(crate) async fn run(command: Check, context: &Context) -> Result<Exit, Failure> {
    let key = if command.key_stdin {
        Some(keys::from_stdin(context)?)
    } else {
        command.key.read()?
    };
    if let Some(url) = &command.url {
        let mut report = Report::new(None, Some(url.clone()));
        let url = settings::parse_server_url(url, "--url")?;
        if reach(&url, &mut report).await {
            talk(&url, key, None, &mut report).await?;
        }
        return report::show(&[report], context);
    }
    let client = context.client()?;
    let status: Status = client.get(&["v1", "status"], &[]).await?.read()?;
    let servers = match command.server.as_ref().or(command.by_flag.as_ref()) {
        Some(server) => vec![server::find(&client, server).await?.read()?],
        None => {
            client
                .get(&["v1", "servers"], &[])
                .await?
                .read::<Servers>()?
                .servers
        }
    };
    if servers.is_empty() {
        return Err(
            Failure::new(Exit::Validation, "there are no servers to check")
                .note("Create one: casemate server create NAME -w WORKSPACE")
                .code("not_found"),
        );
    }
    let mut reports = Vec::new();
    for server in &servers {
        reports.push(check(server, &status, key.as_ref(), &client).await?);
    }
    report::show(&reports, context)
}

async fn check(
    server: &Server,
    status: &Status,
    key: Option<&SecretString>,
    client: &Client,
) -> Result<Report, Failure> {
    let name = server.reference();
    let mut report = Report::new(Some(name.clone()), Some(server.url.clone()));
    report.ok("gateway", format!("casemate {}", status.version));
    let url = settings::parse_server_url(&server.url, "the URL of the server")?;
    let address = format!(
        "{}, and the gateway listens at {}",
        server.url, status.listens_at
    );
    match misplaced(&url, status) {
        Some(next) => report.hint("address", address, next),
        None => report.ok("address", address),
    }
    let is_reached = reach(&url, &mut report).await;
    if server.active {
        report.ok("server", "active");
    } else {
        let next = format!("casemate server activate {name}");
        report.failed(
            "server",
            Trouble::new(Exit::Validation, "inactive: it lets nobody in", next),
        );
    }
    if is_reached && server.active {
        let made = match key {
            Some(_) => None,
            None => Some(keys::make(client, KEY_NAME, &server.id, Some(KEY_LIFE_S)).await?),
        };
        let used = key
            .cloned()
            .or_else(|| made.as_ref().map(|made| made.text.clone()));
        let talked = talk(&url, used, Some(server), &mut report).await;
        if let Some(made) = made {
            made.revoke(client).await?;
        }
        talked?;
    }
    report.callers(callers(client, &server.id).await?);
    Ok(report)
}

/// Whether the URL that clients get can be right.
fn misplaced(url: &Url, status: &Status) -> Option<&'static str> {
    let is_local = settings::is_loopback(url);
    if is_local && !status.listens_at.ip().is_loopback() {
        return Some("Clients elsewhere cannot use this URL: set server.public_url.");
    }
    let same_port = url.port_or_known_default() == Some(status.listens_at.port());
    if is_local && !same_port {
        return Some("The port is another one: that is right only behind a proxy on this machine.");
    }
    (url.scheme() == "http" && !is_local).then_some(
        "Plain http carries the key in the open: put TLS in front, set server.public_url.",
    )
}

/// Name, connection, HTTP; whether all of it works.
async fn reach(url: &Url, report: &mut Report) -> bool {
    let Some(addresses) = report.take("name", probe::resolve(url).await) else {
        return false;
    };
    let shown: Vec<_> = addresses
        .iter()
        .map(|address| address.ip().to_string())
        .collect();
    report.ok("name", shown.join(", "));
    let Some(address) = report.take("connection", probe::connect(&addresses).await) else {
        return false;
    };
    report.ok("connection", address.to_string());
    let greeted = match Remote::new(url.clone(), None) {
        Ok(remote) => probe::greet(&remote).await,
        Err(failure) => Err(Trouble::new(
            failure.exit(),
            failure.to_string(),
            "Check the URL.",
        )),
    };
    if report.take("http", greeted).is_none() {
        return false;
    }
    let how = match url.scheme() {
        "https" => "a gateway, over TLS",
        _ => "a gateway, over plain http",
    };
    report.ok("http", how);
    true
}

/// What a client with this key sees.
async fn talk(
    url: &Url,
    key: Option<SecretString>,
    server: Option<&Server>,
    report: &mut Report,
) -> Result<(), Failure> {
    let Some(key) = key else {
        let next = "Give a key: CASEMATE_KEY, --key-env, --key-file or --key-stdin";
        report.hint("key", "not checked: there is none", next);
        return Ok(());
    };
    let remote = Remote::new(url.clone(), Some(key))?;
    let Some(first) = report.take("handshake", talk::with_handshake(&remote).await) else {
        return Ok(());
    };
    report.ok(
        "handshake",
        format!("{}, {}", first.revision, human::plural(first.tools, "tool")),
    );
    let Some(second) = report.take("stateless", talk::without_handshake(&remote).await) else {
        return Ok(());
    };
    report.ok(
        "stateless",
        format!(
            "{}, {}",
            second.revision,
            human::plural(second.tools, "tool")
        ),
    );
    tools(second.tools, server, report);
    Ok(())
}

fn tools(active: usize, server: Option<&Server>, report: &mut Report) {
    let inactive = server.map(|server| server.tools.inactive);
    report.tools(Tools { active, inactive });
    let name = server.map_or_else(|| "SERVER".to_owned(), Server::reference);
    let shown = match inactive {
        Some(inactive) => format!("{active} active, {inactive} inactive"),
        None => format!("{active} active"),
    };
    match (active, inactive) {
        (0, Some(0)) => {
            let next = format!("casemate push FILE.wasm -s {name}");
            report.hint("tools", format!("No tools found ({shown})"), next);
        }
        (0, _) => {
            let next = format!("casemate tool list -s {name}, casemate tool activate");
            report.hint("tools", format!("No tools found ({shown})"), next);
        }
        _ => report.ok("tools", shown),
    }
}

/// Who called lately, each once, the last one first.
async fn callers(client: &Client, server: &str) -> Result<Vec<Seen>, Failure> {
    let query = [
        ("server", Some(server.to_owned())),
        ("limit", Some(CALLS.to_string())),
    ];
    let page: Value = client.get(&["v1", "calls"], &query).await?.read()?;
    let mut found: Vec<Seen> = Vec::new();
    for call in page["calls"].as_array().into_iter().flatten() {
        let seen = seen(call);
        match found
            .iter_mut()
            .find(|one| (&one.client, &one.key) == (&seen.client, &seen.key))
        {
            Some(known) => known.calls += 1,
            None => found.push(seen),
        }
    }
    found.truncate(CALLERS);
    Ok(found)
}

fn seen(call: &Value) -> Seen {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (client, credential) = (&call["caller"]["client"], &call["caller"]["credential"]);
    let name = match (client["name"].as_str(), client["version"].as_str()) {
        (Some(name), Some(version)) if !version.is_empty() => format!("{name} {version}"),
        (Some(name), _) => name.to_owned(),
        _ => "unnamed".to_owned(),
    };
    let key = match credential["kind"].as_str() {
        Some("token") => "access token".to_owned(),
        _ => text(&credential["name"]),
    };
    Seen {
        client: human::line(&name, 40),
        key,
        at: text(&call["at"]).parse().unwrap_or_default(),
        tool: text(&call["tool"]),
        outcome: text(&call["outcome"]),
        calls: 1,
    }
}
