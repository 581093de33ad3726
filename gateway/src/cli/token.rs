//! `casemate token`: access tokens of the admin API. The text of one goes to standard output, once.

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

/// Create, list and revoke access tokens of administrators.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create an access token and print it: once, to standard output
    Create {
        /// Label, such as the name of a person or a pipeline
        name: String,
        /// Life span, such as 12h, 30d or 90d; without it the token works until it is revoked
        #[arg(long, value_name = "SPAN", value_parser = span::seconds)]
        expires: Option<u64>,
    },
    /// List access tokens, without their texts
    List,
    /// Revoke an access token, from the next request on
    ///
    /// The last one that works cannot be revoked. If all are lost: casemate serve
    /// --new-access-token.
    Revoke {
        /// Id of the token, as `casemate token list` shows it
        id: String,
        /// Do not ask on a terminal
        #[arg(short, long)]
        yes: bool,
    },
}

#[derive(Debug, Deserialize)]
struct Token {
    id: String,
    name: String,
    /// Only in the answer that makes it.
    token: Option<String>,
    status: String,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct Tokens {
    tokens: Vec<Token>,
}

impl Token {
    fn until(&self) -> String {
        self.expires_at
            .map_or_else(|| "never".to_owned(), human::date)
    }
}

/// Runs one of the commands.
pub(crate) async fn run(command: Command, context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    match command {
        Command::Create { name, expires } => create(&name, expires, &client, context).await,
        Command::List => list(&client, context).await,
        Command::Revoke { id, yes } => {
            let question = format!("Revoke {id}? Whoever uses it can no longer administer.");
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
    name: &str,
    expires: Option<u64>,
    client: &Client,
    context: &Context,
) -> Result<Exit, Failure> {
    let body = json!({ "name": name, "expires_in_s": expires });
    let reply = client.post(&["v1", "tokens"], &body).await?;
    let printer = context.printer;
    if printer.is_json() {
        printer.result(reply.text())?;
        return Ok(Exit::Ok);
    }
    let made: Token = reply.read()?;
    printer.result(made.token.as_deref().unwrap_or_default())?;
    printer.note("This is the only time the access token is shown.");
    printer.aside(&format!("{}, expires: {}", made.id, made.until()));
    Ok(Exit::Ok)
}

async fn list(client: &Client, context: &Context) -> Result<Exit, Failure> {
    let reply = client.get(&["v1", "tokens"], &[]).await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
        return Ok(Exit::Ok);
    }
    let mut rows = Rows::new(["ID", "NAME", "STATUS", "CREATED", "EXPIRES"]);
    for token in reply.read::<Tokens>()?.tokens {
        let until = token.until();
        let created = human::date(token.created_at);
        rows.push([token.id, token.name, token.status, created, until]);
    }
    context.printer.table(&rows)?;
    Ok(Exit::Ok)
}

async fn revoke(id: &str, client: &Client, context: &Context) -> Result<Exit, Failure> {
    let reply = client
        .post(&["v1", "tokens", id, "revoke"], &json!({}))
        .await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
    } else {
        let token: Token = reply.read()?;
        let revoked = format!("Revoked {} ({})", token.id, token.name);
        context.printer.note(&revoked);
    }
    Ok(Exit::Ok)
}
