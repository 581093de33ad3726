//! `casemate secret`: values that tools use and nobody reads back. Never on the command line, where
//! other users of the machine and the history of the shell would see them.

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
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use std::io::{self, IsTerminal, Read};

/// Set, list and delete the secrets of a workspace.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Set a secret; the value comes from standard input, or is asked for
    #[command(
        after_help = "Examples:\n  casemate secret set WEATHER_KEY -w acme            asks for the value, one line\n  casemate secret set WEATHER_KEY -w acme < key.pem  takes all lines; one line break at the end is left out"
    )]
    Set {
        /// Name in UPPER_SNAKE_CASE
        name: String,
        /// Workspace that it belongs to
        #[arg(short, long)]
        workspace: String,
    },
    /// List the names of secrets
    List {
        /// Workspace that they belong to
        #[arg(short, long)]
        workspace: String,
    },
    /// Delete a secret
    Delete {
        /// Name in UPPER_SNAKE_CASE
        name: String,
        /// Workspace that it belongs to
        #[arg(short, long)]
        workspace: String,
        /// Do not ask on a terminal
        #[arg(short, long)]
        yes: bool,
    },
}

#[derive(Debug, Deserialize)]
struct Secret {
    name: String,
    version: u64,
    updated_at: Timestamp,
}

#[derive(Debug, Deserialize)]
struct Secrets {
    secrets: Vec<Secret>,
}

/// Larger than any secret that the gateway takes.
const MAX_INPUT: u64 = 1 << 20;

/// Runs one of the commands.
pub(crate) async fn run(command: Command, context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    match command {
        Command::Set { name, workspace } => set(&name, &workspace, &client, context).await,
        Command::List { workspace } => list(&workspace, &client, context).await,
        Command::Delete {
            name,
            workspace,
            yes,
        } => {
            let question = format!("Delete {name} of {workspace}? Tools that need it will fail.");
            if !yes {
                agree(&question, context)?;
            }
            client
                .delete(&["v1", "workspaces", &workspace, "secrets", &name])
                .await?;
            context.printer.note(&format!("Deleted {name}"));
            Ok(Exit::Ok)
        }
    }
}

/// Asks, where somebody can answer: what is deleted here cannot be read back from anywhere.
fn agree(question: &str, context: &Context) -> Result<(), Failure> {
    let refused = Failure::new(Exit::Failure, "nothing was deleted").code("not_confirmed");
    if !printer::is_interactive() {
        return Err(refused.note("Nobody can be asked here. Delete it with --yes."));
    }
    if context.printer.confirm(question)? {
        return Ok(());
    }
    Err(refused)
}

async fn set(
    name: &str,
    workspace: &str,
    client: &Client,
    context: &Context,
) -> Result<Exit, Failure> {
    let value = if io::stdin().is_terminal() {
        let line = context.printer.hidden(&format!("Value of {name}"))?;
        whole(line, &format!("casemate secret set {name} -w {workspace}"))?
    } else {
        read_value(io::stdin())?
    };
    let body = json!({ "value": value.expose_secret() });
    let reply = client
        .put(&["v1", "workspaces", workspace, "secrets", name], &body)
        .await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
    } else {
        let secret: Secret = reply.read()?;
        let version = secret.version;
        context.printer.note(&format!(
            "{} is set (version {version}); the next call uses it",
            secret.name
        ));
    }
    Ok(Exit::Ok)
}

/// What was typed, unless it is only the first line of something longer: a terminal gives one line.
fn whole(line: String, command: &str) -> Result<SecretString, Failure> {
    let begins = |start: &str, end: &str| line.trim().starts_with(start) && !line.contains(end);
    if begins("-----BEGIN ", "-----END ") || line.trim() == "{" {
        let failure = Failure::invalid("this is the first line of a longer value; nothing was set");
        return Err(failure
            .note("A terminal takes one line. The rest of what was pasted may have gone to the shell.")
            .note(format!("Give all lines from a file: {command} < FILE")));
    }
    Ok(SecretString::from(line))
}

/// Everything there is, without the one line break that editors and `echo` put at the end.
fn read_value(input: impl Read) -> Result<SecretString, Failure> {
    let refused = |why: &str| {
        Failure::invalid("the value on standard input cannot be a secret").note(why.to_owned())
    };
    let mut value = String::new();
    input
        .take(MAX_INPUT + 1)
        .read_to_string(&mut value)
        .map_err(|error| refused(&error.to_string()))?;
    if value.len() as u64 > MAX_INPUT {
        return Err(refused("It is too large."));
    }
    if value.ends_with('\n') {
        value.pop();
        if value.ends_with('\r') {
            value.pop();
        }
    }
    if value.is_empty() {
        return Err(refused("It is empty."));
    }
    Ok(SecretString::from(value))
}

async fn list(workspace: &str, client: &Client, context: &Context) -> Result<Exit, Failure> {
    let reply = client
        .get(&["v1", "workspaces", workspace, "secrets"], &[])
        .await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
        return Ok(Exit::Ok);
    }
    let mut rows = Rows::new(["NAME", "VERSION", "UPDATED"]);
    for secret in reply.read::<Secrets>()?.secrets {
        rows.push([
            secret.name,
            secret.version.to_string(),
            human::date(secret.updated_at),
        ]);
    }
    if rows.is_empty() {
        context.printer.note(&format!(
            "{workspace} has no secrets. Set one: casemate secret set NAME -w {workspace}"
        ));
    }
    context.printer.table(&rows)?;
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        read_value(text.as_bytes())
            .ok()
            .map(|value| value.expose_secret().to_owned())
    }

    #[test]
    fn one_line_break_at_the_end_is_left_out() {
        assert_eq!(read("value").as_deref(), Some("value"));
        assert_eq!(read("value\n").as_deref(), Some("value"));
        assert_eq!(read("value\r\n").as_deref(), Some("value"));
        assert_eq!(read("value\n\n").as_deref(), Some("value\n"));
        assert_eq!(read(" padded ").as_deref(), Some(" padded "));
    }

    #[test]
    fn values_of_several_lines_come_from_files() {
        let key = "-----BEGIN KEY-----\nAAAA\n-----END KEY-----\n";
        assert_eq!(read(key).as_deref(), Some(key.trim_end()));
        for cut in ["-----BEGIN PRIVATE KEY-----", "{"] {
            let failure = whole(cut.to_owned(), "casemate secret set KEY -w acme").unwrap_err();
            let shown = failure.to_string();
            assert!(shown.contains("secret set KEY -w acme < FILE"), "{shown}");
        }
        assert!(whole("{\"a\":1}".to_owned(), "").is_ok());
        assert!(whole("plain".to_owned(), "").is_ok());
    }

    #[test]
    fn nothing_is_no_secret() {
        assert_eq!(read(""), None);
        assert_eq!(read("\n"), None);
    }
}
