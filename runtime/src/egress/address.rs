//! Which addresses a tool may reach: the public internet, and nothing near the host.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind of address this is, from the point of view of a host that runs foreign code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Anybody's.
    Public,
    /// This machine or its own network; allowed where an operator says so.
    Private,
    /// Never: cloud metadata and other link-local services, multicast, reserved ranges, and
    /// addresses that wrap another address.
    Forbidden,
}

pub(super) fn classify(address: IpAddr) -> Class {
    match address {
        IpAddr::V4(address) => classify_v4(address),
        // An operating system connects `::ffff:a.b.c.d` to `a.b.c.d`.
        IpAddr::V6(address) => address
            .to_ipv4_mapped()
            .map_or_else(|| classify_v6(address), classify_v4),
    }
}

fn classify_v4(address: Ipv4Addr) -> Class {
    match address.octets() {
        [127, ..] | [10, ..] | [192, 168, ..] => Class::Private,
        [172, second, ..] if second & 0xf0 == 16 => Class::Private,
        // Carrier-grade NAT: 100.64.0.0/10.
        [100, second, ..] if second & 0xc0 == 64 => Class::Private,
        // "This network"; link-local with the metadata services of clouds.
        [0, ..] | [169, 254, ..] => Class::Forbidden,
        // Protocol assignments, documentation, 6to4 relays, benchmarks.
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 51, 100, _] | [203, 0, 113, _] => {
            Class::Forbidden
        }
        [198, 18 | 19, ..] => Class::Forbidden,
        // Multicast, reserved, broadcast.
        [224..=255, ..] => Class::Forbidden,
        _ => Class::Public,
    }
}

fn classify_v6(address: Ipv6Addr) -> Class {
    // The metadata service of one cloud lives in the private range.
    const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    match address.segments() {
        _ if address == METADATA => Class::Forbidden,
        [0, 0, 0, 0, 0, 0, 0, 1] => Class::Private,
        [first, ..] if first & 0xfe00 == 0xfc00 => Class::Private,
        // Teredo, benchmarking, ORCHID and other assignments: 2001::/23.
        [0x2001, second, ..] if second < 0x200 => Class::Forbidden,
        // Documentation and 6to4.
        [0x2001, 0xdb8, ..] | [0x2002, ..] => Class::Forbidden,
        [0x3fff, second, ..] if second < 0x1000 => Class::Forbidden,
        // Global unicast is 2000::/3. All else wraps IPv4, is local, multicast or not assigned.
        [first, ..] if first & 0xe000 == 0x2000 => Class::Public,
        _ => Class::Forbidden,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(address: &str) -> Class {
        classify(address.parse().unwrap())
    }

    #[test]
    fn public_addresses_are_public() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:200::1",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
        ] {
            assert_eq!(class(address), Class::Public, "{address}");
        }
    }

    #[test]
    fn the_hosts_own_network_is_private() {
        for address in [
            "127.0.0.1",
            "127.255.255.255",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "::1",
            "fc00::1",
            "fdff::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(class(address), Class::Private, "{address}");
        }
    }

    #[test]
    fn metadata_reserved_and_wrapping_addresses_are_forbidden() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b:1::7f00:1",
            "100::1",
            "2001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:2::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert_eq!(class(address), Class::Forbidden, "{address}");
        }
    }
}
