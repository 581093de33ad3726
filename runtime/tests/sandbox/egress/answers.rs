//! Hosts that answer too much, too slowly, or nonsense.

use super::{fetch, granted, with_secret};
use crate::support::{
    http::{Fetch, error},
    local_runtime, run_with,
    server::{Server, ok},
    text,
};
use casemate_domain::{Limits, Outcome};
use casemate_runtime::{Config, EgressPolicy, Runtime};
use flate2::{Compression, write::GzEncoder};
use secrecy::SecretString;
use std::{
    io::Write,
    time::{Duration, Instant},
};

async fn get(server: &Server, change: impl Fn(&mut Fetch)) -> Outcome {
    let mut get = Fetch::get(server.url());
    change(&mut get);
    fetch(local_runtime(), &get, granted(&[&server.url()])).await
}

/// A server whose answer is this head and then this body, compressed.
fn gzipped(size: usize) -> Server {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![b'x'; size]).unwrap();
    let body = encoder.finish().unwrap();
    Server::start(move |_| {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), &body].concat()
    })
}

#[tokio::test]
async fn g47_a_body_without_end_is_cut_at_the_limit() {
    let server = Server::talking(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok();
        while stream.write_all(&[b'x'; 64 << 10]).is_ok() {}
    });
    let outcome = get(&server, |get| get.max_body_bytes = Some(1 << 20)).await;
    assert_eq!(error(&outcome).0, "too-large");
    let outcome = get(&server, |get| get.max_body_bytes = Some(u64::MAX)).await;
    assert_eq!(error(&outcome).0, "too-large", "the host's own limit");
}

#[tokio::test]
async fn g47_a_body_is_counted_after_it_was_decompressed() {
    let bomb = gzipped(64 << 20);
    let started = Instant::now();
    let outcome = get(&bomb, |get| get.max_body_bytes = Some(100_000)).await;
    assert_eq!(error(&outcome).0, "too-large");
    assert!(started.elapsed() < Duration::from_secs(5));
    let small = gzipped(100_000);
    let outcome = get(&small, |get| get.max_body_bytes = Some(100_000)).await;
    assert_eq!(text(&outcome).len(), 100_000, "the control is decompressed");
}

#[tokio::test]
async fn g47_a_body_that_drips_is_timed_as_a_whole() {
    let server = Server::talking(|_, stream| {
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
            .ok();
        while stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let started = Instant::now();
    let outcome = get(&server, |get| get.timeout_ms = Some(300)).await;
    assert_eq!(error(&outcome).0, "timed-out");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn g47_interim_answers_without_end_are_timed_too() {
    let server = Server::talking(|_, stream| {
        while stream
            .write_all(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n")
            .is_ok()
        {
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let outcome = get(&server, |get| get.timeout_ms = Some(300)).await;
    assert_eq!(error(&outcome).0, "timed-out");
}

#[tokio::test]
async fn g47_headers_are_limited_in_number_and_bytes() {
    let answer = |count: usize, size: usize| {
        let header = |number| format!("x-{number}: {}\r\n", "y".repeat(size));
        let headers: String = (0..count).map(header).collect();
        let reply = format!("HTTP/1.1 200 OK\r\n{headers}content-length: 5\r\n\r\nhello");
        Server::start(move |_| reply.clone().into_bytes())
    };
    let words = "the answer has more than 100 headers or 32768 bytes of them";
    for (count, size) in [(100_000, 1), (101, 1), (90, 400), (1, 33_000), (1, 1 << 20)] {
        let outcome = get(&answer(count, size), |_| {}).await;
        assert_eq!(
            error(&outcome),
            ("limit-reached", words),
            "{count} of {size}"
        );
    }
    for (count, size) in [(99, 1), (90, 300), (1, 32_000)] {
        let outcome = get(&answer(count, size), |_| {}).await;
        assert_eq!(text(&outcome), "hello", "{count} of {size}");
    }
}

#[tokio::test]
async fn g47_an_answer_that_breaks_off_or_contradicts_itself_is_no_answer() {
    for reply in [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
        "SSH-2.0-OpenSSH_9.9\r\n\r\n",
    ] {
        let server = Server::start(move |_| reply.as_bytes().to_vec());
        let outcome = get(&server, |_| {}).await;
        assert_eq!(error(&outcome).0, "connection-failed", "{reply:?}");
    }
}

#[tokio::test]
async fn g48_a_thousand_requests_end_at_the_limit() {
    let server = Server::start(|_| ok("hello"));
    let mut get = Fetch::get(server.url());
    (get.times, get.insists) = (1_000, true);
    let environment = granted(&[&server.url()]);
    let limits = Limits::default();
    let outcome = run_with(local_runtime(), &get.guest(), environment, &limits).await;
    assert_eq!(error(&outcome).0, "limit-reached");
    assert_eq!(server.connections(), limits.http_requests as usize);
    let more = Limits {
        http_requests: 100,
        ..limits
    };
    let environment = granted(&[&server.url()]);
    run_with(local_runtime(), &get.guest(), environment, &more).await;
    assert_eq!(server.connections(), 32 + 100, "the control sends more");
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

/// A server that says how long its answer is, and one that does not.
fn of_ten_thousand_bytes() -> [Server; 2] {
    let body = || "x".repeat(10_000);
    let unsized_ = move |_: &str| {
        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
        format!("{head}{}", body()).into_bytes()
    };
    [Server::start(move |_| ok(&body())), Server::start(unsized_)]
}

#[tokio::test]
async fn the_answers_to_a_call_are_limited_together() {
    let limits = Limits {
        http_total_bytes: 25_000,
        ..Limits::default()
    };
    let words = "the answers to this call would be more than 25000 bytes together, which is its \
                 limit `http_total_bytes`";
    for server in of_ten_thousand_bytes() {
        let mut get = Fetch::get(server.url());
        get.times = 2;
        let environment = || granted(&[&server.url()]);
        let outcome = run_with(local_runtime(), &get.guest(), environment(), &limits).await;
        assert_eq!(text(&outcome).len(), 10_000, "the control has enough");
        get.times = 3;
        let outcome = run_with(local_runtime(), &get.guest(), environment(), &limits).await;
        assert_eq!(error(&outcome), ("limit-reached", words));
    }
}

/// A runtime in which all calls together have so much memory.
fn with_memory(total_memory_bytes: u64) -> Runtime {
    let egress = EgressPolicy {
        allow_ranges: vec!["127.0.0.0/8".parse().unwrap()],
        ..EgressPolicy::default()
    };
    Runtime::new(&Config {
        slots: 2,
        total_memory_bytes,
        egress,
        ..Config::default()
    })
    .unwrap()
}

#[tokio::test]
async fn an_answer_is_part_of_the_memory_of_all_calls() {
    let words = "there is no memory for the answer now: the calls that run hold what there is for \
                 them. Try again later";
    let sized = Server::start(|_| ok(&"x".repeat(1_000_000)));
    let unsized_ = Server::start(|_| {
        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
        format!("{head}{}", "x".repeat(1_000_000)).into_bytes()
    });
    // A call may hold two thirds. The guest itself holds 1.3 MiB.
    let (little, enough) = (with_memory(3 << 20), with_memory(12 << 20));
    for server in [sized, unsized_] {
        let get = Fetch::get(server.url());
        let outcome = fetch(&little, &get, granted(&[&server.url()])).await;
        assert_eq!(error(&outcome), ("limit-reached", words));
        assert_eq!(little.memory_held(), 0, "what was read is given back");
        let outcome = fetch(&enough, &get, granted(&[&server.url()])).await;
        assert_eq!(text(&outcome).len(), 1_000_000, "the control has enough");
        assert_eq!(enough.memory_held(), 0);
    }
}

#[tokio::test]
async fn g47_masks_that_are_longer_than_the_secret_count_as_body() {
    let get_echoed = async |times: usize| {
        let server = Server::start(move |_| ok(&"hunter22".repeat(times)));
        let mut environment = with_secret(&[&server.url()], &server.url());
        environment.secrets[0].1 = SecretString::from("hunter22");
        let mut get = Fetch::get(server.url());
        get.max_body_bytes = Some(800);
        get.secret_header = Some(("authorization", "TOKEN"));
        fetch(local_runtime(), &get, environment).await
    };
    let outcome = get_echoed(100).await;
    assert_eq!(error(&outcome).0, "too-large");
    let outcome = get_echoed(50).await;
    assert_eq!(text(&outcome), "[secret TOKEN]".repeat(50));
}
