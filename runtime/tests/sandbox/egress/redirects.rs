//! Redirects: every hop is a request of its own.

use super::{fetch, granted, hello, never, opened, private};
use crate::support::{
    dns::{Answer, Dns},
    http::{Fetch, error},
    local_runtime,
    server::{Neighborhood, Server, redirect},
    text,
};
use casemate_domain::Outcome;
use casemate_runtime::Runtime;

const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];

/// A request to a server that redirects, with these hosts granted besides it.
async fn led(runtime: &Runtime, status: u16, to: &str, hosts: &[&str]) -> Outcome {
    let target = to.to_owned();
    let outer = Server::start(move |_| redirect(status, &target));
    let own = outer.url();
    let mut get = Fetch::get(&own);
    get.max_redirects = 5;
    let hosts = [&[own.as_str()], hosts].concat();
    fetch(runtime, &get, granted(&hosts)).await
}

#[tokio::test]
async fn g44_a_redirect_to_a_host_that_is_not_granted_is_not_followed() {
    let inner = hello();
    let url = inner.url();
    for status in STATUSES {
        let outcome = led(local_runtime(), status, &url, &[]).await;
        assert_eq!(error(&outcome).0, "denied", "{status}");
    }
    assert_eq!(inner.connections(), 0);
    for status in STATUSES {
        let outcome = led(local_runtime(), status, &url, &[&url]).await;
        assert_eq!(text(&outcome), "hello", "{status}");
    }
}

#[tokio::test]
async fn g44_a_redirect_to_a_closed_address_is_not_followed() {
    let trap = Neighborhood::start(&["127.0.0.3", "::1"]);
    let port = trap.port;
    let dns = Dns::start(|_, _| Some(Answer::addresses(&["127.0.0.3"])));
    let guarded = opened(&["127.0.0.1/32"], Some(dns.address));
    let hosts = [
        format!("http://127.0.0.3:{port}"),
        format!("http://[::1]:{port}"),
        format!("http://inner.test:{port}"),
    ];
    let hosts: Vec<_> = hosts.iter().map(String::as_str).collect();
    let spelled = format!("http://0x7f.3:{port}");
    for status in STATUSES {
        for (to, host) in [
            (hosts[0], hosts[0]),
            (hosts[1], hosts[1]),
            (hosts[2], hosts[2]),
            (&spelled, hosts[0]),
        ] {
            let outcome = led(&guarded, status, to, &hosts).await;
            let shown = host.strip_prefix("http://").unwrap();
            assert_eq!(
                error(&outcome),
                ("denied", private(shown).as_str()),
                "{status} {to}"
            );
        }
    }
    assert_eq!(trap.reached(), Vec::<String>::new());
    let open = opened(&["127.0.0.0/8", "::1/128"], Some(dns.address));
    for to in &hosts {
        let outcome = led(&open, 302, to, &hosts).await;
        assert!(text(&outcome).starts_with("at "), "{to}");
    }
    assert_eq!(trap.reached(), ["127.0.0.3", "::1"]);
}

#[tokio::test]
async fn g44_a_redirect_to_metadata_is_not_followed_whatever_is_opened() {
    let all = opened(&["0.0.0.0/0", "::/0"], None);
    for (to, shown) in [
        ("http://169.254.169.254/latest", "169.254.169.254"),
        ("//169.254.169.254/latest", "169.254.169.254"),
        ("http://[fd00:ec2::254]/", "[fd00:ec2::254]"),
    ] {
        let hosts = ["http://169.254.169.254", "http://[fd00:ec2::254]"];
        let outcome = led(&all, 302, to, &hosts).await;
        assert_eq!(error(&outcome), ("denied", never(shown).as_str()), "{to}");
    }
}

#[tokio::test]
async fn g44_a_closed_address_at_the_end_of_a_chain_is_not_reached() {
    let trap = Neighborhood::start(&["127.0.0.3"]);
    let end = format!("http://127.0.0.3:{}/", trap.port);
    let target = end.clone();
    let chain = Server::start(move |head| match head {
        head if head.starts_with("GET /3") => redirect(307, &target),
        head if head.starts_with("GET /2") => redirect(301, "/3"),
        head if head.starts_with("GET /1") => redirect(302, "/2"),
        _ => redirect(308, "/1"),
    });
    let mut get = Fetch::get(chain.url());
    get.max_redirects = 5;
    let url = chain.url();
    let grant = || granted(&[&url, end.trim_end_matches('/')]);
    let outcome = fetch(&opened(&["127.0.0.1/32"], None), &get, grant()).await;
    assert_eq!(error(&outcome).0, "denied");
    assert_eq!((chain.connections(), trap.reached().len()), (4, 0));
    let outcome = fetch(local_runtime(), &get, grant()).await;
    assert_eq!(text(&outcome), "at 127.0.0.3");
}

#[tokio::test]
async fn g44_a_redirect_to_another_scheme_is_not_followed() {
    for to in [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1/",
        "data:,x",
    ] {
        let outcome = led(local_runtime(), 302, to, &[]).await;
        assert_eq!(error(&outcome).0, "invalid-request", "{to}");
    }
}

#[tokio::test]
async fn a_granted_redirect_is_followed_as_far_as_asked() {
    let inner = hello();
    let target = inner.url();
    let outer = Server::start(move |_| redirect(302, &target));
    let mut get = Fetch::get(outer.url());
    let both = [outer.url(), inner.url()];
    let both = granted(&[both[0].as_str(), both[1].as_str()]);
    let outcome = fetch(local_runtime(), &get, both.clone()).await;
    assert_eq!(text(&outcome), "", "it was not asked to follow");
    assert_eq!(inner.connections(), 0);
    get.max_redirects = 1;
    let outcome = fetch(local_runtime(), &get, both).await;
    assert_eq!(text(&outcome), "hello");
    assert_eq!(outcome.receipt.hosts.len(), 2);
}

#[tokio::test]
async fn g44_an_endless_redirect_ends_at_the_hosts_limit() {
    let server = Server::start(|_| redirect(302, "/again"));
    let mut get = Fetch::get(server.url());
    get.max_redirects = u32::MAX;
    let outcome = fetch(local_runtime(), &get, granted(&[&server.url()])).await;
    assert_eq!(text(&outcome), "");
    assert_eq!(server.connections(), 6);
}
