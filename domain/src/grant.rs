//! What a version may reach, as an administrator approved it.

use crate::{HostPattern, SecretName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One secret that a version may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretGrant {
    /// The secret of the workspace.
    pub name: SecretName,
    /// Hosts towards which its placeholder is filled in. Empty: every host of the grant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<HostPattern>,
    /// Whether the tool may also read the value itself.
    #[serde(default)]
    pub reveal: bool,
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
