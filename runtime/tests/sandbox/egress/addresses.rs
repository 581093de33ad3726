//! Addresses near the host, in every way of writing them.

use super::{fetch, for_url, never, opened, private};
use crate::support::{
    dns::{Answer, Dns},
    http::{Fetch, error},
    local_runtime, runtime,
    server::Neighborhood,
    text,
};
use casemate_runtime::Runtime;

/// Sends a request to a host that is granted and checks how policy refuses it.
async fn refused(runtime: &Runtime, host: &str, port: u16, words: fn(&str) -> String) {
    let url = format!("http://{host}:{port}/");
    let parsed = url::Url::parse(&url).unwrap();
    let plain = parsed.host_str().unwrap().trim_end_matches('.');
    let shown = match port {
        80 => plain.to_owned(),
        port => format!("{plain}:{port}"),
    };
    let outcome = fetch(runtime, &Fetch::get(&url), for_url(&url)).await;
    assert_eq!(error(&outcome), ("denied", words(&shown).as_str()), "{url}");
}

#[tokio::test]
async fn g40_this_machine_is_out_of_reach_in_every_spelling() {
    let here = Neighborhood::start(&["127.0.0.1", "127.0.0.2", "::1"]);
    let spellings = [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "127.0.1",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "017700000001",
        "2130706433",
        "１２７.０.０.１",
        "%31%32%37.0.0.1",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "ⓛocalhost",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "127.0.0.2",
    ];
    for host in spellings {
        refused(runtime(), host, here.port, private).await;
    }
    assert_eq!(here.reached(), Vec::<String>::new());
    for host in spellings {
        let url = format!("http://{host}:{}/", here.port);
        let outcome = fetch(local_runtime(), &Fetch::get(&url), for_url(&url)).await;
        assert!(text(&outcome).starts_with("at "), "{url}");
    }
    assert_eq!(here.reached(), ["127.0.0.1", "127.0.0.2", "::1"]);
}

#[tokio::test]
async fn g40_the_unspecified_address_stays_closed_even_where_this_machine_is_open() {
    let here = Neighborhood::start(&["127.0.0.1", "::1"]);
    for host in ["0.0.0.0", "0", "0x0", "[::]", "[::ffff:0.0.0.0]"] {
        refused(local_runtime(), host, here.port, never).await;
    }
    assert_eq!(here.reached(), Vec::<String>::new());
}

#[tokio::test]
async fn g41_metadata_and_link_local_addresses_stay_closed_whatever_is_opened() {
    let all = opened(&["0.0.0.0/0", "::/0"], None);
    for host in [
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "169.254.170.2",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "[fd00:ec2::254]",
        "[fd20:ce::254]",
        "[::ffff:169.254.169.254]",
        "[fe80::1]",
    ] {
        refused(&all, host, 80, never).await;
    }
    for url in ["http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/"] {
        let outcome = fetch(
            &all,
            &Fetch::get(url),
            super::granted(&["http://[fe80::1]"]),
        )
        .await;
        assert_eq!(error(&outcome).0, "invalid-request", "{url}");
    }
}

#[tokio::test]
async fn g41_names_of_metadata_services_lead_nowhere() {
    let dns = Dns::start(|name, _| {
        (name == "metadata.google.internal").then(|| Answer::addresses(&["169.254.169.254"]))
    });
    let all = opened(&["0.0.0.0/0", "::/0"], Some(dns.address));
    refused(&all, "metadata.google.internal", 80, never).await;
    refused(&all, "METADATA.google.internal.", 80, never).await;
    assert_eq!(dns.rounds(), 2, "the name was really asked for");
}

#[tokio::test]
async fn g42_private_and_reserved_networks_are_closed() {
    for host in [
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "198.18.0.1",
        "[fc00::1]",
        "[fd12:3456::1]",
    ] {
        refused(runtime(), host, 80, private).await;
    }
    for host in [
        "192.0.0.1",
        "192.0.2.1",
        "224.0.0.1",
        "239.255.255.255",
        "255.255.255.255",
        "[ff02::1]",
        "[fec0::1]",
        "[100::1]",
    ] {
        refused(runtime(), host, 80, never).await;
    }
}

#[tokio::test]
async fn g42_one_open_range_opens_no_other() {
    let here = Neighborhood::start(&["127.0.0.2", "127.0.0.3", "::1"]);
    let one = opened(&["127.0.0.2/32"], None);
    for host in ["127.0.0.3", "[::1]", "[::ffff:127.0.0.3]"] {
        refused(&one, host, here.port, private).await;
    }
    for host in ["127.0.0.2", "[::ffff:127.0.0.2]"] {
        let url = format!("http://{host}:{}/", here.port);
        let outcome = fetch(&one, &Fetch::get(&url), for_url(&url)).await;
        assert_eq!(text(&outcome), "at 127.0.0.2", "{url}");
    }
    assert_eq!(here.reached(), ["127.0.0.2"]);
}

#[tokio::test]
async fn g43_addresses_that_wrap_another_are_closed_whatever_is_opened() {
    let here = Neighborhood::start(&["127.0.0.1", "::1"]);
    let all = opened(&["0.0.0.0/0", "::/0"], None);
    for host in [
        "[::127.0.0.1]",
        "[::7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::a00:1]",
        "[64:ff9b:1::127.0.0.1]",
        "[2002:7f00:1::]",
        "[2002:a00:1::1]",
        "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
    ] {
        refused(&all, host, here.port, never).await;
    }
    assert_eq!(here.reached(), Vec::<String>::new());
    let url = format!("http://[::ffff:127.0.0.1]:{}/", here.port);
    refused(runtime(), "[::ffff:127.0.0.1]", here.port, private).await;
    let outcome = fetch(&all, &Fetch::get(&url), for_url(&url)).await;
    assert_eq!(
        text(&outcome),
        "at 127.0.0.1",
        "the control must get through"
    );
}
