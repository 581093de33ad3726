//! URLs and headers that two readers could take for two things: one parser decides and connects.

use super::{fetch, granted, hello, opened};
use crate::support::{
    dns::{Answer, Dns},
    http::{Fetch, error},
    local_runtime,
    server::Neighborhood,
    text,
};
use casemate_runtime::Runtime;

/// A world in which `open.test` is at 127.0.0.2 and everything else at a trap.
fn world() -> (Neighborhood, Runtime) {
    let here = Neighborhood::start(&["127.0.0.2", "127.0.0.1", "127.0.0.3", "::1"]);
    let dns = Dns::start(|name, _| {
        let address = if name == "open.test" {
            "127.0.0.2"
        } else {
            "127.0.0.3"
        };
        Some(Answer::addresses(&[address]))
    });
    // Every address is open: only what the URL means can keep the traps silent.
    let runtime = opened(&["127.0.0.0/8", "::1/128"], Some(dns.address));
    (here, runtime)
}

#[tokio::test]
async fn g46_what_the_grant_was_asked_for_is_what_is_connected_to() {
    let (here, runtime) = world();
    let port = here.port;
    let granted = || granted(&[&format!("http://open.test:{port}")]);
    for url in [
        format!("http://OPEN.Test:{port}/"),
        format!("http://open.test.:{port}/"),
        format!("http://%6fpen.test:{port}/"),
        format!("http://ｏｐｅｎ.test:{port}/"),
        format!("http://open.test:{port}#@127.0.0.1:{port}/"),
        format!("http://open.test:{port}/@127.0.0.1:{port}/"),
        format!("http://open.test:{port}?@127.0.0.1:{port}/"),
        format!("http://open.test:{port}\\@127.0.0.1:{port}/"),
        format!("http://open.test:{port}/http://127.0.0.1:{port}/"),
        format!("http:\\\\open.test:{port}\\"),
        format!("http:open.test:{port}"),
        format!("http:///open.test:{port}"),
        format!("ht\ntp://op\ten.test:{port}/"),
        format!("http://open.test:0{port}/"),
    ] {
        let outcome = fetch(&runtime, &Fetch::get(&url), granted()).await;
        assert_eq!(text(&outcome), "at 127.0.0.2", "{url:?}");
    }
    assert_eq!(here.reached(), ["127.0.0.2"]);
}

#[tokio::test]
async fn g46_urls_that_mean_another_host_are_denied() {
    let (here, runtime) = world();
    let port = here.port;
    let hosts = [format!("http://open.test:{port}"), "open.test".to_owned()];
    let hosts: Vec<_> = hosts.iter().map(String::as_str).collect();
    for url in [
        format!("http://127.0.0.1:{port}\\@open.test:{port}/"),
        format!("http://127.0.0.1:{port}#open.test:{port}"),
        format!("http://127.0.0.1:{port}/open.test:{port}"),
        format!("http://open.test.evil.test:{port}/"),
        format!("http://evil-open.test:{port}/"),
        format!("http://open.test..:{port}/"),
        format!("http://.open.test:{port}/"),
        format!("http://open..test:{port}/"),
        format!("http://op\u{435}n.test:{port}/"),
        "http://open.test:22/".to_owned(),
        "http://open.test/".to_owned(),
        format!("https://open.test:{port}/"),
    ] {
        let outcome = fetch(&runtime, &Fetch::get(&url), granted(&hosts)).await;
        let (case, message) = error(&outcome);
        assert!(
            case == "denied" || case == "invalid-request",
            "{url:?}: {case}"
        );
        assert!(
            case != "denied" || message.contains("--grant-host"),
            "{message}"
        );
    }
    assert_eq!(here.reached(), Vec::<String>::new());
}

#[tokio::test]
async fn g46_an_international_name_is_granted_and_asked_for_in_its_ascii_form() {
    let (here, runtime) = world();
    let port = here.port;
    let url = format!("http://bücher.test:{port}/");
    let ascii = granted(&[&format!("http://xn--bcher-kva.test:{port}")]);
    let outcome = fetch(&runtime, &Fetch::get(&url), ascii).await;
    assert_eq!(text(&outcome), "at 127.0.0.3");
    let other = granted(&[&format!("http://bucher.test:{port}")]);
    let outcome = fetch(&runtime, &Fetch::get(&url), other).await;
    assert_eq!(error(&outcome).0, "denied");
}

#[tokio::test]
async fn g46_line_breaks_in_a_url_begin_no_header() {
    let server = hello();
    let url = server.url();
    let get = Fetch::get(format!(
        "{url}/a\r\nx-evil: 1 HTTP/1.1\r\nhost: evil.test\r\n\r\n"
    ));
    let outcome = fetch(local_runtime(), &get, granted(&[&url])).await;
    assert_eq!(text(&outcome), "hello");
    let request = server.request();
    let lines: Vec<_> = request.lines().collect();
    assert!(
        lines[0].starts_with("get /a") && lines[0].ends_with(" http/1.1"),
        "{request}"
    );
    let hosts = lines.iter().filter(|line| line.starts_with("host:"));
    assert_eq!(hosts.count(), 1, "{request}");
    assert!(
        !lines.iter().any(|line| line.starts_with("x-evil")),
        "{request}"
    );
}

#[tokio::test]
async fn g46_requests_that_could_mean_two_things_are_not_sent() {
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
