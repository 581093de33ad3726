//! `casemate login`, `logout`, `whoami`: which gateway this person works with.

use super::{
    Context,
    client::Client,
    exit::Exit,
    failure::Failure,
    printer::{self, Rows},
    settings::{self, Origin, Settings, Stored},
};
use clap::Args;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use std::{fs, io};

/// Store the address and the access token of a gateway
///
/// The token is checked with the gateway first. CASEMATE_URL and CASEMATE_TOKEN win over what is
/// stored.
#[derive(Debug, Args)]
pub(crate) struct Login {
    /// Admin address of the gateway
    #[arg(long, value_name = "URL", default_value = settings::DEFAULT_URL)]
    url: String,
    /// Read the access token from standard input instead of asking for it
    #[arg(long)]
    token_stdin: bool,
}

/// What the gateway says about a token.
#[derive(Debug, Deserialize)]
struct Identity {
    token_id: String,
}

#[derive(Debug, Deserialize)]
struct Version {
    version: String,
}

/// Checks a token and keeps it.
pub(crate) async fn login(command: Login, context: &Context) -> Result<Exit, Failure> {
    let url = settings::parse_url(&command.url, "--url")?;
    settings::refuse_plain_http(&url)?;
    let token = read_token(&command, context)?;
    let settings = Settings {
        url: url.clone(),
        url_origin: Origin::Login,
        token: token.clone(),
        token_origin: Origin::Login,
    };
    let reply = Client::new(&settings)?.get(&["v1", "whoami"], &[]).await?;
    let identity: Identity = reply.read()?;
    let path = settings::credentials_file()?;
    Stored {
        url: url.clone(),
        token,
    }
    .save(&path)?;
    if context.printer.is_json() {
        let stored = json!({ "url": url.as_str(), "token_id": identity.token_id });
        context.printer.result(&stored.to_string())?;
    } else {
        context.printer.note(&format!("Logged in to {url}"));
        context
            .printer
            .aside(&format!("Stored in {}", path.display()));
    }
    Ok(Exit::Ok)
}

fn read_token(command: &Login, context: &Context) -> Result<SecretString, Failure> {
    let text = if command.token_stdin || !printer::is_interactive() {
        io::read_to_string(io::stdin()).map_err(|error| {
            Failure::new(Exit::Failure, "cannot read the token from standard input")
                .note(error.to_string())
        })?
    } else {
        context.printer.hidden("Access token")?
    };
    let token = text.trim();
    if token.is_empty() {
        return Err(
            Failure::new(Exit::Auth, "there is no access token to store")
                .note("Give it on standard input: casemate login --url URL --token-stdin < FILE")
                .code("no_token"),
        );
    }
    Ok(SecretString::from(token))
}

/// Forgets what login stored.
pub(crate) fn logout(context: &Context) -> Result<Exit, Failure> {
    let path = settings::credentials_file()?;
    match fs::remove_file(&path) {
        Ok(()) => context.printer.note(&format!("Removed {}", path.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            context.printer.note("Nothing was stored.");
        }
        Err(error) => {
            return Err(
                Failure::new(Exit::Failure, format!("cannot remove {}", path.display()))
                    .note(error.to_string())
                    .code("credentials_file"),
            );
        }
    }
    Ok(Exit::Ok)
}

/// Says which gateway answers, and that it accepts the token.
pub(crate) async fn whoami(context: &Context) -> Result<Exit, Failure> {
    let settings = Settings::load()?;
    let client = Client::new(&settings)?;
    let identity: Identity = client.get(&["v1", "whoami"], &[]).await?.read()?;
    let Version { version } = client.get(&["v1", "version"], &[]).await?.read()?;
    let (url, id) = (&settings.url, identity.token_id);
    if context.printer.is_json() {
        let shown = json!({
            "url": url.as_str(),
            "url_origin": settings.url_origin,
            "token_id": id,
            "token_origin": settings.token_origin,
            "version": version,
        });
        context.printer.result(&shown.to_string())?;
    } else {
        let origin = |origin| match origin {
            Origin::Environment => "from the environment",
            Origin::Login => "from casemate login",
            Origin::Default => "the default",
        };
        context.printer.table(&Rows::pairs([
            (
                "gateway",
                format!("{url} ({})", origin(settings.url_origin)),
            ),
            ("token", format!("{id} ({})", origin(settings.token_origin))),
            ("version", version),
        ]))?;
    }
    Ok(Exit::Ok)
}
