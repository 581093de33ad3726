//! Names, and name servers that lie.

use super::{fetch, granted, opened, private};
use crate::support::{
    dns::{Answer, Dns},
    http::{Fetch, error},
    run_with,
    server::Neighborhood,
    text,
};
use casemate_domain::{Limits, Outcome};
use casemate_runtime::Runtime;
use std::time::{Duration, Instant};

/// A request to `http://name.test` at a port, so many times in one call.
async fn ask(runtime: &Runtime, port: u16, times: u32) -> Outcome {
    let url = format!("http://name.test:{port}");
    let mut get = Fetch::get(&url);
    get.times = times;
    fetch(runtime, &get, granted(&[&url])).await
}

#[tokio::test]
async fn g45_a_name_is_asked_for_once_and_leads_to_what_was_checked() {
    let here = Neighborhood::start(&["127.0.0.2", "127.0.0.3"]);
    let dns = Dns::start(|_, round| {
        let address = if round == 0 { "127.0.0.2" } else { "127.0.0.3" };
        Some(Answer::addresses(&[address]))
    });
    let one = opened(&["127.0.0.2/32"], Some(dns.address));
    let outcome = ask(&one, here.port, 1).await;
    assert_eq!(text(&outcome), "at 127.0.0.2");
    assert_eq!(dns.rounds(), 1);
    assert_eq!(here.reached(), ["127.0.0.2"]);
}

#[tokio::test]
async fn g45_a_name_that_moves_inside_is_refused_at_its_next_request() {
    let here = Neighborhood::start(&["127.0.0.2", "127.0.0.3"]);
    let start = || {
        Dns::start(|_, round| {
            let address = if round == 0 { "127.0.0.2" } else { "127.0.0.3" };
            Some(Answer::addresses(&[address]))
        })
    };
    let one = opened(&["127.0.0.2/32"], Some(start().address));
    let outcome = ask(&one, here.port, 2).await;
    let shown = format!("name.test:{}", here.port);
    assert_eq!(error(&outcome), ("denied", private(&shown).as_str()));
    assert_eq!(here.reached(), ["127.0.0.2"]);
    let both = opened(&["127.0.0.0/8"], Some(start().address));
    let outcome = ask(&both, here.port, 2).await;
    assert_eq!(text(&outcome), "at 127.0.0.3", "the control moves");
}

#[tokio::test]
async fn g45_of_mixed_answers_only_open_addresses_are_connected_to() {
    let here = Neighborhood::start(&["127.0.0.2", "127.0.0.3", "::1"]);
    let dns = Dns::start(|_, _| {
        Some(Answer::addresses(&[
            "127.0.0.3",
            "10.0.0.1",
            "169.254.169.254",
            "127.0.0.2",
            "::1",
            "::ffff:127.0.0.3",
        ]))
    });
    let one = opened(&["127.0.0.2/32"], Some(dns.address));
    let outcome = ask(&one, here.port, 1).await;
    assert_eq!(text(&outcome), "at 127.0.0.2");
    assert_eq!(here.reached(), ["127.0.0.2"]);
    let more = opened(&["127.0.0.3/32"], Some(dns.address));
    let outcome = ask(&more, here.port, 1).await;
    assert_eq!(text(&outcome), "at 127.0.0.3", "the control goes there");
}

#[tokio::test]
async fn g45_an_alias_of_something_inside_is_refused() {
    let here = Neighborhood::start(&["127.0.0.3"]);
    let dns = Dns::start(|name, _| {
        let inside = Answer::addresses(&["127.0.0.3"]);
        (name == "name.test").then(|| inside.alias("intranet.corp."))
    });
    let outcome = ask(&opened(&[], Some(dns.address)), here.port, 1).await;
    let shown = format!("name.test:{}", here.port);
    assert_eq!(error(&outcome), ("denied", private(&shown).as_str()));
    assert_eq!(here.reached(), Vec::<String>::new());
    let open = opened(&["127.0.0.3/32"], Some(dns.address));
    assert_eq!(text(&ask(&open, here.port, 1).await), "at 127.0.0.3");
}

#[tokio::test]
async fn g45_of_a_hundred_answers_the_first_sixteen_are_looked_at() {
    let here = Neighborhood::start(&["127.0.0.2"]);
    let place = |open_at: usize| {
        Dns::start(move |_, _| {
            let mut all: Vec<_> = (0..100).map(|last| format!("10.0.0.{last}")).collect();
            all[open_at] = "127.0.0.2".to_owned();
            let all: Vec<_> = all.iter().map(String::as_str).collect();
            Some(Answer::addresses(&all))
        })
    };
    let late = opened(&["127.0.0.2/32"], Some(place(16).address));
    let outcome = ask(&late, here.port, 1).await;
    let shown = format!("name.test:{}", here.port);
    assert_eq!(error(&outcome), ("denied", private(&shown).as_str()));
    assert_eq!(here.reached(), Vec::<String>::new());
    let early = opened(&["127.0.0.2/32"], Some(place(15).address));
    assert_eq!(text(&ask(&early, here.port, 1).await), "at 127.0.0.2");
}

#[tokio::test]
async fn g45_names_that_do_not_exist_are_asked_for_as_often_as_a_call_may_send() {
    let dns = Dns::start(|_, _| None);
    let runtime = opened(&["127.0.0.0/8"], Some(dns.address));
    let outcome = ask(&runtime, 80, 1).await;
    let words = "the name name.test does not resolve";
    assert_eq!(error(&outcome), ("connection-failed", words));
    assert_eq!(dns.rounds(), 1, "neither again nor with a search domain");
    let mut get = Fetch::get("http://name.test");
    (get.times, get.insists) = (100, true);
    let limits = Limits {
        http_requests: 5,
        ..Limits::default()
    };
    let environment = granted(&["http://name.test"]);
    let outcome = run_with(&runtime, &get.guest(), environment, &limits).await;
    assert_eq!(error(&outcome).0, "limit-reached");
    assert_eq!(dns.rounds(), 1 + 5);
}

#[tokio::test]
async fn g45_a_name_server_that_takes_its_time_takes_that_of_the_request() {
    let here = Neighborhood::start(&["127.0.0.2"]);
    let dns = |delay| {
        let delay = Duration::from_millis(delay);
        Dns::start(move |_, _| Some(Answer::addresses(&["127.0.0.2"]).late(delay)))
    };
    let url = format!("http://name.test:{}", here.port);
    let mut get = Fetch::get(&url);
    get.timeout_ms = Some(300);
    let slow = opened(&["127.0.0.2/32"], Some(dns(1_500).address));
    let started = Instant::now();
    let outcome = fetch(&slow, &get, granted(&[&url])).await;
    assert_eq!(error(&outcome).0, "timed-out");
    assert!(started.elapsed() < Duration::from_millis(1_400));
    assert_eq!(here.reached(), Vec::<String>::new());
    let quick = opened(&["127.0.0.2/32"], Some(dns(0).address));
    let outcome = fetch(&quick, &get, granted(&[&url])).await;
    assert_eq!(text(&outcome), "at 127.0.0.2");
}

#[tokio::test]
async fn a_name_server_that_is_not_there_is_not_replaced_by_another() {
    let nobody = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let runtime = opened(&["127.0.0.0/8"], Some(address));
    let outcome = ask(&runtime, 80, 1).await;
    assert_eq!(error(&outcome).0, "connection-failed");
}
