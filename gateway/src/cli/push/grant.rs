//! What the flags of a push grant.

use casemate_domain::{Grant, HostPattern, Invalid, SecretGrant, SecretHeader, SecretName};
use std::str::FromStr;

/// `SECRET`, `SECRET@HOST` or `SECRET@HOST;HEADER: FORM`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretArgument {
    name: SecretName,
    host: Option<HostPattern>,
    header: Option<SecretHeader>,
}

impl FromStr for SecretArgument {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (place, header) = match text.split_once(';') {
            Some((place, header)) => (place, Some(header)),
            None => (text, None),
        };
        let (name, host) = match place.split_once('@') {
            Some((name, host)) => (name, Some(host)),
            None => (place, None),
        };
        if let (Some((name, host)), None) = (place.split_once('='), host) {
            let problem = format!("is written with @ before its host: {name}@{host}");
            return Err(Invalid::new("secret", problem));
        }
        let name: SecretName = name.trim_end().parse()?;
        if let (Some(header), None) = (header, host) {
            let problem = format!("needs the host that gets it: {name}@HOST;{}", header.trim());
            return Err(Invalid::new("header of a secret", problem));
        }
        Ok(Self {
            name,
            host: host.map(|host| host.trim_end().parse()).transpose()?,
            header: header.map(str::parse).transpose()?,
        })
    }
}

/// A secret with two headers, or with one that some of its hosts should not get.
fn unclear(name: &SecretName) -> Invalid {
    Invalid::new(
        "grant of the secret",
        format!(
            "{name} must have the same header for each of its hosts, or none: \
             {name}@HOST;HEADER: FORM"
        ),
    )
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
/// One with a header has the same for all hosts it is named with.
pub(super) fn grant(
    hosts: &[HostPattern],
    secrets: &[SecretArgument],
    revealed: &[SecretName],
    settings: &[Setting],
) -> Result<Grant, Invalid> {
    let mut grant = Grant::default();
    for host in hosts {
        if !grant.hosts.contains(host) {
            grant.hosts.push(host.clone());
        }
    }
    for secret in secrets {
        let is_seen = grant.secret(secret.name.as_str()).is_some();
        let granted = entry(&mut grant, &secret.name);
        if is_seen && granted.header != secret.header {
            return Err(unclear(&secret.name));
        }
        granted.header.clone_from(&secret.header);
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
    Ok(grant)
}

fn entry<'a>(grant: &'a mut Grant, name: &SecretName) -> &'a mut SecretGrant {
    let place = grant.secrets.iter().position(|secret| secret.name == *name);
    let place = place.unwrap_or_else(|| {
        grant.secrets.push(SecretGrant {
            name: name.clone(),
            hosts: Vec::new(),
            header: None,
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
        let grant = grant(&[], &secrets, &revealed, &[]).unwrap();
        serde_json::to_value(grant).unwrap()["secrets"].clone()
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
    fn a_secret_with_a_header_is_filled_in_by_the_host() {
        let one = ["A_KEY@a.test;Authorization: Bearer {}"];
        let expected = json!([{
            "name": "A_KEY", "hosts": ["a.test"], "header": "Authorization: Bearer {}",
            "reveal": false,
        }]);
        assert_eq!(granted(&one, &[]), expected);
        let two = [one[0], "A_KEY@http://b.test:8080; Authorization: Bearer {}"];
        let hosts = &granted(&two, &[])[0]["hosts"];
        assert_eq!(*hosts, json!(["a.test", "http://b.test:8080"]));
    }

    #[test]
    fn what_is_wrong_with_a_secret_is_said() {
        for (text, part) in [
            ("A_KEY=a.test", "A_KEY@a.test"),
            ("A_KEY;X-Key: {}", "A_KEY@HOST;X-Key: {}"),
            ("A_KEY@a.test;X-Key {}", "`Authorization: Bearer {}`"),
            ("A_KEY@a.test;X-Key: {value}", "must have {} once"),
            ("A_KEY@a.test/path;X-Key: {}", "without a path"),
            ("a_key@a.test", "secret name"),
        ] {
            let problem = text.parse::<SecretArgument>().unwrap_err().to_string();
            assert!(problem.contains(part), "{text}: {problem}");
        }
        let header = "A_KEY@a.test;X-Key: {}";
        for other in ["A_KEY", "A_KEY@b.test", "A_KEY@b.test;X-Other: {}"] {
            let secrets = [header, other].map(|text| text.parse().unwrap());
            let problem = grant(&[], &secrets, &[], &[]).unwrap_err().to_string();
            assert!(problem.contains("the same header"), "{other}: {problem}");
        }
    }

    #[test]
    fn settings_are_names_and_values() {
        let settings = [
            "UNITS=metric".parse().unwrap(),
            "QUERY=a=b".parse().unwrap(),
        ];
        let config = grant(&[], &[], &[], &settings).unwrap().config;
        assert_eq!(
            serde_json::to_value(config).unwrap(),
            json!({ "QUERY": "a=b", "UNITS": "metric" })
        );
        for text in ["UNITS", "units=metric", "=metric"] {
            assert!(text.parse::<Setting>().is_err(), "{text}");
        }
    }
}
