//! The entry of a server in the words of a client: the templates of the table, filled in.

use super::{
    clients::{Client, Format, Link, Reference},
    json, toml, yaml,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jsonc_parser::cst::CstInputValue as Value;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// What a client is told.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) client: &'static Client,
    /// How the server is called there.
    pub(super) name: &'a str,
    pub(super) url: &'a str,
    pub(super) key: Carried<'a>,
    /// The environment variable that may hold the key.
    pub(super) variable: &'a str,
    /// This program, for clients that start it.
    pub(super) casemate: &'a str,
}

/// How the key gets to the client.
#[derive(Debug, Clone, Copy)]
pub(super) enum Carried<'a> {
    /// As it is.
    Text(&'a SecretString),
    /// In an environment variable.
    Variable,
    /// The client asks its user.
    Prompted,
    /// As it is, but not now: for a look at what would be.
    Later,
}

/// Stands for a key where none is shown.
pub(super) const MASK: &str = "mcp_…";

/// Something that a client asks its user for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Input {
    pub(super) id: String,
    pub(super) description: String,
}

impl Entry<'_> {
    /// The entry itself. Nothing for a client that wants plain text.
    pub(super) fn value(&self) -> Option<Value> {
        let template = match (self.client.reference, self.key) {
            (Reference::Entry(template), Carried::Variable) => template,
            _ => self.client.entry,
        };
        (self.client.format != Format::Text).then(|| self.filled(&json::parse_template(template)))
    }

    /// What the client has to ask for, if it asks.
    pub(super) fn input(&self) -> Option<Input> {
        match (self.client.reference, self.client.format) {
            (Reference::Prompt(description), Format::Json) => Some(Input {
                id: self.input_id(),
                description: self.fill(description),
            }),
            _ => None,
        }
    }

    /// The file with this entry in it and nothing else, or the text.
    pub(super) fn document(&self) -> String {
        let Some(value) = self.value() else {
            return self.fill(self.client.entry).trim_end().to_owned();
        };
        let table = self.client.table;
        let text = match self.client.format {
            Format::Json => json::merged("", table, self.name, value, self.input().as_ref())
                .expect("an empty file is not broken"),
            Format::Toml => {
                toml::merged("", table, self.name, &value).expect("an empty file is not broken")
            }
            Format::JsonText | Format::Text => json::text(value),
            Format::Yaml => yaml::text(&value),
            Format::YamlText => {
                let named = Value::Object(vec![(self.name.to_owned(), value)]);
                let wrap = |inner, key: &&str| Value::Object(vec![((*key).to_owned(), inner)]);
                yaml::text(&table.iter().rev().fold(named, wrap))
            }
        };
        text.trim_end().to_owned()
    }

    /// The client's own command, if it has one and may hold the key.
    pub(super) fn command(&self) -> Option<String> {
        let command = self.fill(self.client.command?);
        if !command.contains("@CONFIG@") {
            return Some(command);
        }
        Some(command.replace("@CONFIG@", &self.named()?))
    }

    /// The link that adds the server. It never holds the key: links are kept in histories.
    pub(super) fn link(&self) -> Option<String> {
        let key = match self.client.reference {
            Reference::Prompt(_) => Carried::Prompted,
            _ => Carried::Variable,
        };
        Self { key, ..*self }.linked()
    }

    fn linked(&self) -> Option<String> {
        match self.client.link? {
            Link::Cursor => {
                let config = STANDARD.encode(json::compact(self.value()?));
                let base = "cursor://anysphere.cursor-deeplink/mcp/install";
                let query = [("name", self.name), ("config", &config)];
                Url::parse_with_params(base, query).ok().map(String::from)
            }
            Link::VsCode => {
                let config = self.named()?;
                // Everything but what is never encoded, so that no reader of links stumbles.
                let encoded: String =
                    url::form_urlencoded::byte_serialize(config.as_bytes()).collect();
                Some(format!(
                    "vscode:mcp/install?{}",
                    encoded.replace('+', "%20")
                ))
            }
        }
    }

    /// The entry with its name in it, and what the client has to ask for.
    fn named(&self) -> Option<String> {
        let Value::Object(mut members) = self.value()? else {
            return None;
        };
        members.insert(0, ("name".to_owned(), Value::from(self.name)));
        if let Some(input) = self.input() {
            let inputs = vec![json::input(&input)];
            members.push(("inputs".to_owned(), Value::Array(inputs)));
        }
        Some(json::compact(Value::Object(members)))
    }

    /// A template with everything in its place.
    pub(super) fn fill(&self, template: &str) -> String {
        let key = match self.key {
            Carried::Text(key) => key.expose_secret().to_owned(),
            Carried::Variable => match self.client.reference {
                Reference::Text(reference) => reference.to_owned(),
                _ => String::new(),
            },
            Carried::Prompted => format!("${{input:{}}}", self.input_id()),
            Carried::Later => MASK.to_owned(),
        };
        template
            .replace("@KEY@", &key)
            .replace("@VAR@", self.variable)
            .replace("@NAME@", self.name)
            .replace("@URL@", self.url)
            .replace("@CASEMATE@", self.casemate)
    }

    fn input_id(&self) -> String {
        format!("{}-key", self.name)
    }

    fn filled(&self, template: &Value) -> Value {
        match template {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.filled(item)).collect())
            }
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(key, value)| (key.clone(), self.filled(value)))
                    .collect(),
            ),
            other => other.clone(),
        }
    }
}

/// A text without the keys in it.
pub(super) fn masked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("mcp_") {
        let (before, found) = rest.split_at(at);
        shown.push_str(before);
        let length = found
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(found.len());
        // Shorter ones are words of a configuration, such as `mcp_servers`.
        if length > 40 {
            shown.push_str(MASK);
        } else {
            shown.push_str(&found[..length]);
        }
        rest = &found[length..];
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::connect::clients::CLIENTS;

    const KEY: &str = "mcp_0123456789012345678901234567890123456789abcd_123456";

    fn documents(key: Carried<'_>) -> Vec<(&'static str, String)> {
        let entry = |client| Entry {
            client,
            name: "weather",
            url: "https://tools.test/mcp/srv_1",
            key,
            variable: "MY_KEY",
            casemate: "/bin/casemate",
        };
        let shown = |client: &'static Client| {
            let entry = entry(client);
            let link = entry.link().unwrap_or_default();
            (
                client.id,
                [entry.document(), entry.command().unwrap_or_default(), link].join("\n"),
            )
        };
        CLIENTS.iter().map(shown).collect()
    }

    #[test]
    fn nothing_is_left_of_a_template() {
        let key = SecretString::from(KEY);
        for carried in [Carried::Text(&key), Carried::Variable, Carried::Later] {
            for (id, text) in documents(carried) {
                for place in ["@KEY@", "@VAR@", "@NAME@", "@URL@", "@CASEMATE@"] {
                    assert!(!text.contains(place), "{id}: {text}");
                }
                assert!(text.contains("tools.test"), "{id}: {text}");
            }
        }
    }

    #[test]
    fn keys_are_masked_and_other_words_are_not() {
        let text = format!("[mcp_servers.a]\nx = \"Bearer {KEY}\" # mcp_servers");
        assert_eq!(
            masked(&text),
            "[mcp_servers.a]\nx = \"Bearer mcp_…\" # mcp_servers"
        );
    }
}
