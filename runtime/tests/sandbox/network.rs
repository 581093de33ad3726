//! Outgoing requests: to granted hosts only, never where policy forbids, within limits.

use crate::support::{
    http::{Fetch, error},
    local_runtime, reason, run_with, runtime,
    server::{Server, ok, redirect},
    text,
};
use casemate_domain::{Grant, Limits, Outcome, SecretGrant, StopReason};
use casemate_runtime::{Environment, Runtime};
use secrecy::SecretString;
use std::{sync::Arc, time::Instant};

const SECRET: &str = "s3cr3t-value-of-it";

fn granted(hosts: &[&str]) -> Environment {
    let hosts = hosts.iter().map(|host| host.parse().unwrap()).collect();
    Environment {
        grant: Arc::new(Grant {
            hosts,
            ..Grant::default()
        }),
        secrets: Vec::new(),
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

async fn fetch(runtime: &Runtime, fetch: &Fetch, environment: Environment) -> Outcome {
    run_with(runtime, &fetch.guest(), environment, &Limits::default()).await
}

fn hello() -> Server {
    Server::start(|_| ok("hello"))
}

#[tokio::test]
async fn a_granted_host_is_reached_and_noted() {
    let server = hello();
    let get = Fetch::get(server.url());
    let outcome = fetch(local_runtime(), &get, granted(&[&server.url()])).await;
    assert_eq!(text(&outcome), "hello");
    assert_eq!(outcome.receipt.hosts, [server.address.to_string()]);
    let request = server.request();
    assert!(
        request.contains(&format!("host: {}", server.address)),
        "{request}"
    );
}

#[tokio::test]
async fn a_host_that_is_not_granted_sees_no_connection() {
    let server = hello();
    let url = server.url();
    let other_port = "http://127.0.0.1:1";
    let secure = format!("https://{}", server.address);
    for hosts in [&[][..], &[other_port], &["example.com"], &[secure.as_str()]] {
        let outcome = fetch(local_runtime(), &Fetch::get(&url), granted(hosts)).await;
        assert_eq!(error(&outcome).0, "denied", "{hosts:?}");
        assert!(outcome.receipt.hosts.is_empty());
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_grant_does_not_open_what_policy_forbids() {
    let server = hello();
    let port = server.address.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "localhost.",
        "127.1",
        "0x7f.1",
        "2130706433",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
    ] {
        let url = format!("http://{host}:{port}");
        let parsed = url::Url::parse(&url).unwrap();
        let pattern = format!("http://{}:{port}", parsed.host_str().unwrap());
        let outcome = fetch(runtime(), &Fetch::get(&url), granted(&[&pattern])).await;
        let (case, _) = error(&outcome);
        assert_eq!(case, "denied", "{url}");
    }
    assert_eq!(server.connections(), 0);
    let url = server.url();
    let outcome = fetch(local_runtime(), &Fetch::get(&url), granted(&[&url])).await;
    assert_eq!(text(&outcome), "hello", "the control must get through");
}

#[tokio::test]
async fn metadata_services_are_out_of_reach_even_where_private_networks_are_not() {
    for host in ["http://169.254.169.254", "http://[fd00:ec2::254]"] {
        let outcome = fetch(local_runtime(), &Fetch::get(host), granted(&[host])).await;
        assert_eq!(error(&outcome).0, "denied", "{host}");
    }
}

#[tokio::test]
async fn every_hop_of_a_redirect_is_checked() {
    let inner = hello();
    let target = inner.url();
    for status in [301, 302, 303, 307, 308] {
        let target = target.clone();
        let outer = Server::start(move |_| redirect(status, &target));
        let mut get = Fetch::get(outer.url());
        get.max_redirects = 5;
        let outcome = fetch(local_runtime(), &get, granted(&[&outer.url()])).await;
        assert_eq!(error(&outcome).0, "denied", "{status}");
    }
    assert_eq!(inner.connections(), 0);
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
async fn an_endless_redirect_ends_at_the_hosts_limit() {
    let server = Server::start(|_| redirect(302, "/again"));
    let mut get = Fetch::get(server.url());
    get.max_redirects = u32::MAX;
    let outcome = fetch(local_runtime(), &get, granted(&[&server.url()])).await;
    assert_eq!(text(&outcome), "");
    assert_eq!(server.connections(), 6);
}

#[tokio::test]
async fn a_placeholder_is_filled_in_towards_its_host() {
    let server = hello();
    let url = server.url();
    let mut get = Fetch::get(&url);
    get.secret_header = Some(("authorization", "TOKEN"));
    let outcome = fetch(local_runtime(), &get, with_secret(&[&url], &url)).await;
    assert_eq!(text(&outcome), "hello");
    assert_eq!(outcome.receipt.secrets, ["TOKEN"]);
    let request = server.request();
    assert!(
        request.contains(&format!("authorization: {SECRET}")),
        "{request}"
    );
}

#[tokio::test]
async fn a_placeholder_towards_another_host_is_denied() {
    let server = hello();
    let url = server.url();
    let mut get = Fetch::get(&url);
    get.secret_header = Some(("authorization", "TOKEN"));
    let environment = with_secret(&[&url, "api.example.com"], "api.example.com");
    let outcome = fetch(local_runtime(), &get, environment).await;
    let (case, message) = error(&outcome);
    assert_eq!(case, "denied");
    assert!(
        message.contains("TOKEN") && !message.contains(SECRET),
        "{message}"
    );
    assert_eq!(server.connections(), 0);
    assert!(outcome.receipt.secrets.is_empty());
}

#[tokio::test]
async fn a_placeholder_does_not_follow_a_redirect_to_another_origin() {
    let inner = hello();
    let target = inner.url();
    let outer = Server::start(move |_| redirect(307, &target));
    let mut get = Fetch::get(outer.url());
    get.max_redirects = 1;
    get.secret_header = Some(("x-token", "TOKEN"));
    get.headers = vec![
        ("authorization", "own".to_owned()),
        ("accept", "text/plain".to_owned()),
    ];
    let hosts = [outer.url(), inner.url()];
    let environment = with_secret(&[&hosts[0], &hosts[1]], &outer.url());
    let outcome = fetch(local_runtime(), &get, environment).await;
    assert_eq!(text(&outcome), "hello");
    assert!(outer.request().contains(SECRET));
    let second = inner.request();
    assert!(
        !second.contains(SECRET) && !second.contains("casemate-secret"),
        "{second}"
    );
    assert!(!second.contains("authorization"), "{second}");
    assert!(second.contains("accept: text/plain"), "{second}");
}

#[tokio::test]
async fn a_secret_that_comes_back_is_masked_in_the_answer() {
    let server = Server::start(ok);
    let url = server.url();
    let mut get = Fetch::get(&url);
    get.secret_header = Some(("authorization", "TOKEN"));
    let outcome = fetch(local_runtime(), &get, with_secret(&[&url], &url)).await;
    let answer = text(&outcome);
    assert!(answer.contains("[secret TOKEN]"), "{answer}");
    assert!(!answer.contains(SECRET), "{answer}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_read() {
    let sized = Server::start(|_| ok(&"x".repeat(10_001)));
    let unsized_ = Server::start(|_| {
        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
        [head.as_bytes(), &vec![b'x'; 10_001]].concat()
    });
    for server in [sized, unsized_] {
        let mut get = Fetch::get(server.url());
        get.max_body_bytes = Some(10_000);
        let outcome = fetch(local_runtime(), &get, granted(&[&server.url()])).await;
        assert_eq!(error(&outcome).0, "too-large");
        get.max_body_bytes = Some(10_001);
        let outcome = fetch(local_runtime(), &get, granted(&[&server.url()])).await;
        assert_eq!(text(&outcome).len(), 10_001);
    }
}

#[tokio::test]
async fn the_hosts_own_body_limit_stands_above_the_guests() {
    let server = Server::start(|_| ok(&"x".repeat(10_001)));
    let limits = Limits {
        http_body_bytes: 10_000,
        ..Limits::default()
    };
    let mut get = Fetch::get(server.url());
    get.max_body_bytes = Some(u64::MAX);
    let environment = granted(&[&server.url()]);
    let outcome = run_with(local_runtime(), &get.guest(), environment, &limits).await;
    assert_eq!(error(&outcome).0, "too-large");
}

/// A server that takes connections and never answers.
fn silent() -> Server {
    Server::start(|_| {
        std::thread::sleep(std::time::Duration::from_secs(30));
        Vec::new()
    })
}

#[tokio::test]
async fn a_host_that_does_not_answer_times_out() {
    let server = silent();
    let mut get = Fetch::get(server.url());
    get.timeout_ms = Some(100);
    let outcome = fetch(local_runtime(), &get, granted(&[&server.url()])).await;
    assert_eq!(error(&outcome).0, "timed-out");
    get.timeout_ms = Some(0);
    let outcome = fetch(local_runtime(), &get, granted(&[&server.url()])).await;
    assert_eq!(error(&outcome).0, "timed-out");
}

#[tokio::test]
async fn waiting_counts_towards_the_deadline_of_the_call() {
    let server = silent();
    let limits = Limits {
        wall_ms: 200,
        ..Limits::default()
    };
    let started = Instant::now();
    let get = Fetch::get(server.url()).guest();
    let outcome = run_with(local_runtime(), &get, granted(&[&server.url()]), &limits).await;
    // Both deadlines fall together; either way the call is over.
    if !matches!(
        outcome.conclusion,
        casemate_domain::Conclusion::ToolError(_)
    ) {
        assert_eq!(reason(&outcome), StopReason::DeadlineExceeded);
    }
    assert!(started.elapsed().as_millis() < 2_000);
}

#[tokio::test]
async fn requests_are_limited_in_number() {
    let server = hello();
    let limits = Limits {
        http_requests: 3,
        ..Limits::default()
    };
    let mut get = Fetch::get(server.url());
    for (times, connections) in [(3, 3), (4, 6)] {
        get.times = times;
        let environment = granted(&[&server.url()]);
        let outcome = run_with(local_runtime(), &get.guest(), environment, &limits).await;
        if times == 3 {
            assert_eq!(text(&outcome), "hello");
        } else {
            assert_eq!(error(&outcome).0, "limit-reached");
        }
        assert_eq!(server.connections(), connections);
    }
}

#[tokio::test]
async fn requests_that_could_mean_two_things_are_not_sent() {
    let server = hello();
    let address = server.address;
    let bad_urls = [
        format!("http://user:word@{address}/"),
        format!("ftp://{address}/"),
        "not a url".to_owned(),
        "/relative".to_owned(),
        "file:///etc/passwd".to_owned(),
    ];
    for url in bad_urls {
        let outcome = fetch(
            local_runtime(),
            &Fetch::get(&url),
            granted(&[&server.url()]),
        )
        .await;
        assert_eq!(error(&outcome).0, "invalid-request", "{url}");
    }
    for (name, value) in [
        ("host", "evil.example.com"),
        ("Host", "evil.example.com"),
        ("content-length", "5"),
        ("transfer-encoding", "chunked"),
        ("connection", "upgrade"),
        ("proxy-authorization", "x"),
        ("te", "trailers"),
        ("x-split", "a\r\nhost: b"),
        ("bad name", "x"),
    ] {
        let mut get = Fetch::get(server.url());
        get.headers = vec![(name, value.to_owned())];
        let outcome = fetch(local_runtime(), &get, granted(&[&server.url()])).await;
        assert_eq!(error(&outcome).0, "invalid-request", "{name}");
    }
    for method in ["CONNECT", "TRACE", "GET /x HTTP/1.1", ""] {
        let mut get = Fetch::get(server.url());
        get.method = method;
        let outcome = fetch(local_runtime(), &get, granted(&[&server.url()])).await;
        assert_eq!(error(&outcome).0, "invalid-request", "{method}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn failures_name_the_host_and_nothing_inside_it() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let outcome = fetch(local_runtime(), &Fetch::get(&closed), granted(&[&closed])).await;
    let (case, message) = error(&outcome);
    assert_eq!(case, "connection-failed");
    assert!(
        message.starts_with("nobody answers at 127.0.0.1:"),
        "{message}"
    );
    let nowhere = "http://name.invalid";
    let outcome = fetch(local_runtime(), &Fetch::get(nowhere), granted(&[nowhere])).await;
    let (case, message) = error(&outcome);
    assert_eq!(case, "connection-failed");
    assert_eq!(message, "the name name.invalid does not resolve");
}

#[tokio::test]
async fn a_server_without_a_trusted_certificate_is_not_spoken_to() {
    let server = Server::start(|_| ok("plain"));
    let url = format!("https://{}", server.address);
    let outcome = fetch(local_runtime(), &Fetch::get(&url), granted(&[&url])).await;
    let (case, message) = error(&outcome);
    assert_eq!(case, "connection-failed");
    assert!(!message.contains("plain"), "{message}");
}
