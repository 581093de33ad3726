//! What a version may reach, as an administrator approved it.

use crate::{HostPattern, Invalid, SecretHeader, SecretName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One secret that a version may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct SecretGrant {
    /// The secret of the workspace.
    pub name: SecretName,
    /// Hosts towards which it may be sent. Empty: every host of the grant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<HostPattern>,
    /// The header in which the host itself sends it, with every request to one of `hosts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<SecretHeader>,
    /// Whether the tool may also read the value itself.
    pub reveal: bool,
}

/// The grant of a secret as it is written down, before its parts are seen together.
#[derive(Deserialize)]
struct Written {
    name: SecretName,
    #[serde(default)]
    hosts: Vec<HostPattern>,
    #[serde(default)]
    header: Option<SecretHeader>,
    #[serde(default)]
    reveal: bool,
}

impl TryFrom<Written> for SecretGrant {
    type Error = Invalid;

    fn try_from(written: Written) -> Result<Self, Invalid> {
        let Written {
            name,
            hosts,
            header,
            reveal,
        } = written;
        // A tool does not ask for such a header, so the hosts that get it must be named.
        if header.is_some() && hosts.is_empty() {
            let problem = format!("{name} has a header but no hosts to send it to");
            return Err(Invalid::new("grant of the secret", problem));
        }
        Ok(Self {
            name,
            hosts,
            header,
            reveal,
        })
    }
}

/// What a version may reach. Empty by default: nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Secrets it may use.
    #[serde(default)]
    pub secrets: Vec<SecretGrant>,
    /// Hosts it may send HTTP requests to.
    #[serde(default)]
    pub hosts: Vec<HostPattern>,
    /// Plain settings it reads.
    #[serde(default)]
    pub config: BTreeMap<SecretName, String>,
}

impl Grant {
    /// The grant of one secret, if there is one.
    pub fn secret(&self, name: &str) -> Option<&SecretGrant> {
        self.secrets
            .iter()
            .find(|grant| grant.name.as_str() == name)
    }

    /// Whether a URL with these parts may be reached.
    pub fn allows_host(&self, scheme: &str, host: &str, port: u16) -> bool {
        self.hosts
            .iter()
            .any(|pattern| pattern.matches(scheme, host, port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grant_of_a_secret_is_read_as_it_is_written() {
        for text in [
            r#"{"name":"A_KEY","reveal":false}"#,
            r#"{"name":"A_KEY","hosts":["a.test"],"header":"X-Key: {}","reveal":true}"#,
        ] {
            let grant: SecretGrant = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&grant).unwrap(), text);
        }
        let short: SecretGrant = serde_json::from_str(r#"{"name":"A_KEY"}"#).unwrap();
        assert!(short.hosts.is_empty() && short.header.is_none() && !short.reveal);
    }

    #[test]
    fn a_header_without_hosts_is_refused() {
        let text = r#"{"name":"A_KEY","header":"X-Key: {}"}"#;
        let error = serde_json::from_str::<SecretGrant>(text).unwrap_err();
        assert!(error.to_string().contains("no hosts"), "{error}");
    }
}
