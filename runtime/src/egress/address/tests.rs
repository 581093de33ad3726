//! The classes of addresses, against examples and against a reference of its own: the special
//! ranges as first and last numbers, written down from the registries of IANA.

use super::*;
use proptest::prelude::*;

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
        "168.63.129.15",
        "168.63.129.17",
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
        "198.18.0.1",
        "198.19.255.255",
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
fn metadata_reserved_and_wrapping_addresses_are_never_reached() {
    for address in [
        "0.0.0.0",
        "0.1.2.3",
        "100.100.100.200",
        "168.63.129.16",
        "169.254.169.254",
        "169.254.170.2",
        "192.0.0.1",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::7f00:1",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:2::1",
        "2001:10::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::",
        "3fff::1",
        "5f00::1",
        "fd00:42::42",
        "fd00:ec2::254",
        "fd20:ce::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert_eq!(class(address), Class::Never, "{address}");
    }
}

#[test]
fn a_range_is_worth_opening_if_something_private_is_in_it() {
    for range in [
        "10.1.0.0/16",
        "127.0.0.1/32",
        "0.0.0.0/0",
        "198.18.0.0/15",
        "fd00::/8",
        "::1/128",
        "::/0",
    ] {
        assert!(opens_something(&range.parse().unwrap()), "{range}");
    }
    for range in [
        "169.254.0.0/16",
        "169.254.169.254/32",
        "100.100.100.200/32",
        "8.8.8.0/24",
        "224.0.0.0/4",
        "2002::/16",
        "fd00:ec2::254/128",
        "fe80::/10",
        "::ffff:10.0.0.0/104",
    ] {
        assert!(!opens_something(&range.parse().unwrap()), "{range}");
    }
}

/// Special ranges of IPv4 as first and last numbers.
const REFERENCE_V4: [(u32, u32, Class); 18] = [
    (0x0000_0000, 0x00ff_ffff, Class::Never),
    (0x0a00_0000, 0x0aff_ffff, Class::Private),
    (0x6440_0000, 0x6464_64c7, Class::Private),
    (0x6464_64c8, 0x6464_64c8, Class::Never),
    (0x6464_64c9, 0x647f_ffff, Class::Private),
    (0x7f00_0000, 0x7fff_ffff, Class::Private),
    (0xa83f_8110, 0xa83f_8110, Class::Never),
    (0xa9fe_0000, 0xa9fe_ffff, Class::Never),
    (0xac10_0000, 0xac1f_ffff, Class::Private),
    (0xc000_0000, 0xc000_00ff, Class::Never),
    (0xc000_0200, 0xc000_02ff, Class::Never),
    (0xc058_6300, 0xc058_63ff, Class::Never),
    (0xc0a8_0000, 0xc0a8_ffff, Class::Private),
    (0xc612_0000, 0xc613_ffff, Class::Private),
    (0xc633_6400, 0xc633_64ff, Class::Never),
    (0xcb00_7100, 0xcb00_71ff, Class::Never),
    (0xe000_0000, 0xefff_ffff, Class::Never),
    (0xf000_0000, 0xffff_ffff, Class::Never),
];

fn reference_v4(number: u32) -> Class {
    let found = REFERENCE_V4
        .iter()
        .find(|(first, last, _)| (*first..=*last).contains(&number));
    found.map_or(Class::Public, |(_, _, class)| *class)
}

/// IPv6 by arithmetic on its number.
fn reference_v6(number: u128) -> Class {
    const METADATA: [u128; 3] = [
        0xfd00_0ec2_0000_0000_0000_0000_0000_0254,
        0xfd20_00ce_0000_0000_0000_0000_0000_0254,
        0xfd00_0042_0000_0000_0000_0000_0000_0042,
    ];
    if number >> 32 == 0xffff {
        return reference_v4(u32::try_from(number & 0xffff_ffff).unwrap());
    }
    let in_private = number == 1 || number >> 120 == 0xfc || number >> 120 == 0xfd;
    let wraps_or_special = (0x2001_0000..=0x2001_01ff).contains(&(number >> 96))
        || number >> 96 == 0x2001_0db8
        || number >> 112 == 0x2002
        || (0x3fff_0000..=0x3fff_0fff).contains(&(number >> 96));
    let is_global = (0x2..=0x3).contains(&(number >> 124));
    match () {
        () if METADATA.contains(&number) || wraps_or_special => Class::Never,
        () if in_private => Class::Private,
        () if is_global => Class::Public,
        () => Class::Never,
    }
}

/// Every number where the class of IPv4 may change, and its neighbors.
fn edges() -> impl Strategy<Value = u32> {
    let edges: Vec<u32> = REFERENCE_V4
        .iter()
        .flat_map(|(first, last, _)| [*first, *last])
        .flat_map(|edge| [edge.wrapping_sub(1), edge, edge.wrapping_add(1)])
        .collect();
    prop::sample::select(edges)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn ipv4_is_classified_as_the_registries_say(number in prop_oneof![any::<u32>(), edges()]) {
        let expected = reference_v4(number);
        prop_assert_eq!(classify(Ipv4Addr::from(number).into()), expected);
        let mapped = Ipv4Addr::from(number).to_ipv6_mapped();
        prop_assert_eq!(classify(mapped.into()), expected, "mapped");
    }

    #[test]
    fn ipv6_is_classified_as_the_registries_say(
        number in any::<u128>(),
        top in prop::sample::select(vec![
            0_u16, 0x64, 0x100, 0x2000, 0x2001, 0x2002, 0x2003, 0x3ffe, 0x3fff, 0x4000, 0x5f00,
            0xfbff, 0xfc00, 0xfd00, 0xfdff, 0xfe00, 0xfe80, 0xfec0, 0xff02, 0xffff,
        ]),
        second in prop::sample::select(vec![0_u16, 1, 0xdb7, 0xdb8, 0xdb9, 0x1ff, 0x200, 0xfff, 0x1000]),
        kept in 0_u32..=128,
    ) {
        // Random low bits under a first and second group where classes change.
        let low = number.checked_shr(kept).unwrap_or(0) & (u128::MAX >> 32);
        let near = u128::from(top) << 112 | u128::from(second) << 96 | low;
        for number in [number, near] {
            prop_assert_eq!(classify(Ipv6Addr::from(number).into()), reference_v6(number), "{:x}", number);
        }
    }

    #[test]
    fn what_wraps_ipv4_is_never_public_by_what_it_wraps(number in any::<u32>()) {
        let wrapped = u128::from(number);
        let wrappers = [
            wrapped,                                   // ::a.b.c.d
            0x0064_ff9b << 96 | wrapped,               // NAT64
            0x0064_ff9b_0001 << 80 | wrapped,          // NAT64, local
            0x2002 << 112 | wrapped << 80,             // 6to4
            0x2001 << 112 | (wrapped ^ 0xffff_ffff),   // Teredo
        ];
        for wrapper in wrappers {
            let class = classify(Ipv6Addr::from(wrapper).into());
            prop_assert!(class == Class::Never || wrapper == 1, "{wrapper:x}");
        }
    }
}
