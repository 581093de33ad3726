//! What the flags of a push grant.

use casemate_domain::{Grant, HostPattern, Invalid, SecretGrant, SecretName};
use std::str::FromStr;

/// `SECRET` or `SECRET@HOST`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretArgument {
    name: SecretName,
    host: Option<HostPattern>,
}

impl FromStr for SecretArgument {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.split_once('@') {
            Some((name, host)) => Ok(Self {
                name: name.parse()?,
                host: Some(host.parse()?),
            }),
            None => Ok(Self {
                name: text.parse()?,
                host: None,
            }),
        }
    }
}

/// `NAME=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    name: SecretName,
    value: String,
}

impl FromStr for Setting {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| Invalid::new("setting", "must be written NAME=VALUE"))?;
        let name = name
            .parse()
            .map_err(|error: Invalid| Invalid::new("setting name", error.problem))?;
        Ok(Self {
            name,
            value: value.to_owned(),
        })
    }
}

/// The grant that the flags stand for. A secret named with and without a host is for all hosts.
pub(super) fn grant(
    hosts: &[HostPattern],
    secrets: &[SecretArgument],
    revealed: &[SecretName],
    settings: &[Setting],
) -> Grant {
    let mut grant = Grant::default();
    for host in hosts {
        if !grant.hosts.contains(host) {
            grant.hosts.push(host.clone());
        }
    }
    for secret in secrets {
        let is_seen = grant.secret(secret.name.as_str()).is_some();
        let granted = entry(&mut grant, &secret.name);
        match &secret.host {
            None => granted.hosts.clear(),
            Some(host) if !is_seen || !granted.hosts.is_empty() => {
                if !granted.hosts.contains(host) {
                    granted.hosts.push(host.clone());
                }
            }
            // It is for all hosts already.
            Some(_) => {}
        }
    }
    for name in revealed {
        entry(&mut grant, name).reveal = true;
    }
    let settings = settings
        .iter()
        .map(|setting| (setting.name.clone(), setting.value.clone()));
    grant.config = settings.collect();
    grant
}

fn entry<'a>(grant: &'a mut Grant, name: &SecretName) -> &'a mut SecretGrant {
    let place = grant.secrets.iter().position(|secret| secret.name == *name);
    let place = place.unwrap_or_else(|| {
        grant.secrets.push(SecretGrant {
            name: name.clone(),
            hosts: Vec::new(),
            reveal: false,
        });
        grant.secrets.len() - 1
    });
    &mut grant.secrets[place]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn granted(secrets: &[&str], revealed: &[&str]) -> Value {
        let secrets: Vec<_> = secrets.iter().map(|text| text.parse().unwrap()).collect();
        let revealed: Vec<_> = revealed.iter().map(|text| text.parse().unwrap()).collect();
        serde_json::to_value(grant(&[], &secrets, &revealed, &[])).unwrap()["secrets"].clone()
    }

    #[test]
    fn a_secret_is_bound_to_the_hosts_it_is_named_with() {
        let both = granted(
            &["A_KEY@a.test", "A_KEY@b.test", "A_KEY@a.test", "OTHER"],
            &[],
        );
        let expected = json!([
            { "name": "A_KEY", "hosts": ["a.test", "b.test"], "reveal": false },
            { "name": "OTHER", "reveal": false },
        ]);
        assert_eq!(both, expected);
    }

    #[test]
    fn a_secret_named_without_a_host_is_for_all_hosts() {
        let all = json!([{ "name": "A_KEY", "reveal": false }]);
        assert_eq!(granted(&["A_KEY@a.test", "A_KEY"], &[]), all);
        assert_eq!(granted(&["A_KEY", "A_KEY@a.test"], &[]), all);
    }

    #[test]
    fn revealing_a_secret_grants_it() {
        assert_eq!(
            granted(&[], &["A_KEY"]),
            json!([{ "name": "A_KEY", "reveal": true }])
        );
        let bound = json!([{ "name": "A_KEY", "hosts": ["a.test"], "reveal": true }]);
        assert_eq!(granted(&["A_KEY@a.test"], &["A_KEY"]), bound);
    }

    #[test]
    fn settings_are_names_and_values() {
        let settings = [
            "UNITS=metric".parse().unwrap(),
            "QUERY=a=b".parse().unwrap(),
        ];
        let config = grant(&[], &[], &[], &settings).config;
        assert_eq!(
            serde_json::to_value(config).unwrap(),
            json!({ "QUERY": "a=b", "UNITS": "metric" })
        );
        for text in ["UNITS", "units=metric", "=metric"] {
            assert!(text.parse::<Setting>().is_err(), "{text}");
        }
    }
}
