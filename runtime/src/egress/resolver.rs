//! Names to addresses, with every address that policy forbids left out.
//!
//! The connector connects to what this gives and to nothing else, so that there is no second
//! look-up between the check and the connection.

use super::address::{Class, classify};
use crate::runtime::EgressPolicy;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};

/// The resolver of one runtime.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resolver {
    pub(super) policy: EgressPolicy,
}

/// Why a name leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unresolved {
    #[error("the name has no address")]
    NotFound,
    #[error("policy forbids every address of the name")]
    Forbidden,
}

/// Whether policy allows a connection to this address.
pub(super) fn allows(policy: EgressPolicy, address: IpAddr) -> bool {
    match classify(address) {
        Class::Public => true,
        Class::Private => policy.allow_private,
        Class::Forbidden => false,
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.policy;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found: Vec<SocketAddr> = found.map_err(|_| Unresolved::NotFound)?.collect();
            Ok(vetted(policy, found)?)
        })
    }
}

fn vetted(policy: EgressPolicy, found: Vec<SocketAddr>) -> Result<Addrs, Unresolved> {
    if found.is_empty() {
        return Err(Unresolved::NotFound);
    }
    let mut kept = found
        .into_iter()
        .filter(move |address| allows(policy, address.ip()))
        .peekable();
    if kept.peek().is_none() {
        return Err(Unresolved::Forbidden);
    }
    Ok(Box::new(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(allow_private: bool, addresses: &[&str]) -> Result<Vec<String>, Unresolved> {
        let found = addresses
            .iter()
            .map(|address| SocketAddr::new(address.parse().unwrap(), 0))
            .collect();
        let kept = vetted(EgressPolicy { allow_private }, found)?;
        Ok(kept.map(|address| address.ip().to_string()).collect())
    }

    #[test]
    fn of_mixed_answers_only_the_public_ones_are_kept() {
        assert_eq!(
            kept(false, &["10.0.0.1", "1.1.1.1", "::1"]),
            Ok(vec!["1.1.1.1".to_owned()])
        );
    }

    #[test]
    fn a_name_with_private_addresses_only_is_forbidden_unless_policy_allows_them() {
        assert_eq!(kept(false, &["127.0.0.1"]), Err(Unresolved::Forbidden));
        assert_eq!(kept(true, &["127.0.0.1"]), Ok(vec!["127.0.0.1".to_owned()]));
        assert_eq!(kept(true, &["169.254.169.254"]), Err(Unresolved::Forbidden));
        assert_eq!(kept(true, &[]), Err(Unresolved::NotFound));
    }
}
