//! Secrets that the host sends itself, in a header that the grant names.

use super::{SECRET, fetch, hello, with_header};
use crate::support::{
    http::Fetch,
    local_runtime,
    server::{Server, ok, redirect},
    text,
};

const BEARER: &str = "Authorization: Bearer {}";

/// How often a header stands in a request, and its last value.
fn header(request: &str, name: &str) -> (usize, Option<String>) {
    let prefix = format!("{name}: ");
    let values = request
        .lines()
        .filter_map(|line| line.strip_prefix(&prefix));
    let values: Vec<_> = values.map(str::to_owned).collect();
    (values.len(), values.last().cloned())
}

fn bearer() -> (usize, Option<String>) {
    (1, Some(format!("bearer {SECRET}")))
}

#[tokio::test]
async fn the_host_adds_the_header_and_the_tool_does_nothing() {
    let server = hello();
    let url = server.url();
    let outcome = fetch(
        local_runtime(),
        &Fetch::get(&url),
        with_header(&[&url], &url, BEARER),
    )
    .await;
    assert_eq!(text(&outcome), "hello");
    assert_eq!(header(&server.request(), "authorization"), bearer());
    assert_eq!(outcome.receipt.secrets, ["TOKEN"]);
}

#[tokio::test]
async fn the_tools_own_header_gives_way_at_the_bound_host_and_stands_elsewhere() {
    let (bound, other) = (hello(), hello());
    let hosts = [bound.url(), other.url()];
    for (server, expected) in [(&bound, bearer()), (&other, (2, Some("second".to_owned())))] {
        let mut get = Fetch::get(server.url());
        get.headers = vec![
            ("Authorization", "own".to_owned()),
            ("authorization", "second".to_owned()),
        ];
        let environment = with_header(&[&hosts[0], &hosts[1]], &hosts[0], BEARER);
        fetch(local_runtime(), &get, environment).await;
        assert_eq!(header(&server.request(), "authorization"), expected);
    }
}

#[tokio::test]
async fn g49_the_header_goes_to_no_other_granted_host() {
    let (bound, other) = (hello(), hello());
    let hosts = [bound.url(), other.url()];
    let environment = with_header(&[&hosts[0], &hosts[1]], &hosts[0], BEARER);
    let outcome = fetch(local_runtime(), &Fetch::get(&hosts[1]), environment).await;
    assert_eq!(text(&outcome), "hello");
    let request = other.request();
    assert!(
        !request.contains(SECRET) && !request.contains("authorization"),
        "{request}"
    );
    assert!(outcome.receipt.secrets.is_empty());
}

#[tokio::test]
async fn the_header_follows_a_redirect_at_its_own_host_only() {
    for status in [301, 302, 303, 307, 308] {
        let inner = hello();
        let target = inner.url();
        let outer = Server::start(move |head| match head.starts_with("GET /away") {
            true => redirect(status, &target),
            false => redirect(status, "/away"),
        });
        let mut get = Fetch::get(outer.url());
        get.max_redirects = 2;
        let hosts = [outer.url(), inner.url()];
        let environment = with_header(&[&hosts[0], &hosts[1]], &hosts[0], BEARER);
        let outcome = fetch(local_runtime(), &get, environment).await;
        assert_eq!(text(&outcome), "hello");
        assert_eq!(header(&outer.request(), "authorization"), bearer());
        assert_eq!(
            header(&outer.request(), "authorization"),
            bearer(),
            "{status}"
        );
        let request = inner.request();
        assert!(
            !request.contains(SECRET) && !request.contains("authorization"),
            "{request}"
        );
    }
}

#[tokio::test]
async fn a_host_without_the_secret_cannot_send_the_tool_on_with_it() {
    let bound = hello();
    let target = bound.url();
    let outer = Server::start(move |_| redirect(307, &target));
    let mut get = Fetch::get(outer.url());
    get.max_redirects = 1;
    let hosts = [outer.url(), bound.url()];
    let environment = with_header(&[&hosts[0], &hosts[1]], &hosts[1], BEARER);
    let outcome = fetch(local_runtime(), &get, environment.clone()).await;
    assert_eq!(text(&outcome), "hello");
    assert_eq!(header(&bound.request(), "authorization"), (0, None));
    let direct = Fetch::get(bound.url());
    fetch(local_runtime(), &direct, environment).await;
    assert_eq!(
        header(&bound.request(), "authorization"),
        bearer(),
        "the control"
    );
}

#[tokio::test]
async fn what_the_host_sends_back_does_not_show_the_tool_its_secret() {
    // The size of the answer as the tool gave it tells what the tool saw: the mask is shorter.
    let value = "v".repeat(100);
    let server = {
        let value = value.clone();
        Server::start(move |head| {
            assert!(head.contains(&value));
            ok(&value)
        })
    };
    let url = server.url();
    let mut environment = with_header(&[&url], &url, BEARER);
    environment.secrets[0].1 = value.into();
    let hidden = fetch(local_runtime(), &Fetch::get(&url), environment.clone()).await;
    assert_eq!(text(&hidden), "[secret TOKEN]");
    let grant = std::sync::Arc::make_mut(&mut environment.grant);
    grant.secrets[0].reveal = true;
    let revealed = fetch(local_runtime(), &Fetch::get(&url), environment).await;
    assert_eq!(
        text(&revealed),
        "[secret TOKEN]",
        "others see the mask either way"
    );
    let difference = revealed.receipt.bytes_out - hidden.receipt.bytes_out;
    assert_eq!(difference, 100 - "[secret TOKEN]".len() as u64);
}
