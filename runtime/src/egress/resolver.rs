//! Names to addresses, with every address that policy forbids left out.
//!
//! The connector connects to what this gives and to nothing else, so that there is no second
//! look-up between the check and the connection. Nothing is remembered from one look-up to the
//! next: what a name led to a moment ago says nothing about what is connected to now.

use super::{
    address::{Class, classify},
    lookups::Lookups,
};
use crate::runtime::EgressPolicy;
use hickory_resolver::{
    TokioResolver,
    config::{
        ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig,
        ResolverOpts,
    },
    net::runtime::TokioRuntimeProvider,
};
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    sync::Arc,
    time::Duration,
};

/// How many addresses of an answer are looked at. More than that help nobody to connect.
const ANSWERS: usize = 16;
/// How long a look-up may take, whoever is asked.
const LOOKUP: Duration = Duration::from_secs(5);
/// How long one question to one server may take.
const QUESTION: Duration = Duration::from_secs(2);

/// The resolver of one call.
#[derive(Clone)]
pub(super) struct Resolver {
    ranges: Arc<[IpNet]>,
    source: Source,
}

/// Who turns names into addresses.
#[derive(Clone)]
enum Source {
    System(Lookups),
    Servers(Arc<TokioResolver>),
}

/// Why a name leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unresolved {
    #[error("the name has no address")]
    NotFound,
    #[error("nobody says in time what the address is")]
    TooSlow,
    #[error("policy forbids every address of the name")]
    Forbidden(Closed),
}

/// How an address is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// An operator can open it.
    Private,
    /// Nobody can.
    Always,
}

/// Why policy forbids a connection to this address, if it does.
pub(super) fn closed(ranges: &[IpNet], address: IpAddr) -> Option<Closed> {
    let address = address.to_canonical();
    match classify(address) {
        Class::Public => None,
        Class::Private if ranges.iter().any(|range| range.contains(&address)) => None,
        Class::Private => Some(Closed::Private),
        Class::Never => Some(Closed::Always),
    }
}

impl Resolver {
    pub(super) fn new(
        policy: &EgressPolicy,
        ranges: Arc<[IpNet]>,
        lookups: Lookups,
    ) -> Result<Self, Unresolved> {
        let source = if policy.dns_servers.is_empty() {
            Source::System(lookups)
        } else {
            Source::Servers(Arc::new(servers(&policy.dns_servers)?))
        };
        Ok(Self { ranges, source })
    }
}

/// A resolver that asks these servers: no file of hosts, no search domains, no cache.
fn servers(addresses: &[SocketAddr]) -> Result<TokioResolver, Unresolved> {
    let server = |address: &SocketAddr| {
        let connections =
            [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                connection.port = address.port();
                connection
            });
        NameServerConfig::new(address.ip(), true, connections.into())
    };
    let config = ResolverConfig::from_name_servers(addresses.iter().map(server).collect());
    let mut options = ResolverOpts::default();
    options.use_hosts_file = ResolveHosts::Never;
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.cache_size = 0;
    options.positive_max_ttl = Some(Duration::ZERO);
    options.negative_max_ttl = Some(Duration::ZERO);
    options.timeout = QUESTION;
    options.attempts = 1;
    let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    builder.with_options(options).build().map_err(|error| {
        tracing::error!(%error, "no resolver for a call");
        Unresolved::NotFound
    })
}

impl Source {
    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Unresolved> {
        match self {
            Self::System(lookups) => {
                let name = name.to_owned();
                let found = lookups
                    .ask(move || (name.as_str(), 0).to_socket_addrs())
                    .await?;
                Ok(found.map(|address| address.ip()).take(ANSWERS).collect())
            }
            Self::Servers(resolver) => {
                // With a dot at its end a name is complete, and nothing is put behind it.
                let found = resolver.lookup_ip(format!("{name}.")).await;
                let found = found.map_err(|_| Unresolved::NotFound)?;
                Ok(found.iter().take(ANSWERS).collect())
            }
        }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let found = resolver.source.addresses(name.as_str());
            let found = tokio::time::timeout(LOOKUP, found)
                .await
                .unwrap_or(Err(Unresolved::TooSlow))?;
            let kept = vetted(&resolver.ranges, found)?;
            let addresses = kept.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

fn vetted(ranges: &[IpNet], mut found: Vec<IpAddr>) -> Result<Vec<IpAddr>, Unresolved> {
    let reasons: Vec<_> = found
        .iter()
        .filter_map(|address| closed(ranges, *address))
        .collect();
    found.retain(|address| closed(ranges, *address).is_none());
    if !found.is_empty() {
        return Ok(found);
    }
    Err(match reasons.as_slice() {
        [] => Unresolved::NotFound,
        reasons if reasons.contains(&Closed::Private) => Unresolved::Forbidden(Closed::Private),
        _ => Unresolved::Forbidden(Closed::Always),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(ranges: &[&str], addresses: &[&str]) -> Result<Vec<String>, Unresolved> {
        let ranges: Vec<_> = ranges.iter().map(|range| range.parse().unwrap()).collect();
        let found = addresses.iter().map(|text| text.parse().unwrap()).collect();
        let kept = vetted(&ranges, found)?;
        Ok(kept.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn of_mixed_answers_only_the_public_ones_are_kept() {
        assert_eq!(
            kept(&[], &["10.0.0.1", "1.1.1.1", "::1"]),
            Ok(vec!["1.1.1.1".to_owned()])
        );
    }

    #[test]
    fn a_private_address_is_kept_only_within_an_open_range() {
        let private = Err(Unresolved::Forbidden(Closed::Private));
        assert_eq!(kept(&[], &["10.1.2.3"]), private);
        assert_eq!(kept(&["10.2.0.0/16"], &["10.1.2.3"]), private);
        let open = kept(
            &["10.1.0.0/16"],
            &["10.1.2.3", "10.2.0.1", "::ffff:10.1.0.1"],
        );
        assert_eq!(
            open,
            Ok(vec!["10.1.2.3".to_owned(), "::ffff:10.1.0.1".to_owned()])
        );
        assert_eq!(kept(&["10.1.0.0/16"], &[]), Err(Unresolved::NotFound));
    }

    #[test]
    fn no_range_opens_what_stays_closed() {
        for address in [
            "169.254.169.254",
            "fd00:ec2::254",
            "0.0.0.0",
            "fe80::1",
            "::a01:203",
        ] {
            assert_eq!(
                kept(&["0.0.0.0/0", "::/0"], &[address]),
                Err(Unresolved::Forbidden(Closed::Always)),
                "{address}"
            );
        }
        assert_eq!(
            kept(&[], &["169.254.169.254", "10.0.0.1"]),
            Err(Unresolved::Forbidden(Closed::Private)),
            "an operator can do something about one of them"
        );
    }
}
