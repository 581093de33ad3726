//! Patterns of hosts that a tool may reach.

use crate::Invalid;
use std::{
    borrow::Cow,
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// `api.example.com`, `*.example.com`, `api.example.com:8443`, `http://localhost:8080`.
///
/// Without a scheme, `https` is meant; without a port, the scheme's own. A wildcard stands only
/// first and means one or more labels. Addresses are written as in a URL (`http://[::1]:80`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostPattern {
    plain_http: bool,
    wildcard: bool,
    /// Lower case, without the wildcard label and without a trailing dot.
    name: Box<str>,
    port: u16,
}

impl HostPattern {
    /// Whether a URL with these parts may be reached. `host` as a URL parser gives it (lower case,
    /// brackets round IPv6).
    pub fn matches(&self, scheme: &str, host: &str, port: u16) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        let host = &*ipv6(host).map_or(Cow::Borrowed(host), Cow::Owned);
        let name_matches = if self.wildcard {
            host.strip_suffix(&*self.name)
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        } else {
            host == &*self.name
        };
        name_matches && scheme == self.scheme() && port == self.port
    }

    /// Whether the name fits, whatever the scheme and the port.
    pub fn matches_name(&self, host: &str) -> bool {
        self.matches(self.scheme(), host, self.port)
    }

    /// `https` or `http`.
    pub fn scheme(&self) -> &'static str {
        if self.plain_http { "http" } else { "https" }
    }
}

impl FromStr for HostPattern {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid =
            |problem: &str| Invalid::new("host", format!("`{}` {problem}", text.escape_debug()));
        let (plain_http, rest) = match text.split_once("://") {
            Some(("http", rest)) => (true, rest),
            Some(("https", rest)) => (false, rest),
            Some(_) => return Err(invalid("must have the scheme http or https, or none")),
            None => (false, text),
        };
        let (wildcard, rest) = rest
            .strip_prefix("*.")
            .map_or((false, rest), |rest| (true, rest));
        let (name, port) = split_port(rest)
            .ok_or_else(|| invalid("has a port that is not a number from 1 to 65535"))?;
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        let plain_name = !name.is_empty()
            && name.len() <= 253
            && name
                .split('.')
                .all(|label| !label.is_empty() && label.len() <= 63)
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
        let address = ipv6(&name).filter(|_| !wildcard);
        if !plain_name && address.is_none() {
            return Err(invalid(
                "must be a host name such as api.example.com or *.example.com, without a path; \
                 international names in their ASCII form, which begins with xn--",
            ));
        }
        if plain_name && is_odd_address(&name) {
            return Err(invalid(
                "must write an address as four plain numbers, such as 127.0.0.1",
            ));
        }
        let name = address.unwrap_or(name);
        if wildcard && !name.contains('.') {
            return Err(invalid(
                "is too wide: name at least two labels after the wildcard",
            ));
        }
        let port = port.unwrap_or(if plain_http { 80 } else { 443 });
        Ok(Self {
            plain_http,
            wildcard,
            name: name.into(),
            port,
        })
    }
}

/// The one form of an IPv6 address in brackets.
fn ipv6(host: &str) -> Option<String> {
    let inner = host.strip_prefix('[')?.strip_suffix(']')?;
    let address: Ipv6Addr = inner.parse().ok()?;
    Some(format!("[{address}]"))
}

/// Whether URLs take a name for an IPv4 address that is not written in the one plain form: such a
/// pattern would never match.
fn is_odd_address(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let digits = last.strip_prefix("0x");
    let is_number = digits.map_or_else(
        || !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit()),
        |digits| digits.bytes().all(|b| b.is_ascii_hexdigit()),
    );
    is_number && name.parse::<Ipv4Addr>().is_err()
}

/// Splits `host:port`; `None` if there is a port and it is not one.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let colon = match text.rfind(']') {
        Some(bracket) => text[bracket..].find(':').map(|at| bracket + at),
        None => text.find(':'),
    };
    match colon {
        None => Some((text, None)),
        Some(at) => {
            let digits = &text[at + 1..];
            let valid = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            let port = digits.parse().ok().filter(|port| valid && *port != 0)?;
            Some((&text[..at], Some(port)))
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.plain_http { "http://" } else { "" };
        let star = if self.wildcard { "*." } else { "" };
        write!(f, "{scheme}{star}{}", self.name)?;
        let default = if self.plain_http { 80 } else { 443 };
        if self.port == default {
            Ok(())
        } else {
            write!(f, ":{}", self.port)
        }
    }
}

impl fmt::Debug for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for HostPattern {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for HostPattern {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> HostPattern {
        text.parse().unwrap()
    }

    #[test]
    fn a_plain_name_means_https_on_its_port_only() {
        let host = pattern("API.example.com");
        assert!(host.matches("https", "api.example.com", 443));
        assert!(host.matches("https", "api.example.com.", 443));
        assert!(!host.matches("http", "api.example.com", 80));
        assert!(!host.matches("https", "api.example.com", 8443));
        assert!(!host.matches("https", "evil-api.example.com", 443));
    }

    #[test]
    fn a_wildcard_means_one_or_more_labels() {
        let host = pattern("*.example.com");
        assert!(host.matches("https", "a.example.com", 443));
        assert!(host.matches("https", "a.b.example.com", 443));
        assert!(!host.matches("https", "example.com", 443));
        assert!(!host.matches("https", ".example.com", 443));
        assert!(!host.matches("https", "evilexample.com", 443));
    }

    #[test]
    fn scheme_port_and_addresses_are_kept() {
        assert!(pattern("http://localhost:8080").matches("http", "localhost", 8080));
        assert!(pattern("http://[::1]:8080").matches("http", "[::1]", 8080));
        assert_eq!(
            pattern("http://localhost:8080").to_string(),
            "http://localhost:8080"
        );
        assert_eq!(pattern("https://a.test:443").to_string(), "a.test");
    }

    #[test]
    fn an_address_is_the_same_in_every_spelling_of_it() {
        for text in [
            "http://[0:0:0:0:0:ffff:7f00:1]",
            "http://[::FFFF:127.0.0.1]",
        ] {
            let host = pattern(text);
            assert!(host.matches("http", "[::ffff:7f00:1]", 80), "{text}");
            assert_eq!(host.to_string(), "http://[::ffff:127.0.0.1]");
        }
        assert!(pattern("http://127.0.0.1").matches("http", "127.0.0.1", 80));
    }

    #[test]
    fn anything_that_is_not_a_host_is_refused() {
        for text in [
            "",
            "*",
            "*.com",
            "a..b",
            "a.test/path",
            "user@a.test",
            "ftp://a.test",
            "a.test:0",
            "a.test:99999",
            "a.test:+80",
            "a.*.test",
            "a test",
            "a.test#@b.test",
            "bücher.test",
            "127.1",
            "0x7f.1",
            "a.0x7f",
            "2130706433",
            "*.0.0.1",
            "*.[::1]",
            "http://",
        ] {
            assert!(text.parse::<HostPattern>().is_err(), "{text}");
        }
    }
}
