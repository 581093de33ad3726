//! Outgoing requests against guests, hosts and name servers that mean ill.
//!
//! Each refusal is checked by its exact words and by listeners that must see nobody; beside each
//! stands the same request with the guard out of the way, which arrives.

mod addresses;
mod answers;
mod authority;
mod header;
mod names;
mod reach;
mod redirects;
mod refusals;
mod secrets;

use crate::support::{
    http::Fetch,
    policed, run_with,
    server::{Server, ok},
};
use casemate_domain::{Grant, Limits, Outcome, SecretGrant};
use casemate_runtime::{EgressPolicy, Environment, Runtime};
use secrecy::SecretString;
use std::{net::SocketAddr, sync::Arc};

const SECRET: &str = "s3cr3t-value-of-it";

fn granted(hosts: &[&str]) -> Environment {
    let hosts = hosts.iter().map(|host| host.parse().unwrap()).collect();
    Environment {
        grant: Arc::new(Grant {
            hosts,
            ..Grant::default()
        }),
        ..Environment::default()
    }
}

/// A grant of hosts and of the secret `TOKEN`, which is bound to one of them.
fn with_secret(hosts: &[&str], bound: &str) -> Environment {
    let mut environment = granted(hosts);
    let grant = Arc::make_mut(&mut environment.grant);
    grant.secrets.push(SecretGrant {
        name: "TOKEN".parse().unwrap(),
        hosts: vec![bound.parse().unwrap()],
        header: None,
        reveal: false,
    });
    let value = SecretString::from(SECRET);
    environment.secrets.push(("TOKEN".parse().unwrap(), value));
    environment
}

/// The same, sent by the host itself.
fn with_header(hosts: &[&str], bound: &str, header: &str) -> Environment {
    let mut environment = with_secret(hosts, bound);
    let grant = Arc::make_mut(&mut environment.grant);
    grant.secrets[0].header = Some(header.parse().unwrap());
    environment
}

/// Lets a guest send one request.
async fn fetch(runtime: &Runtime, fetch: &Fetch, environment: Environment) -> Outcome {
    run_with(runtime, &fetch.guest(), environment, &Limits::default()).await
}

/// A runtime that opens these ranges and asks this server for names.
fn opened(ranges: &[&str], dns: Option<SocketAddr>) -> Runtime {
    let ranges = ranges.iter().map(|range| range.parse().unwrap());
    let policy = EgressPolicy {
        allow_ranges: ranges.collect(),
        dns_servers: dns.into_iter().collect(),
    };
    policed(policy, 2)
}

fn hello() -> Server {
    Server::start(|_| ok("hello"))
}

/// The grant for just this URL, whatever it is.
fn for_url(url: &str) -> Environment {
    let url = url::Url::parse(url).unwrap();
    let host = url.host_str().unwrap().trim_end_matches('.');
    let port = url.port_or_known_default().unwrap();
    granted(&[&format!("{}://{host}:{port}", url.scheme())])
}

/// What is said of an address that an operator could open.
fn private(host: &str) -> String {
    format!(
        "{host} is at an address that is not on the public internet. An operator can open its \
         range with the setting `egress.allow_ranges`; a grant alone does not"
    )
}

/// What is said of an address that stays closed.
fn never(host: &str) -> String {
    format!(
        "{host} is at an address that tools never reach, such as those of metadata services and \
         reserved ranges. No setting opens it"
    )
}
