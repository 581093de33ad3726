//! Secrets that tools put into requests: by placeholder, or by their value where it is revealed.

use super::{SECRET, fetch, hello, opened, with_secret};
use crate::support::{
    dns::Dns,
    http::{Fetch, error},
    local_runtime,
    server::{Server, ok, redirect},
    text,
};
use std::sync::Arc;

/// How long a placeholder is.
const PLACEHOLDER: usize = "{{casemate-secret-}}".len() + 32;

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
async fn g49_a_placeholder_in_a_url_stays_a_word() {
    let server = hello();
    let url = server.url();
    for bound in [url.as_str(), "api.example.com"] {
        let mut get = Fetch::get(format!("{url}/?key="));
        get.in_url = Some(("placeholder", "TOKEN", PLACEHOLDER));
        let environment = with_secret(&[&url, "api.example.com"], bound);
        let outcome = fetch(local_runtime(), &get, environment).await;
        assert_eq!(text(&outcome), "hello");
        let request = server.request();
        assert!(request.contains("casemate-secret-"), "{request}");
        assert!(!request.contains(SECRET), "{request}");
        assert!(outcome.receipt.secrets.is_empty());
    }
}

#[tokio::test]
async fn g49_a_revealed_secret_in_the_url_of_another_host_is_on_record() {
    // The grant gave the value to the tool and the host to the tool: that is what it means.
    let server = Server::start(ok);
    let url = server.url();
    let mut get = Fetch::get(format!("{url}/?key="));
    get.in_url = Some(("reveal", "TOKEN", SECRET.len()));
    let mut environment = with_secret(&[&url, "api.example.com"], "api.example.com");
    Arc::make_mut(&mut environment.grant).secrets[0].reveal = true;
    let outcome = fetch(local_runtime(), &get, environment).await;
    assert!(server.request().contains(SECRET));
    assert_eq!(outcome.receipt.secrets, ["TOKEN"]);
    assert_eq!(outcome.receipt.hosts, [server.address.to_string()]);
    let answer = text(&outcome);
    assert!(
        !answer.contains(SECRET) && answer.contains("[secret TOKEN]"),
        "{answer}"
    );
}

#[tokio::test]
async fn g24_a_secret_in_the_name_of_a_host_is_masked_in_the_receipt() {
    let dns = Dns::start(|_, _| None);
    let runtime = opened(&[], Some(dns.address));
    let granted = format!("http://leak.{SECRET}");
    let mut get = Fetch::get("http://leak.");
    let mut environment = with_secret(&[&granted], "api.example.com");
    Arc::make_mut(&mut environment.grant).secrets[0].reveal = true;
    get.in_url = Some(("reveal", "TOKEN", SECRET.len()));
    let outcome = fetch(&runtime, &get, environment).await;
    let words = "the name leak.[secret TOKEN] does not resolve";
    assert_eq!(error(&outcome), ("connection-failed", words));
    assert_eq!(outcome.receipt.hosts, ["leak.[secret TOKEN]"]);
}
