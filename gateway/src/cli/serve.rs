//! `casemate serve`: runs the gateway. The only command that opens the store.

use super::{Context, exit::Exit, failure::Failure};
use crate::{
    server::{self, Options, Started},
    service::FirstToken,
};
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::{
    io::{self, IsTerminal},
    net::SocketAddr,
    path::PathBuf,
};
use tracing_subscriber::EnvFilter;

/// Run the gateway until it is interrupted
///
/// The first start prints an access token for the admin API to standard output, once, as lines to
/// paste into a shell. To bring one instead, set CASEMATE_BOOTSTRAP_TOKEN. The log goes to standard error; CASEMATE_LOG chooses what
/// is in it, such as `debug` or `casemate_gateway=debug,warn`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of all data
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address for MCP clients, such as 127.0.0.1:8080
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Address for the admin API, such as 127.0.0.1:8081
    #[arg(long, value_name = "ADDR")]
    admin_listen: Option<SocketAddr>,
    /// File to write both addresses to, once they are served
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Make a new access token and print it, for when those there are are lost; they stay valid
    /// until revoked
    #[arg(long)]
    new_access_token: bool,
}

impl From<ServeArgs> for Options {
    fn from(args: ServeArgs) -> Self {
        let ServeArgs {
            config,
            data,
            listen,
            admin_listen,
            ready_file,
            new_access_token,
        } = args;
        let brought = std::env::var("CASEMATE_BOOTSTRAP_TOKEN").ok();
        let bootstrap_token = brought
            .filter(|token| !token.trim().is_empty())
            .map(SecretString::from);
        Self {
            config,
            data,
            listen,
            admin_listen,
            ready_file,
            bootstrap_token,
            new_access_token,
        }
    }
}

/// Runs the command.
pub(crate) async fn run(args: ServeArgs, context: &Context) -> Result<Exit, Failure> {
    start_log(context);
    let started = server::start(args.into())
        .await
        .map_err(|error| failed(&error))?;
    announce(&started, context)?;
    started
        .run_until_stopped()
        .await
        .map_err(|error| failed(&error))?;
    Ok(Exit::Ok)
}

/// What the operator has to know to go on. The token is shown here and never again.
fn announce(started: &Started, context: &Context) -> Result<(), Failure> {
    let Started {
        mcp,
        admin,
        first_token,
        ..
    } = started;
    let token = match first_token {
        FirstToken::Made(token) => Some(token.expose_secret()),
        FirstToken::Brought | FirstToken::Existing => None,
    };
    if context.printer.is_json() {
        let shown = json!({ "mcp": mcp, "admin": admin, "token": token });
        return context.printer.result(&shown.to_string());
    }
    context.printer.note(&format!("MCP clients: http://{mcp}"));
    context
        .printer
        .note(&format!("Admin API:   http://{admin}"));
    if let Some(token) = token {
        context
            .printer
            .note("This is the only time the access token is shown. To use it, paste:");
        context.printer.result(&format!(
            "export CASEMATE_URL=http://{admin}\nexport CASEMATE_TOKEN={token}"
        ))?;
        context
            .printer
            .note(&format!("or store it: casemate login --url http://{admin}"));
    }
    Ok(())
}

fn start_log(context: &Context) {
    let filter = EnvFilter::try_from_env("CASEMATE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    let colors = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    // Fails only if a log was started already, as an embedding test does.
    if context.printer.is_json() {
        drop(log.json().try_init());
    } else {
        drop(log.with_target(false).with_ansi(colors).try_init());
    }
}

fn failed(error: &anyhow::Error) -> Failure {
    let mut causes = error.chain().map(ToString::to_string);
    let failure = Failure::new(Exit::Failure, causes.next().unwrap_or_default());
    causes.fold(failure, Failure::note)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_start_names_every_cause() {
        let cause = anyhow::anyhow!("address in use");
        let error = cause.context("cannot listen on 127.0.0.1:8080");
        insta::assert_snapshot!(failed(&error), @r"
        cannot listen on 127.0.0.1:8080
          address in use
        ");
    }
}
