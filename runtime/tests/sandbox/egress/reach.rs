//! Ordinary requests: to granted hosts only, within limits of time and number.

use super::{fetch, granted, hello};
use crate::support::{
    http::{Fetch, error},
    local_runtime, reason, run_with,
    server::{Server, ok},
    text,
};
use casemate_domain::{Limits, StopReason};

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
    let get = Fetch::get(server.url()).guest();
    let mut over = Vec::new();
    // A busy machine holds up one or the other, a limit that does not hold all of them.
    while over.len() < 5 && over.iter().all(|over| *over > 100_000) {
        let outcome = run_with(local_runtime(), &get, granted(&[&server.url()]), &limits).await;
        // Both deadlines fall together; either way the call is over.
        if !matches!(
            outcome.conclusion,
            casemate_domain::Conclusion::ToolError(_)
        ) {
            assert_eq!(reason(&outcome), StopReason::DeadlineExceeded);
        }
        over.push(
            outcome
                .receipt
                .wall_us
                .saturating_sub(limits.wall_ms * 1_000),
        );
    }
    assert!(over.iter().any(|over| *over <= 100_000), "{over:?}");
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
async fn the_headers_of_a_request_are_limited_in_number_and_bytes() {
    let server = hello();
    let sends = async |headers: usize, bytes: usize| {
        let mut get = Fetch::get(server.url());
        get.headers = vec![("x", "y".to_owned()); headers];
        let others = 2 * (headers - 1);
        get.headers[0].1 = "y".repeat(bytes - others - 1);
        fetch(local_runtime(), &get, granted(&[&server.url()])).await
    };
    for (headers, bytes) in [(101, 1_000), (50, (32 << 10) + 1)] {
        let outcome = sends(headers, bytes).await;
        let (case, words) = error(&outcome);
        assert_eq!(case, "invalid-request", "{headers} headers, {bytes} bytes");
        assert!(words.contains("headers"), "{words}");
    }
    assert_eq!(server.connections(), 0);
    for (headers, bytes) in [(100, 1_000), (50, 32 << 10)] {
        let outcome = sends(headers, bytes).await;
        assert_eq!(text(&outcome), "hello", "{headers} headers, {bytes} bytes");
    }
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
