//! What is about to be done for one client and one server.

mod tell;

use super::{
    Connect, Scope,
    clients::{Client, Format, Reference},
    entry::{Carried, Entry, masked},
    file::{self, File, Readers},
    json, toml, yaml,
};
use crate::cli::{
    Context,
    client::Client as Gateway,
    exit::Exit,
    failure::Failure,
    keys::{self, Made},
    server::Server,
    settings,
};
use secrecy::SecretString;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What is about to be done.
#[derive(Debug)]
pub(super) struct Plan {
    client: &'static Client,
    known: Known,
    name: String,
    scope: Scope,
    /// The configuration file, if the client has one.
    path: Option<PathBuf>,
    way: Way,
    variable: String,
    casemate: String,
}

/// What is known of the server.
#[derive(Debug)]
pub(super) struct Known {
    /// How it is called on its gateway, by those who may ask that.
    reference: Option<String>,
    name: String,
    url: String,
}

impl Known {
    /// All of it.
    pub(super) fn of(server: &Server) -> Self {
        Self {
            reference: Some(server.reference()),
            name: server.name.clone(),
            url: server.url.clone(),
        }
    }

    /// No more than a URL.
    pub(super) fn at(url: &str) -> Result<Self, Failure> {
        let url = settings::parse_server_url(url, "--url")?;
        Ok(Self {
            reference: None,
            name: "casemate".to_owned(),
            url: url.into(),
        })
    }
}

/// How the key gets to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Inside,
    ByVariable,
    Asked,
}

/// What stands in a file under the name.
enum Found {
    Nothing,
    /// The same but for the key, which nobody can compare.
    Same,
    Other,
}

impl Plan {
    pub(super) fn new(
        command: &Connect,
        client: &'static Client,
        known: Known,
    ) -> Result<Self, Failure> {
        let name = command.name.clone().unwrap_or_else(|| known.name.clone());
        let scope = match (command.scope, client.user, client.project) {
            (Some(Scope::User), None, Some(_)) => return Err(no_file(client, "a person")),
            (Some(Scope::Project), _, None) => return Err(no_file(client, "a project")),
            (Some(scope), ..) => scope,
            (None, None, Some(_)) => Scope::Project,
            (None, ..) => Scope::User,
        };
        let by_name = command.key_env.is_some() || scope == Scope::Project;
        let way = match client.reference {
            Reference::Prompt(_) | Reference::Public => Way::Asked,
            Reference::Text(_) | Reference::Entry(_) if by_name => Way::ByVariable,
            _ => Way::Inside,
        };
        let path = match (&command.file, scope) {
            (Some(path), _) => Some(path.clone()),
            (None, Scope::Project) => client.project.map(PathBuf::from),
            (None, Scope::User) => client.user.map(file::locate).transpose()?,
        };
        let named = |path: PathBuf| PathBuf::from(path.to_string_lossy().replace("@NAME@", &name));
        let program = std::env::current_exe().ok();
        Ok(Self {
            client,
            known,
            scope,
            path: path.map(named),
            way,
            variable: command
                .key_env
                .clone()
                .unwrap_or_else(|| variable_of(&name)),
            casemate: program.map_or_else(|| "casemate".to_owned(), |p| p.display().to_string()),
            name,
        })
    }

    /// Whether the configuration names the key without holding it.
    pub(super) fn refers_to_key(&self) -> bool {
        self.way != Way::Inside
    }

    /// The URL of the server.
    pub(super) fn url(&self) -> &str {
        &self.known.url
    }

    /// Whether the client runs in somebody's data center.
    pub(super) fn is_remote(&self) -> bool {
        self.client.format == Format::JsonText
    }

    /// Prints a link.
    pub(super) fn print_link(&self, context: &Context) -> Result<Exit, Failure> {
        let link = self.entry(None).link().ok_or_else(|| {
            Failure::new(Exit::Usage, format!("{} takes no links", self.client.title))
                .note("Links are for: cursor, vscode")
                .code("usage")
        })?;
        if context.printer.is_json() {
            context
                .printer
                .result(&json!({ "link": link }).to_string())?;
        } else {
            context.printer.result(&link)?;
        }
        Ok(Exit::Ok)
    }

    /// Prints the configuration, with a new key unless there is one.
    pub(super) async fn print(
        &self,
        command: &Connect,
        given: Option<SecretString>,
        gateway: Option<&Gateway>,
        context: &Context,
    ) -> Result<Exit, Failure> {
        let made = self.make_key(command, given.as_ref(), gateway).await?;
        let key = given.as_ref().or(made.as_ref().map(|made| &made.text));
        let entry = self.entry(key);
        if context.printer.is_json() {
            let mut shown = self.shown(&made);
            shown["text"] = Value::from(entry.document());
            shown["command"] = json!(self.command(&entry));
            shown["link"] = json!(entry.link());
            context.printer.result(&shown.to_string())?;
            return Ok(Exit::Ok);
        }
        let text = self.command(&entry).unwrap_or_else(|| entry.document());
        context.printer.result(&text)?;
        self.print_key(&made, context)?;
        if let (Some(path), None) = (&self.path, self.command(&entry)) {
            let path = short(path);
            context
                .printer
                .note(&format!("Put it into {path}, or let it be done: --write"));
        }
        self.say_what_is_next(&made, context);
        Ok(Exit::Ok)
    }

    /// Writes the configuration into the file of the client.
    pub(super) async fn write(
        &self,
        command: &Connect,
        given: Option<SecretString>,
        gateway: Option<&Gateway>,
        context: &Context,
    ) -> Result<Exit, Failure> {
        let path = self.path.as_deref().filter(|_| self.client.is_writable());
        let path = path.ok_or_else(|| no_file(self.client, "anybody"))?;
        let file = File::read(path)?;
        match self.find(&file)? {
            Found::Same if !command.replace => return self.say_it_is_there(&file, context),
            Found::Other if !command.replace => return Err(self.exists(&file)),
            _ => {}
        }
        // With a stand-in for the key first: what cannot be merged fails before a key is made.
        let preview = self.merged(&file, &self.entry(None))?;
        if command.dry_run {
            return self.show_change(&file, &preview, context);
        }
        let made = self.make_key(command, given.as_ref(), gateway).await?;
        let key = given.as_ref().or(made.as_ref().map(|made| &made.text));
        let readers = match self.way {
            Way::Inside => Readers::Owner,
            Way::ByVariable | Way::Asked => Readers::AsBefore,
        };
        let text = self.merged(&file, &self.entry(key))?;
        if let Err(failure) = file.replace(&text, readers) {
            let Some(made) = &made else {
                return Err(failure);
            };
            let revoked = match gateway {
                Some(gateway) => made.revoke(gateway).await,
                None => Ok(()),
            };
            return Err(match revoked {
                Ok(()) => failure.note("The new key was revoked again."),
                Err(_) => failure.note(format!("Revoke its key: casemate key revoke {}", made.id)),
            });
        }
        self.say_it_is_written(&file, &made, context)
    }

    fn entry<'a>(&'a self, key: Option<&'a SecretString>) -> Entry<'a> {
        let key = match (self.way, key) {
            (Way::ByVariable, _) => Carried::Variable,
            (Way::Asked, _) => Carried::Prompted,
            (Way::Inside, Some(key)) => Carried::Text(key),
            (Way::Inside, None) => Carried::Later,
        };
        Entry {
            client: self.client,
            name: &self.name,
            url: &self.known.url,
            key,
            variable: &self.variable,
            casemate: &self.casemate,
        }
    }

    /// The client's own command, where it carries the key in the same way.
    fn command(&self, entry: &Entry<'_>) -> Option<String> {
        let carries = match self.way {
            Way::Inside => "@KEY@",
            Way::ByVariable => "@VAR@",
            Way::Asked => "@CONFIG@",
        };
        let fits = self.client.command?.contains(carries) && self.scope == Scope::User;
        fits.then(|| entry.command())?
    }

    /// A new key, unless there is one or somebody else has it.
    async fn make_key(
        &self,
        command: &Connect,
        given: Option<&SecretString>,
        gateway: Option<&Gateway>,
    ) -> Result<Option<Made>, Failure> {
        let is_for_others = matches!(self.client.reference, Reference::Public);
        if given.is_some() || command.key_env.is_some() || is_for_others {
            return Ok(None);
        }
        let (Some(gateway), Some(server)) = (gateway, &self.known.reference) else {
            return Ok(None);
        };
        let made = keys::make(gateway, self.client.id, server, command.expires).await?;
        Ok(Some(made))
    }

    fn find(&self, file: &File) -> Result<Found, Failure> {
        let wanted = self.merged_into("", &self.entry(None));
        let wanted = wanted.map_err(|broken| file.broken(&broken))?;
        if self.client.format == Format::Yaml {
            return Ok(match file.text() {
                "" => Found::Nothing,
                text if masked(text) == wanted => Found::Same,
                _ => Found::Other,
            });
        }
        let read = |text| match self.client.format {
            Format::Toml => toml::read(text),
            _ => json::read(text),
        };
        let all = read(file.text()).map_err(|broken| file.broken(&broken))?;
        let wanted = read(&wanted).map_err(|broken| file.broken(&broken))?;
        let at = |all: &Value| {
            let mut table = self.client.table.iter();
            let table = table.try_fold(all.clone(), |value, key| value.get(key).cloned());
            table.and_then(|table| table.get(&self.name).cloned())
        };
        Ok(match at(&all) {
            None => Found::Nothing,
            Some(entry)
                if Some(masked(&entry.to_string())) == at(&wanted).map(|e| e.to_string()) =>
            {
                Found::Same
            }
            Some(_) => Found::Other,
        })
    }

    fn merged(&self, file: &File, entry: &Entry<'_>) -> Result<String, Failure> {
        self.merged_into(file.text(), entry)
            .map_err(|broken| file.broken(&broken))
    }

    fn merged_into(&self, text: &str, entry: &Entry<'_>) -> Result<String, file::Broken> {
        let value = entry
            .value()
            .unwrap_or(jsonc_parser::cst::CstInputValue::Null);
        let (table, name) = (self.client.table, &*self.name);
        match self.client.format {
            Format::Toml => toml::merged(text, table, name, &value),
            Format::Yaml => Ok(yaml::text(&value)),
            _ => json::merged(text, table, name, value, entry.input().as_ref()),
        }
    }

    fn exists(&self, file: &File) -> Failure {
        let what = format!(
            "{} has another entry `{}`",
            file.path().display(),
            self.name
        );
        Failure::new(Exit::Validation, what)
            .note("It was left as it is.")
            .note("Take another name with --name, or put this one in its place with --replace.")
            .code("entry_exists")
    }
}

fn no_file(client: &Client, whose: &str) -> Failure {
    let what = format!("{} has no configuration file of {whose}", client.title);
    Failure::new(Exit::Usage, what)
        .note(format!(
            "See: casemate connect. Print it instead: casemate connect {} -s SERVER",
            client.id
        ))
        .code("usage")
}

/// `weather-2` becomes `CASEMATE_WEATHER_2_KEY`.
fn variable_of(name: &str) -> String {
    format!(
        "CASEMATE_{}_KEY",
        name.to_ascii_uppercase().replace('-', "_")
    )
}

/// A path with `~` for the home folder.
pub(super) fn short(path: &Path) -> String {
    let home = directories::BaseDirs::new();
    let inside = home
        .as_ref()
        .and_then(|home| path.strip_prefix(home.home_dir()).ok());
    inside.map_or_else(
        || path.display().to_string(),
        |inside| format!("~/{}", inside.display()),
    )
}
