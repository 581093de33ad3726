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
        host    maps.test                            not granted            push with --grant-host maps.test
        secret  ADDED_KEY in X-Key: {} to maps.test  granted
        secret  OTHER_KEY                            not granted            push with --grant-secret OTHER_KEY
        secret  READ_KEY                             granted, value hidden  push with --reveal-secret READ_KEY
        secret  SET_KEY                              granted
        secret  UNSET_KEY                            granted, not set       casemate secret set UNSET_KEY -w acme
        ");
    }
}
