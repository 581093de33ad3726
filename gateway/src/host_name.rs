//! The `Host` of a request: what it names, and whether that is us. Both listeners ask here.

use std::net::{IpAddr, Ipv6Addr};

/// The names under which a listener answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    /// Names that are meant for it, with a port if only that port is meant.
    pub(crate) allowed: &'a [String],
    /// Whether `localhost` and loopback addresses are too.
    pub(crate) loopback: bool,
}

impl Names<'_> {
    /// Whether a `Host` is one of them.
    pub(crate) fn include(self, host: &str) -> bool {
        let Some((name, _)) = split(host) else {
            return false;
        };
        let is_listed = self.allowed.iter().any(|allowed| {
            split(allowed).is_some_and(|(allowed_name, allowed_port)| {
                let right_port = allowed_port.is_none() || host.eq_ignore_ascii_case(allowed);
                right_port && same(name, allowed_name)
            })
        });
        is_listed || (self.loopback && is_loopback_name(name))
    }
}

/// Whether a host, with or without a port, is this machine as it calls itself.
pub(crate) fn is_loopback(host: &str) -> bool {
    split(host).is_some_and(|(name, _)| is_loopback_name(name))
}

/// A host name without brackets, and the port behind it; nothing if it is not of that form: what
/// follows a name and is no port would else go unseen. A bare IPv6 address has no port.
fn split(host: &str) -> Option<(&str, Option<&str>)> {
    let is_bare_v6 = host.find(':') != host.rfind(':') && host.parse::<Ipv6Addr>().is_ok();
    if is_bare_v6 {
        return Some((host, None));
    }
    let (name, rest) = match host.strip_prefix('[') {
        Some(rest) => {
            let (name, rest) = rest.split_once(']')?;
            name.parse::<IpAddr>().ok()?;
            (name, rest)
        }
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    match rest.strip_prefix(':') {
        None => rest.is_empty().then_some((name, None)),
        Some(port) => is_port(port).then_some((name, Some(port))),
    }
}

fn same(one: &str, other: &str) -> bool {
    let bare = |name| str::strip_suffix(name, ".").unwrap_or(name);
    bare(one).eq_ignore_ascii_case(bare(other))
}

fn is_loopback_name(name: &str) -> bool {
    same(name, "localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_loopback() {
        for host in [
            "127.0.0.1:8081",
            "127.0.0.1",
            "127.8.8.8",
            "localhost:1",
            "LOCALHOST.",
            "[::1]:8081",
            "[::1]",
            "::1",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "evil.test",
            "localhost.evil.test",
            "10.0.0.1:80",
            "",
            "127.0.0.1.evil.test",
            "[::1]evil.test",
            "[::1].evil.test:80",
            "[localhost]",
            "localhost:80@evil.test",
            "localhost:",
            "127.0.0.1:80:80",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn a_listed_name_holds_for_its_port_if_it_has_one() {
        let allowed = ["tools.example.com".to_owned(), "a.test:8443".to_owned()];
        let names = Names {
            allowed: &allowed,
            loopback: false,
        };
        for host in ["tools.example.com", "Tools.Example.Com:444", "a.test:8443"] {
            assert!(names.include(host), "{host}");
        }
        for host in ["a.test", "a.test:1", "tools.example.comx", "localhost", "["] {
            assert!(!names.include(host), "{host}");
        }
    }
}
