//! Which addresses a tool may reach: the public internet, what an operator opens, and never the
//! services beside the host.
//!
//! Two tables say it, in the order in which they are asked. What is in neither is public, with one
//! exception: of IPv6, only global unicast (`2000::/3`) is.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind of address this is, from the point of view of a host that runs foreign code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Anybody's.
    Public,
    /// This machine or its own network; reached where an operator opens the range.
    Private,
    /// Never reached, whatever an operator opens.
    Never,
}

/// IPv4 addresses that are never reached.
const NEVER_V4: [Ipv4Net; 11] = [
    v4(0, 0, 0, 0, 8),      // "this network", and the unspecified address
    v4(169, 254, 0, 0, 16), // link-local, with the metadata services of most clouds
    v4(192, 0, 0, 0, 24),   // protocol assignments, with the metadata service of one cloud
    v4(192, 0, 2, 0, 24),   // documentation
    v4(192, 88, 99, 0, 24), // 6to4 relays
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4), // multicast
    v4(240, 0, 0, 0, 4), // reserved, and broadcast
    // Platform services of clouds at addresses that look like others: Azure and Alibaba.
    v4(168, 63, 129, 16, 32),
    v4(100, 100, 100, 200, 32),
];

/// IPv4 addresses of this machine and of private networks.
const PRIVATE_V4: [Ipv4Net; 6] = [
    v4(127, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(172, 16, 0, 0, 12),
    v4(192, 168, 0, 0, 16),
    v4(100, 64, 0, 0, 10), // carrier-grade NAT, which overlay networks use too
    v4(198, 18, 0, 0, 15), // benchmarks, which some installations use as one more private range
];

/// IPv6 addresses that are never reached, besides all that is not global unicast or private.
const NEVER_V6: [Ipv6Net; 7] = [
    v6(0x2001, 0, 23),     // Teredo, ORCHID, benchmarks and other assignments
    v6(0x2001, 0xdb8, 32), // documentation
    v6(0x2002, 0, 16),     // 6to4, which wraps an IPv4 address
    v6(0x3fff, 0, 20),     // documentation
    // Metadata services of clouds within the private range: AWS, Google, Scaleway.
    one([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254]),
    one([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254]),
    one([0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42]),
];

/// IPv6 addresses of this machine and of private networks.
const PRIVATE_V6: [Ipv6Net; 2] = [one([0, 0, 0, 0, 0, 0, 0, 1]), v6(0xfc00, 0, 7)];

const GLOBAL_UNICAST: Ipv6Net = v6(0x2000, 0, 3);

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(first: u16, second: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), prefix)
}

const fn one([a, b, c, d, e, f, g, h]: [u16; 8]) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), 128)
}

pub(super) fn classify(address: IpAddr) -> Class {
    // An operating system connects `::ffff:a.b.c.d` to `a.b.c.d`.
    match address.to_canonical() {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => classify_v6(address),
    }
}

fn classify_v4(address: Ipv4Addr) -> Class {
    let holds = |range: &Ipv4Net| range.contains(&address);
    if NEVER_V4.iter().any(holds) {
        Class::Never
    } else if PRIVATE_V4.iter().any(holds) {
        Class::Private
    } else {
        Class::Public
    }
}

fn classify_v6(address: Ipv6Addr) -> Class {
    let holds = |range: &Ipv6Net| range.contains(&address);
    if NEVER_V6.iter().any(holds) {
        Class::Never
    } else if PRIVATE_V6.iter().any(holds) {
        Class::Private
    } else if holds(&GLOBAL_UNICAST) {
        Class::Public
    } else {
        // What is left wraps IPv4, is local to a link or site, multicast, or not assigned.
        Class::Never
    }
}

/// Whether opening a range could open anything: it meets a private range and is not within one that
/// stays closed.
pub(super) fn opens_something(range: &IpNet) -> bool {
    let holds = |outer: &IpNet| outer.contains(range);
    let meets = |private: IpNet| private.contains(range) || range.contains(&private);
    let never_v4 = NEVER_V4.map(IpNet::V4);
    let never_v6 = NEVER_V6.map(IpNet::V6);
    if never_v4.iter().chain(&never_v6).any(holds) {
        return false;
    }
    let private_v4 = PRIVATE_V4.map(IpNet::V4);
    let private_v6 = PRIVATE_V6.map(IpNet::V6);
    private_v4.into_iter().chain(private_v6).any(meets)
}

#[cfg(test)]
mod tests;
