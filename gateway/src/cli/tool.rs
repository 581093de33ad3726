//! `casemate tool`: what a server offers to clients.

use super::{
    Context, client::Client, exit::Exit, failure::Failure, human, printer::Rows, server::yes_or_no,
    target::Target,
};
use casemate_domain::Needs;
use clap::Subcommand;
use serde::Deserialize;
use serde_json::{Value, json};

/// List and switch the tools of a server.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the tools of a server, active or not
    List {
        /// Server: id, name, or workspace/name
        #[arg(short, long)]
        server: String,
    },
    /// Show a tool to clients, from their next request on
    Activate(Which),
    /// Hide a tool from clients, from their next request on
    Deactivate(Which),
}

/// One tool.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// Tool, or SERVER/TOOL
    tool: String,
    /// Server: id, name, or workspace/name
    #[arg(short, long)]
    server: Option<String>,
}

/// A tool, as the admin API shows it.
#[derive(Debug, Deserialize)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) active: bool,
    component: String,
    digest: String,
    #[serde(default)]
    needs: Needs,
    #[serde(default)]
    pub(crate) input_schema: Value,
}

#[derive(Debug, Deserialize)]
struct Tools {
    tools: Vec<Tool>,
}

/// Runs one of the commands.
pub(crate) async fn run(command: Command, context: &Context) -> Result<Exit, Failure> {
    match command {
        Command::List { server } => list(&server, context).await,
        Command::Activate(which) => switch(&which, "activate", context).await,
        Command::Deactivate(which) => switch(&which, "deactivate", context).await,
    }
}

/// The tools of a server.
pub(crate) async fn all(client: &Client, server: &str) -> Result<Vec<Tool>, Failure> {
    let reply = client.get(&["v1", "servers", server, "tools"], &[]).await?;
    Ok(reply.read::<Tools>()?.tools)
}

async fn list(server: &str, context: &Context) -> Result<Exit, Failure> {
    let reply = context
        .client()?
        .get(&["v1", "servers", server, "tools"], &[])
        .await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
        return Ok(Exit::Ok);
    }
    let tools = reply.read::<Tools>()?.tools;
    if let Some(nothing) = nothing_found(&tools, server) {
        context.printer.note(&nothing);
    }
    context.printer.table(&table(&tools))?;
    Ok(Exit::Ok)
}

/// What to say if clients see no tools.
fn nothing_found(tools: &[Tool], server: &str) -> Option<String> {
    if tools.iter().any(|tool| tool.active) {
        return None;
    }
    Some(match tools.len() {
        0 => format!("No tools found. Push some: casemate push FILE.wasm -s {server}"),
        count => format!(
            "No tools found: {} inactive. Activate: casemate tool activate TOOL -s {server}",
            if count == 1 {
                "1 is".to_owned()
            } else {
                format!("{count} are")
            }
        ),
    })
}

fn table(tools: &[Tool]) -> Rows {
    let mut rows = Rows::new([
        "TOOL",
        "ACTIVE",
        "COMPONENT",
        "DIGEST",
        "NEEDS",
        "DESCRIPTION",
    ]);
    for tool in tools {
        rows.push([
            tool.name.clone(),
            yes_or_no(tool.active),
            tool.component.clone(),
            tool.digest.chars().take(12).collect(),
            needs(&tool.needs),
            summary(&tool.description),
        ]);
    }
    rows
}

/// What a tool does: the first sentence of its description, with a mark if there is more.
pub(crate) fn summary(description: &str) -> String {
    let sentence = human::line(human::sentence(description), 80);
    let is_all = human::sentence(description).trim() == description.trim();
    if is_all || sentence.ends_with('…') {
        sentence
    } else {
        format!("{sentence} …")
    }
}

fn needs(needs: &Needs) -> String {
    let hosts = needs.hosts.iter().map(ToString::to_string);
    let secrets = needs.secrets.iter().map(|need| need.name.to_string());
    let all: Vec<_> = hosts.chain(secrets).collect();
    if all.is_empty() {
        "-".to_owned()
    } else {
        all.join(", ")
    }
}

async fn switch(which: &Which, action: &str, context: &Context) -> Result<Exit, Failure> {
    let target = Target::of(&which.tool, which.server.as_deref())?;
    let path = [
        "v1",
        "servers",
        &target.server,
        "tools",
        &target.tool,
        action,
    ];
    let reply = context.client()?.post(&path, &json!({})).await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
    } else {
        let tool: Tool = reply.read()?;
        let state = if tool.active { "active" } else { "inactive" };
        context
            .printer
            .note(&format!("{}/{} is {state}", target.server, tool.name));
    }
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str, active: bool) -> Tool {
        serde_json::from_value(json!({
            "name": name, "title": null, "description": "Current weather.\nMore about it.",
            "active": active, "component": "weather", "digest": "0123456789abcdef",
            "needs": { "hosts": ["api.weather.test"], "secrets": [{ "name": "WEATHER_KEY" }] },
        }))
        .unwrap()
    }

    #[test]
    fn a_list_shows_what_each_tool_needs() {
        let tools = [tool("get_weather", true), tool("set_weather", false)];
        insta::assert_snapshot!(table(&tools).to_text(), @r"
        TOOL         ACTIVE  COMPONENT  DIGEST        NEEDS                          DESCRIPTION
        get_weather  yes     weather    0123456789ab  api.weather.test, WEATHER_KEY  Current weather. …
        set_weather  no      weather    0123456789ab  api.weather.test, WEATHER_KEY  Current weather. …
        ");
    }

    #[test]
    fn a_server_without_active_tools_says_so() {
        let none = |tools: &[Tool]| nothing_found(tools, "weather");
        assert_eq!(none(&[tool("a", true), tool("b", false)]), None);
        assert!(none(&[]).unwrap().starts_with("No tools found. Push"));
        assert!(
            none(&[tool("a", false)])
                .unwrap()
                .starts_with("No tools found: 1 is inactive.")
        );
    }
}
