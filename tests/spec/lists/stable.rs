//! A list is the same bytes for as long as nothing that it shows changes, so that clients and the
//! caches of models can rely on it.

use super::{lists, push, tools};
use casemate_tests::{Gateway, Server, guest};
use std::collections::BTreeMap;

fn bytes(gateway: &Gateway, server: &Server) -> BTreeMap<&'static str, Vec<u8>> {
    let lists = lists(gateway, server).into_iter();
    lists
        .map(|(version, list)| (version, list.http.body.to_vec()))
        .collect()
}

#[test]
fn a_list_is_the_same_bytes_through_reads_pushes_and_restarts() {
    let mut gateway = Gateway::start();
    let server = gateway.server("stable");
    gateway.push(&server, guest("conformance"));
    push(&gateway, &server, "more", &tools(&["zeta", "alpha"]), &[]).ok();
    let first = bytes(&gateway, &server);
    assert!(first.values().all(|body| body.len() > 5_000));
    for _ in 0..2 {
        assert_eq!(bytes(&gateway, &server), first);
    }
    gateway.push(&server, guest("conformance"));
    push(&gateway, &server, "more", &tools(&["alpha", "zeta"]), &[]).ok();
    assert_eq!(bytes(&gateway, &server), first, "after pushing the same");
    gateway.stop();
    gateway.start_again();
    assert_eq!(bytes(&gateway, &server), first, "after a restart");
    gateway.cli(["tool", "deactivate", "stable/alpha"]).ok();
    let other = bytes(&gateway, &server);
    for (version, body) in &first {
        assert_ne!(other[version], *body, "{version}: this is what is compared");
    }
    gateway.cli(["tool", "activate", "stable/alpha"]).ok();
    assert_eq!(bytes(&gateway, &server), first, "as it was");
}

#[test]
fn tools_are_in_order_of_names_whatever_their_components() {
    let gateway = &*super::GATEWAY.get();
    let server = gateway.server("ordered");
    push(gateway, &server, "one", &tools(&["c", "a"]), &[]).ok();
    push(gateway, &server, "two", &tools(&["d", "B", "b"]), &[]).ok();
    super::assert_listed(gateway, &server, &["B", "a", "b", "c", "d"]);
}
