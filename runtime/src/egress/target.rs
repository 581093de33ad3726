//! Where a request goes.

use casemate_domain::HostPattern;
use url::Url;

/// The scheme, host and port of a URL, as its parser gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) host: &'a str,
    pub(crate) port: u16,
}

impl<'a> Target<'a> {
    pub(super) fn of(url: &'a Url) -> Option<Self> {
        Some(Self {
            scheme: url.scheme(),
            host: url.host_str()?,
            port: url.port_or_known_default()?,
        })
    }

    pub(crate) fn fits(&self, pattern: &HostPattern) -> bool {
        pattern.matches(self.scheme, self.host, self.port)
    }

    /// As it is written in a grant.
    pub(super) fn pattern(&self) -> String {
        match self.scheme {
            "https" => self.shown(),
            scheme => format!("{scheme}://{}", self.shown()),
        }
    }

    /// As it is shown in a receipt: without the port that the scheme implies.
    pub(super) fn shown(&self) -> String {
        match (self.scheme, self.port) {
            ("https", 443) | ("http", 80) => self.host.to_owned(),
            _ => format!("{}:{}", self.host, self.port),
        }
    }
}
