//! What tools want and do not get.

use casemate_domain::{Grant, HostPattern, SecretName, ToolDefinition};
use serde::Serialize;

/// What tools declare that they need and do not have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Granted secrets that nobody has set in the workspace.
    pub secrets: Vec<SecretName>,
    /// Declared secrets that are not granted.
    pub secret_grants: Vec<SecretName>,
    /// Declared hosts that are not granted.
    pub hosts: Vec<HostPattern>,
}

/// Compares what tools declare with what is granted and set.
pub(super) fn missing(
    tools: &[ToolDefinition],
    grant: &Grant,
    is_set: impl Fn(&SecretName) -> bool,
) -> Missing {
    let mut missing = Missing::default();
    for needs in tools.iter().map(|tool| &tool.needs) {
        let ungranted = needs
            .hosts
            .iter()
            .filter(|host| !grant.hosts.contains(host));
        missing.hosts.extend(ungranted.cloned());
        let secrets = needs.secrets.iter().map(|need| &need.name);
        let ungranted = secrets.filter(|name| grant.secret(name.as_str()).is_none());
        missing.secret_grants.extend(ungranted.cloned());
    }
    let unset = grant
        .secrets
        .iter()
        .map(|secret| &secret.name)
        .filter(|name| !is_set(name));
    missing.secrets.extend(unset.cloned());
    for names in [&mut missing.secrets, &mut missing.secret_grants] {
        names.sort();
        names.dedup();
    }
    missing.hosts.sort();
    missing.hosts.dedup();
    missing
}
