//! `casemate limits`: what calls may use, who says so, and what would fit.

mod history;
mod scope;
mod show;

use super::{Context, exit::Exit, failure::Failure};
use casemate_domain::{Limit, Profile};
use clap::Subcommand;
use scope::{ScopeArgs, Setting};
use serde_json::{Map, Value, json};

/// Show, set and explain limits of calls.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the limits in force
    ///
    /// Without a scope, those of the platform: what any call may use at most.
    Show(ScopeArgs),
    /// Set limits of a workspace, a server or a tool
    ///
    /// A lower level only tightens: what holds for a call is the least of what platform, workspace,
    /// server and tool allow. The platform has its limits in the configuration file.
    ///
    /// For example: casemate limits set weather/weather fuel=2G wall_ms=5s memory_bytes=32MiB
    Set(Set),
    /// Show what each level sets, and which one decides
    Explain(ScopeArgs),
    /// Propose limits for a tool, from what its recorded calls used
    Suggest(ScopeArgs),
    /// Say which recorded calls of a tool some limits would have stopped
    ///
    /// For example: casemate limits whatif weather/weather fuel=1G wall_ms=500ms
    Whatif(WhatIf),
}

/// What to set, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct Set {
    /// SERVER/TOOL, or TOOL with --server; then LIMIT=VALUE, any number of them
    #[arg(value_name = "SCOPE | LIMIT=VALUE")]
    words: Vec<String>,
    /// Server: id, name, or workspace/name
    #[arg(short, long)]
    server: Option<String>,
    /// Workspace
    #[arg(short, long, conflicts_with = "server")]
    workspace: Option<String>,
    /// Set all limits at once: small, standard or large
    #[arg(long)]
    profile: Option<Profile>,
    /// Take a profile back
    #[arg(long, conflicts_with = "profile")]
    no_profile: bool,
    /// Take a limit back; may be repeated
    #[arg(long, value_name = "LIMIT")]
    unset: Vec<Limit>,
}

/// What to ask about, and of which tool.
#[derive(Debug, clap::Args)]
pub(crate) struct WhatIf {
    /// SERVER/TOOL, or TOOL with --server; then LIMIT=VALUE, any number of them
    #[arg(value_name = "SERVER/TOOL | LIMIT=VALUE", required = true)]
    words: Vec<String>,
    /// Server: id, name, or workspace/name
    #[arg(short, long)]
    server: Option<String>,
}

/// Runs one of the commands.
pub(crate) async fn run(command: Command, context: &Context) -> Result<Exit, Failure> {
    match command {
        Command::Show(scope) => show::in_force(&scope, context).await,
        Command::Explain(scope) => show::explained(&scope, context).await,
        Command::Set(set) => run_set(set, context).await,
        Command::Suggest(scope) => history::suggest(&scope, context).await,
        Command::Whatif(what_if) => run_what_if(what_if, context).await,
    }
}

/// Tells the scope from the settings among the words of a command.
fn split(words: Vec<String>) -> Result<(Option<String>, Vec<Setting>), Failure> {
    let (settings, mut scopes): (Vec<_>, Vec<_>) =
        words.into_iter().partition(|word| word.contains('='));
    if scopes.len() > 1 {
        return Err(Failure::new(
            Exit::Usage,
            format!("`{}` is not a limit: write LIMIT=VALUE", scopes[1]),
        )
        .code("usage"));
    }
    let settings = settings
        .iter()
        .map(|word| word.parse())
        .collect::<Result<_, String>>()
        .map_err(|why| Failure::new(Exit::Usage, why).code("usage"))?;
    Ok((scopes.pop(), settings))
}

async fn run_set(set: Set, context: &Context) -> Result<Exit, Failure> {
    let (name, settings) = split(set.words)?;
    let scope = ScopeArgs {
        scope: name,
        server: set.server,
        workspace: set.workspace,
    };
    let path = scope.path()?;
    let mut limits: Map<String, Value> = settings
        .iter()
        .map(|setting| (setting.limit.to_string(), json!(setting.value)))
        .collect();
    for limit in set.unset {
        if limits.insert(limit.to_string(), Value::Null).is_some() {
            let why = format!("{limit} cannot be set and taken back at once");
            return Err(Failure::new(Exit::Usage, why).code("usage"));
        }
    }
    let mut change = json!({ "limits": limits });
    if set.no_profile {
        change["profile"] = Value::Null;
    } else if let Some(profile) = set.profile {
        change["profile"] = json!(profile);
    }
    if limits.is_empty() && change.get("profile").is_none() {
        return Err(Failure::new(Exit::Usage, "there is nothing to set")
            .code("usage")
            .note("Write LIMIT=VALUE, such as wall_ms=5s, or --profile small."));
    }
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    let reply = context.client()?.patch(&parts, &change).await?;
    if let Some(profile) = set.profile {
        show::held_lower(profile, &reply, context)?;
    }
    show::reply_in_force(&reply, context)
}

async fn run_what_if(what_if: WhatIf, context: &Context) -> Result<Exit, Failure> {
    let (name, settings) = split(what_if.words)?;
    let scope = ScopeArgs {
        scope: name,
        server: what_if.server,
        workspace: None,
    };
    if settings.is_empty() {
        return Err(Failure::new(Exit::Usage, "there is nothing to ask about")
            .code("usage")
            .note("Write LIMIT=VALUE, such as fuel=1G."));
    }
    history::what_if(&scope, &settings, context).await
}
