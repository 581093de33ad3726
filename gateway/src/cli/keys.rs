//! Keys for commands that need one: taken from where a person keeps it, or made for the purpose.

use super::{Context, client::Client, exit::Exit, failure::Failure, printer};
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use std::{
    fs,
    io::{self, Read},
    path::PathBuf,
};

/// Where commands look for a key unless told otherwise.
pub(crate) const VARIABLE: &str = "CASEMATE_KEY";

/// Longer than any key, and the line break behind it.
const LONGEST: u64 = 4096;

/// Where a key that is there already is to be found.
#[derive(Debug, Args)]
pub(crate) struct Given {
    /// Environment variable that holds the key
    #[arg(long, value_name = "VARIABLE", conflicts_with = "key_file")]
    pub(crate) key_env: Option<String>,
    /// File that holds the key
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
}

impl Given {
    /// The key, if one is given: by a flag, else in `CASEMATE_KEY`.
    pub(crate) fn read(&self) -> Result<Option<SecretString>, Failure> {
        if let Some(path) = &self.key_file {
            let read = fs::read_to_string(path);
            let unreadable = |error: io::Error| {
                refused(
                    &format!("the key file {}", path.display()),
                    &error.to_string(),
                )
            };
            let text = read.map_err(unreadable)?;
            return checked(&text, &path.display().to_string()).map(Some);
        }
        match &self.key_env {
            Some(name) => from_variable(name).map(Some),
            None => match std::env::var(VARIABLE) {
                Ok(text) if !text.trim().is_empty() => checked(&text, VARIABLE).map(Some),
                _ => Ok(None),
            },
        }
    }
}

/// The key in an environment variable that somebody named.
pub(crate) fn from_variable(name: &str) -> Result<SecretString, Failure> {
    match std::env::var(name) {
        Ok(text) => checked(&text, name),
        Err(_) => Err(refused(
            &format!("the environment variable {name}"),
            "It is not set.",
        )),
    }
}

/// The key on standard input, asked for on a terminal.
pub(crate) fn from_stdin(context: &Context) -> Result<SecretString, Failure> {
    let text = if printer::is_interactive() {
        context.printer.hidden("Key")?
    } else {
        let mut text = String::new();
        let read = io::stdin().take(LONGEST).read_to_string(&mut text);
        read.map_err(|error| refused("standard input", &error.to_string()))?;
        text
    };
    checked(&text, "standard input")
}

/// A key has a form, so that what is pasted by mistake is not sent or written anywhere.
fn checked(text: &str, source: &str) -> Result<SecretString, Failure> {
    let text = text.trim();
    let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if text.starts_with("mcp_") && is_plain {
        return Ok(SecretString::from(text));
    }
    let why = if text.starts_with("cma_") {
        "That is an access token of an administrator. A client gets a key."
    } else {
        "A key begins with `mcp_` and goes on with letters, digits and `_`."
    };
    Err(refused(source, why))
}

fn refused(source: &str, why: &str) -> Failure {
    Failure::new(Exit::Auth, format!("there is no key in {source}"))
        .note(why)
        .note("Make one: casemate key create NAME -s SERVER")
        .code("no_key")
}

/// A key that this command made.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) id: String,
    pub(crate) text: SecretString,
}

#[derive(Deserialize)]
struct Reply {
    id: String,
    key: SecretString,
}

/// Makes a key for one server.
pub(crate) async fn make(
    client: &Client,
    name: &str,
    server: &str,
    expires: Option<u64>,
) -> Result<Made, Failure> {
    let body = json!({ "name": name, "servers": [server], "expires_in_s": expires });
    let reply = client.post(&["v1", "keys"], &body).await?;
    let Reply { id, key } = reply.read()?;
    Ok(Made { id, text: key })
}

impl Made {
    /// Takes it back.
    pub(crate) async fn revoke(&self, client: &Client) -> Result<(), Failure> {
        let path = ["v1", "keys", &self.id, "revoke"];
        client.post(&path, &json!({})).await.map(drop)
    }

    /// The text, for the one place where it goes.
    pub(crate) fn text(&self) -> &str {
        self.text.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_key_is_taken() {
        assert!(checked(" mcp_abc_1\n", "x").is_ok());
        for text in ["", "cma_abc", "mcp_a b", "mcp_\"", "password"] {
            let failure = checked(text, "x").unwrap_err();
            assert_eq!(failure.word(), Some("no_key"));
            assert!(
                text.is_empty() || !failure.to_string().contains(text),
                "{failure}"
            );
        }
    }
}
