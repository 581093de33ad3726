//! What the tools of a component want, whether they get it, and what would give it to them.

use crate::cli::printer::Rows;
use casemate_domain::{Grant, SecretGrant, SecretName, ToolDefinition};
use std::collections::{BTreeMap, BTreeSet};

/// One row for each host and each secret.
pub(super) fn table(
    tools: &[ToolDefinition],
    grant: &Grant,
    unset: &[String],
    workspace: &str,
) -> Rows {
    let mut rows = Rows::new(["NEEDS", "", "STATE", "NEXT"]);
    let hosts: BTreeSet<_> = tools.iter().flat_map(|tool| &tool.needs.hosts).collect();
    for host in hosts {
        let (state, next) = if grant.hosts.contains(host) {
            ("granted", String::new())
        } else {
            ("not granted", format!("add --grant-host {host}"))
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
            None if wants_value => ("not granted", format!("add --reveal-secret {name}")),
            None => ("not granted", format!("add --grant-secret {name}")),
            Some(_) if is_unset => (
                "granted, not set",
                format!("casemate secret set {name} -w {workspace}"),
            ),
            Some(granted) if wants_value && !granted.reveal => (
                "granted, value hidden",
                format!("add --reveal-secret {name}"),
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

/// All flags with which the tools get what they want and keep what they have, if they want more: a
/// push takes away what it does not name.
pub(super) fn flags(tools: &[ToolDefinition], grant: &Grant) -> Option<String> {
    let mut flags = present(grant);
    let before = flags.len();
    let needs = || tools.iter().map(|tool| &tool.needs);
    let hosts: BTreeSet<_> = needs().flat_map(|needs| &needs.hosts).collect();
    let missing = hosts.iter().filter(|host| !grant.hosts.contains(host));
    flags.extend(missing.map(|host| flag("--grant-host", &host.to_string())));
    let mut secrets: BTreeMap<&SecretName, bool> = BTreeMap::new();
    for need in needs().flat_map(|needs| &needs.secrets) {
        *secrets.entry(&need.name).or_default() |= need.reveal;
    }
    for (name, wants_value) in secrets {
        let granted = grant.secret(name.as_str());
        if wants_value && !granted.is_some_and(|granted| granted.reveal) {
            flags.push(flag("--reveal-secret", name.as_str()));
        } else if granted.is_none() {
            flags.push(flag("--grant-secret", name.as_str()));
        }
    }
    (flags.len() > before).then(|| flags.join(" "))
}

/// What the component was built to use and is granted nothing of, where its tools do not say what they
/// want of it.
pub(super) fn idle(imports: &[String], tools: &[ToolDefinition], grant: &Grant) -> Vec<String> {
    let uses = |interface: &str| imports.iter().any(|import| import.starts_with(interface));
    let mut idle = Vec::new();
    let hosts = tools.iter().any(|tool| !tool.needs.hosts.is_empty());
    if uses("casemate:tool/http@") && grant.hosts.is_empty() && !hosts {
        idle.push(
            "it can send requests and is granted no host, so all of them are refused; grant one \
             with: --grant-host HOST"
                .to_owned(),
        );
    }
    let secrets = tools.iter().any(|tool| !tool.needs.secrets.is_empty());
    if uses("casemate:tool/secrets@") && grant.secrets.is_empty() && !secrets {
        idle.push(
            "it can use secrets and is granted none; grant one with: --grant-secret NAME"
                .to_owned(),
        );
    }
    idle
}

/// The flags that a grant was made with.
fn present(grant: &Grant) -> Vec<String> {
    let hosts = grant.hosts.iter();
    let mut flags: Vec<_> = hosts
        .map(|host| flag("--grant-host", &host.to_string()))
        .collect();
    for secret in &grant.secrets {
        let name = &secret.name;
        let header = secret.header.as_ref();
        let header = header.map_or_else(String::new, |header| format!(";{header}"));
        for host in &secret.hosts {
            flags.push(flag("--grant-secret", &format!("{name}@{host}{header}")));
        }
        if secret.hosts.is_empty() && !secret.reveal {
            flags.push(flag("--grant-secret", name.as_str()));
        }
        if secret.reveal {
            flags.push(flag("--reveal-secret", name.as_str()));
        }
    }
    let settings = grant.config.iter();
    flags.extend(settings.map(|(name, value)| flag("--config", &format!("{name}={value}"))));
    flags
}

/// A flag as a shell reads it.
fn flag(name: &str, value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.,:/@=+".contains(c);
    if value.chars().all(is_plain) {
        format!("{name} {value}")
    } else {
        format!("{name} '{}'", value.replace('\'', r"'\''"))
    }
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
        ["forecast", "get_weather"].map(tool).to_vec()
    }

    #[test]
    fn all_flags_keep_what_is_granted_and_add_what_is_missing() {
        let grant: Grant = serde_json::from_value(json!({
            "hosts": ["api.weather.test", "*.cdn.test"],
            "config": { "UNITS": "it's metric" },
            "secrets": [{ "name": "SET_KEY" }, { "name": "UNSET_KEY", "reveal": true },
                { "name": "ADDED_KEY", "hosts": ["maps.test"], "header": "X-Key: {}" }],
        }))
        .unwrap();
        assert_eq!(
            flags(&tools(), &grant).unwrap(),
            "--grant-host api.weather.test --grant-host '*.cdn.test' --grant-secret SET_KEY \
             --reveal-secret UNSET_KEY --grant-secret 'ADDED_KEY@maps.test;X-Key: {}' \
             --config 'UNITS=it'\\''s metric' --grant-host maps.test --grant-secret OTHER_KEY \
             --reveal-secret READ_KEY"
        );
        assert_eq!(flags(&[], &grant), None);
    }

    #[test]
    fn what_a_component_could_use_and_gets_nothing_of_is_told_unless_its_tools_say_what_they_want()
    {
        let imports = ["casemate:tool/http@1.0.0", "casemate:tool/secrets@1.0.0"];
        let imports = imports.map(str::to_owned);
        let nothing = Grant::default();
        assert_eq!(idle(&imports, &[], &nothing).len(), 2);
        assert!(idle(&imports[1..], &[], &nothing)[0].contains("--grant-secret"));
        assert!(idle(&imports, &tools(), &nothing).is_empty());
        assert!(idle(&[], &[], &nothing).is_empty());
        let grant: Grant = serde_json::from_value(json!({ "hosts": ["maps.test"] })).unwrap();
        assert_eq!(idle(&imports[..1], &[], &grant).len(), 0);
    }

    #[test]
    fn needs_name_the_command_that_fulfils_them() {
        let grant: Grant = serde_json::from_value(json!({
            "hosts": ["api.weather.test"],
            "secrets": [{ "name": "SET_KEY" }, { "name": "UNSET_KEY" }, { "name": "READ_KEY" },
                { "name": "ADDED_KEY", "hosts": ["maps.test"], "header": "X-Key: {}" }],
        }))
        .unwrap();
        let rows = table(&tools(), &grant, &["UNSET_KEY".to_owned()], "acme");
        insta::assert_snapshot!(rows.to_text(), @r"
        NEEDS                                        STATE                  NEXT
        host    api.weather.test                     granted
        host    maps.test                            not granted            add --grant-host maps.test
        secret  ADDED_KEY in X-Key: {} to maps.test  granted
        secret  OTHER_KEY                            not granted            add --grant-secret OTHER_KEY
        secret  READ_KEY                             granted, value hidden  add --reveal-secret READ_KEY
        secret  SET_KEY                              granted
        secret  UNSET_KEY                            granted, not set       casemate secret set UNSET_KEY -w acme
        ");
    }
}
