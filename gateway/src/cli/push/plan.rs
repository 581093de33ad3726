//! What a deployment would do, or did: tools, what they need, what changes for clients.

use super::upload::Uploaded;
use crate::cli::{
    failure::Failure,
    printer::{Printer, Rows},
    server::Server,
    tool,
};
use casemate_domain::{Grant, SecretGrant, SecretName, ToolDefinition};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The answer to a deployment, wet or dry.
#[derive(Debug, Deserialize)]
pub(super) struct Plan {
    pub(super) version: Option<String>,
    changes: Vec<Change>,
    missing: Missing,
}

#[derive(Debug, Deserialize)]
struct Change {
    tool: String,
    change: Kind,
    #[serde(default)]
    fields: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Added,
    Changed,
    Removed,
    Unchanged,
}

#[derive(Debug, Default, Deserialize)]
struct Missing {
    #[serde(default)]
    secrets: Vec<String>,
}

impl Change {
    /// Whether clients were told something that is no longer so. New code behind the same
    /// definition is not.
    fn needs_consent(&self) -> bool {
        match self.change {
            Kind::Added | Kind::Unchanged => false,
            Kind::Removed => true,
            Kind::Changed => self.fields.iter().any(|field| field != "code"),
        }
    }

    fn shown(&self) -> String {
        let word = match self.change {
            Kind::Added => "added",
            Kind::Changed => "changed",
            Kind::Removed => "removed",
            Kind::Unchanged => "unchanged",
        };
        if self.fields.is_empty() {
            word.to_owned()
        } else {
            format!("{word}: {}", self.fields.join(", "))
        }
    }
}

impl Plan {
    /// Whether somebody has to agree.
    pub(super) fn needs_consent(&self) -> bool {
        self.changes.iter().any(Change::needs_consent)
    }

    /// The tools for which somebody has to agree.
    pub(super) fn consent_names(&self) -> Vec<&str> {
        let needing = self.changes.iter().filter(|change| change.needs_consent());
        needing.map(|change| change.tool.as_str()).collect()
    }
}

/// A plan with what it is about, for people.
#[derive(Debug)]
pub(super) struct Preview<'a> {
    pub(super) plan: &'a Plan,
    pub(super) uploaded: &'a Uploaded,
    pub(super) component: &'a str,
    pub(super) grant: &'a Grant,
    pub(super) server: &'a Server,
}

impl Preview<'_> {
    /// Prints it.
    pub(super) fn show(&self, printer: Printer) -> Result<(), Failure> {
        let Server {
            workspace, name, ..
        } = self.server;
        printer.note(&format!(
            "{} → {workspace}/{name} · {}",
            self.component,
            self.uploaded.summary()
        ));
        printer.result(&tools_table(&self.plan.changes, &self.uploaded.tools).to_text())?;
        let unset = &self.plan.missing.secrets;
        let needs = needs_table(&self.uploaded.tools, self.grant, unset, workspace);
        if !needs.is_empty() {
            printer.result("")?;
            printer.table(&needs)?;
        }
        printer.result("")
    }
}

fn tools_table(changes: &[Change], tools: &[ToolDefinition]) -> Rows {
    let mut rows = Rows::new(["TOOL", "CHANGE", "DESCRIPTION"]);
    for change in changes {
        let tool = tools.iter().find(|tool| tool.name.as_str() == change.tool);
        let summary = tool.map(|tool| tool::summary(tool.title.as_deref(), &tool.description));
        rows.push([
            change.tool.clone(),
            change.shown(),
            summary.unwrap_or_default(),
        ]);
    }
    rows
}

/// What the tools want, whether they get it, and what would give it to them.
fn needs_table(tools: &[ToolDefinition], grant: &Grant, unset: &[String], workspace: &str) -> Rows {
    let mut rows = Rows::new(["NEEDS", "", "STATE", "NEXT"]);
    let hosts: BTreeSet<_> = tools.iter().flat_map(|tool| &tool.needs.hosts).collect();
    for host in hosts {
        let (state, next) = if grant.hosts.contains(host) {
            ("granted", String::new())
        } else {
            ("not granted", format!("push with --grant-host {host}"))
        };
        rows.push(["host".to_owned(), host.to_string(), state.to_owned(), next]);
    }
    let mut secrets: BTreeMap<&SecretName, bool> = grant
        .secrets
        .iter()
        .map(|secret| (&secret.name, false))
        .collect();
    for need in tools.iter().flat_map(|tool| &tool.needs.secrets) {
        *secrets.entry(&need.name).or_default() |= need.reveal;
    }
    for (name, wants_value) in secrets {
        let is_unset = unset.iter().any(|unset| unset == name.as_str());
        let (state, next) = match grant.secret(name.as_str()) {
            None if wants_value => ("not granted", format!("push with --reveal-secret {name}")),
            None => ("not granted", format!("push with --grant-secret {name}")),
            Some(_) if is_unset => (
                "granted, not set",
                format!("casemate secret set {name} -w {workspace}"),
            ),
            Some(granted) if wants_value && !granted.reveal => (
                "granted, value hidden",
                format!("push with --reveal-secret {name}"),
            ),
            Some(_) => ("granted", String::new()),
        };
        let shown = grant
            .secret(name.as_str())
            .map_or(name.to_string(), sent_as);
        rows.push(["secret".to_owned(), shown, state.to_owned(), next]);
    }
    rows
}

/// A header is sent with every request to its hosts, so it is shown before somebody agrees.
fn sent_as(secret: &SecretGrant) -> String {
    let Some(header) = &secret.header else {
        return secret.name.to_string();
    };
    let hosts: Vec<_> = secret.hosts.iter().map(ToString::to_string).collect();
    format!("{} in {header} to {}", secret.name, hosts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plan() -> Plan {
        serde_json::from_value(json!({
            "version": null, "component": "weather", "digest": "d", "applied": false,
            "changes": [
                { "tool": "forecast", "change": "added" },
                { "tool": "get_weather", "change": "changed", "fields": ["description", "code"] },
                { "tool": "old", "change": "removed" },
                { "tool": "same", "change": "changed", "fields": ["code"] },
            ],
            "missing": { "secrets": ["UNSET_KEY"], "hosts": ["maps.test"], "secret_grants": ["OTHER_KEY"] },
        }))
        .unwrap()
    }

    fn tools() -> Vec<ToolDefinition> {
        let tool = |name: &str| {
            // Through text: a definition holds raw JSON, which a tree cannot give.
            let text = json!({
                "name": name, "description": "Current weather for a city.\nMore.",
                "input_schema": { "type": "object" },
                "needs": { "hosts": ["api.weather.test", "maps.test"], "secrets": [
                    { "name": "SET_KEY" }, { "name": "UNSET_KEY" }, { "name": "OTHER_KEY" },
                    { "name": "READ_KEY", "reveal": true },
                ] },
            });
            serde_json::from_str(&text.to_string()).unwrap()
        };
        ["forecast", "get_weather", "same"].map(tool).to_vec()
    }

    #[test]
    fn the_diff_names_what_changes() {
        insta::assert_snapshot!(tools_table(&plan().changes, &tools()).to_text(), @r"
        TOOL         CHANGE                      DESCRIPTION
        forecast     added                       Current weather for a city.
        get_weather  changed: description, code  Current weather for a city.
        old          removed
        same         changed: code               Current weather for a city.
        ");
    }

    #[test]
    fn needs_name_the_command_that_fulfils_them() {
        let grant: Grant = serde_json::from_value(json!({
            "hosts": ["api.weather.test"],
            "secrets": [{ "name": "SET_KEY" }, { "name": "UNSET_KEY" }, { "name": "READ_KEY" },
                { "name": "ADDED_KEY", "hosts": ["maps.test"], "header": "X-Key: {}" }],
        }))
        .unwrap();
        let table = needs_table(&tools(), &grant, &plan().missing.secrets, "acme");
        insta::assert_snapshot!(table.to_text(), @r"
        NEEDS                                        STATE                  NEXT
        host    api.weather.test                     granted
        host    maps.test                            not granted            push with --grant-host maps.test
        secret  ADDED_KEY in X-Key: {} to maps.test  granted
        secret  OTHER_KEY                            not granted            push with --grant-secret OTHER_KEY
        secret  READ_KEY                             granted, value hidden  push with --reveal-secret READ_KEY
        secret  SET_KEY                              granted
        secret  UNSET_KEY                            granted, not set       casemate secret set UNSET_KEY -w acme
        ");
    }

    #[test]
    fn consent_is_for_what_clients_were_told() {
        let mut plan = plan();
        assert_eq!(plan.consent_names(), ["get_weather", "old"]);
        plan.changes
            .retain(|change| change.tool == "forecast" || change.tool == "same");
        assert!(!plan.needs_consent());
    }
}
