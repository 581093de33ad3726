//! Outgoing HTTP of tools: one policy for every request and every hop of a redirect.
//!
//! A URL is parsed once, and the same parsed URL is checked against the grant, given to the
//! connector and shown to the receipt. Names are resolved by our own resolver, which leaves out
//! addresses that policy forbids; literal addresses are checked here. No proxy, no cookies, no
//! redirect that was not checked, no connection that is shared between calls.
//!
//! A tool waits for each answer before it can ask again, since `send` of the contract returns it
//! whole: a call has one request in flight, and their number bounds the rest. What an answer takes of
//! the host is part of the memory of all calls, as the memory of the guest is, until the next request
//! or the end of the call.
//!
//! This does not keep a tool from sending what it knows to a host it was granted: that is what a
//! grant means.

mod address;
mod failure;
mod hop;
mod intake;
mod lookups;
mod refusal;
mod resolver;
mod target;
mod trace;

pub(crate) use target::Target;
pub(crate) use trace::Trace;

use crate::{
    bindings::host::http::{HttpError, Request, Response},
    limiter::Holding,
    runtime::EgressPolicy,
    secrets::Secrets,
    turns::Tenant,
};
use casemate_domain::{Grant, Limits};
use failure::failure;
use hop::Hop;
use intake::Intake;
use ipnet::IpNet;
use lookups::{LOOKUPS_OF_ALL, Lookups};
use reqwest::{
    Client,
    header::{HeaderName, HeaderValue},
};
use resolver::{Resolver, closed};
use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Semaphore;
use url::{Host, Url};

/// Headers of a response, in number.
const RESPONSE_HEADERS: usize = 100;
/// Headers of a response, in bytes.
const RESPONSE_HEADER_BYTES: usize = 32 << 10;

/// Whether naming a range opens anything.
pub(crate) fn can_open(range: &IpNet) -> bool {
    address::opens_something(range)
}

/// What all calls of a runtime share for outgoing HTTP.
#[derive(Debug)]
pub(crate) struct Egress {
    policy: EgressPolicy,
    ranges: Arc<[IpNet]>,
    tls: rustls::ClientConfig,
    lookups: Arc<Semaphore>,
}

/// The way out of one call.
pub(crate) struct Way {
    pub(crate) egress: Arc<Egress>,
    /// What its requests are part of.
    pub(crate) trace: Option<Trace>,
}

impl Egress {
    pub(crate) fn new(policy: &EgressPolicy) -> Result<Self, rustls::Error> {
        let roots = rustls::RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            policy: policy.clone(),
            ranges: policy.allow_ranges.clone().into(),
            tls,
            lookups: Arc::new(Semaphore::new(LOOKUPS_OF_ALL)),
        })
    }

    fn client(&self, tenant: &Tenant) -> Result<Client, Box<dyn std::error::Error>> {
        let lookups = Lookups::new(&self.lookups, tenant);
        let resolver = Resolver::new(&self.policy, self.ranges.clone(), lookups)?;
        let client = Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .dns_resolver(resolver)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .http1_only()
            .http1_max_headers(RESPONSE_HEADERS)
            .user_agent("casemate")
            .build()?;
        Ok(client)
    }
}

/// The outgoing HTTP of one call.
pub(crate) struct Outgoing {
    egress: Arc<Egress>,
    /// Made with the first request, so that calls without one pay nothing, and dropped with the
    /// call, so that no connection is shared between calls.
    client: Option<Client>,
    requests_left: u64,
    request_limit: u64,
    timeout: Duration,
    intake: Intake,
    redirect_limit: u64,
    trace: Option<Trace>,
    hosts: Vec<String>,
}

impl Outgoing {
    pub(crate) fn new(way: Way, limits: &Limits, holding: Holding) -> Self {
        let Way { egress, trace } = way;
        Self {
            egress,
            client: None,
            requests_left: limits.http_requests,
            request_limit: limits.http_requests,
            timeout: Duration::from_millis(limits.http_ms),
            intake: Intake::new(limits, holding),
            redirect_limit: limits.http_redirects,
            trace,
            hosts: Vec::new(),
        }
    }

    /// The hosts that were contacted, in order of first contact.
    pub(crate) fn take_hosts(&mut self) -> Vec<String> {
        std::mem::take(&mut self.hosts)
    }

    /// How many requests were sent, redirects included.
    pub(crate) fn requests(&self) -> u64 {
        self.request_limit - self.requests_left
    }

    /// Sends a request, follows its redirects and reads the whole answer.
    pub(crate) async fn send(
        &mut self,
        request: Request,
        grant: &Grant,
        secrets: &mut Secrets,
        call_deadline: Instant,
    ) -> Result<Response, HttpError> {
        let wanted = request.timeout_ms.map_or(self.timeout, |ms| {
            self.timeout.min(Duration::from_millis(ms))
        });
        let deadline = call_deadline.min(Instant::now() + wanted);
        let exchange = self.exchange(request, grant, secrets);
        tokio::time::timeout_at(deadline.into(), exchange)
            .await
            .unwrap_or(Err(HttpError::TimedOut))
    }

    async fn exchange(
        &mut self,
        request: Request,
        grant: &Grant,
        secrets: &mut Secrets,
    ) -> Result<Response, HttpError> {
        let mut redirects_left = self.redirect_limit.min(request.max_redirects.into());
        let wanted = request.max_body_bytes;
        let mut hop = Hop::first(request, self.trace.clone())?;
        loop {
            let response = self.contact(&mut hop, grant, secrets).await?;
            let next = hop.redirected(response.status(), response.headers());
            match next {
                Some(next) if redirects_left > 0 => {
                    redirects_left -= 1;
                    hop = next?;
                }
                _ => {
                    let url = hop.url.as_str();
                    return self.intake.read(response, url, wanted, secrets).await;
                }
            }
        }
    }

    /// Checks one hop and sends it.
    async fn contact(
        &mut self,
        hop: &mut Hop,
        grant: &Grant,
        secrets: &mut Secrets,
    ) -> Result<reqwest::Response, HttpError> {
        let url = hop.url.clone();
        let target = Target::of(&url)
            .ok_or_else(|| HttpError::InvalidRequest("the URL names no host".to_owned()))?;
        check(&self.egress.ranges, &url, &target, grant)?;
        let headers = hop.filled_headers(secrets, &target)?;
        self.spend(&target)?;
        let client = self.client()?;
        let mut sent = client
            .request(hop.method.clone(), url.clone())
            .headers(headers);
        if let Some(body) = &hop.body {
            sent = sent.body(body.clone());
        }
        let answer = sent
            .send()
            .await
            .map_err(|error| failure(&error, &target))?;
        let size = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len();
        if answer.headers().iter().map(size).sum::<usize>() > RESPONSE_HEADER_BYTES {
            return Err(refusal::headers());
        }
        Ok(answer)
    }

    fn spend(&mut self, target: &Target<'_>) -> Result<(), HttpError> {
        let Some(left) = self.requests_left.checked_sub(1) else {
            return Err(HttpError::LimitReached(format!(
                "this call has used all its outgoing requests ({}); redirects count",
                self.request_limit
            )));
        };
        self.requests_left = left;
        let shown = target.shown();
        if !self.hosts.contains(&shown) {
            self.hosts.push(shown);
        }
        Ok(())
    }

    fn client(&mut self) -> Result<Client, HttpError> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let client = self.egress.client(self.intake.tenant()).map_err(|error| {
            tracing::error!(%error, "no HTTP client for a call");
            HttpError::ConnectionFailed("the host cannot send requests now".to_owned())
        })?;
        Ok(self.client.insert(client).clone())
    }
}

/// Whether the grant allows this URL, and policy its address if it is written as one.
fn check(ranges: &[IpNet], url: &Url, target: &Target<'_>, grant: &Grant) -> Result<(), HttpError> {
    if !grant.allows_host(target.scheme, target.host, target.port) {
        return Err(refusal::not_granted(target, grant));
    }
    let literal = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        Some(Host::Domain(_)) | None => None,
    };
    match literal.and_then(|address| closed(ranges, address)) {
        Some(closed) => Err(refusal::address(target, closed)),
        None => Ok(()),
    }
}
