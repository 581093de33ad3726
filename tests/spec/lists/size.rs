//! Administrators see what a list takes of a model's attention, and what would make it less.

use super::{GATEWAY, push, server_with, set};
use casemate_guest_forge::Definition;
use casemate_tests::{Gateway, Server};
use serde_json::Value;

/// So many tools with descriptions of so many characters.
fn wordy(count: usize, characters: usize) -> Vec<Definition> {
    let tools = (0..count).map(|at| Definition {
        description: "word ".repeat(characters / 5),
        ..Definition::named(&format!("tool_{at:03}"))
    });
    tools.collect()
}

fn shown(gateway: &Gateway, server: &Server) -> Value {
    let shown = gateway.cli(["server", "show", &server.id, "--json"]).ok();
    shown.json()
}

#[test]
fn a_server_shows_the_size_of_its_list_to_the_byte() {
    let gateway = &*GATEWAY.get();
    let server = server_with(gateway, "sized", &["small"]);
    push(gateway, &server, "large", &wordy(1, 900), &[]).ok();
    let check = || {
        let size = shown(gateway, &server)["tools_list"].clone();
        let body = gateway.modern(&server).list().http.body;
        let around = br#"{"jsonrpc":"2.0","id":1,"result":}"#.len();
        assert_eq!(size["bytes"], body.len() - around);
        size
    };
    for flags in [["--tool-prefix", "x_"], ["--tool-search", "on"]] {
        set(gateway, &server, &flags).ok();
        check();
    }
    set(
        gateway,
        &server,
        &["--tool-prefix", "", "--tool-search", "off"],
    )
    .ok();
    let size = check();
    let largest = size["largest"].as_array().unwrap();
    assert_eq!(largest[0]["tool"], "tool_000");
    assert_eq!(largest[1]["tool"], "small");
    assert!(largest[0]["tokens"].as_u64() > Some(200), "{size}");
    let sum = largest.iter().map(|tool| tool["tokens"].as_u64().unwrap());
    assert_eq!(size["tokens"], sum.sum::<u64>());
    let text = gateway.cli(["server", "show", &server.id]).ok().stdout;
    let line = text.lines().find(|line| line.starts_with("tool list"));
    assert!(
        line.is_some_and(|line| line.contains(" tokens, ")),
        "{text}"
    );
    assert!(text.contains("largest    tool_000 ("), "{text}");
}

#[test]
fn a_push_that_makes_a_list_large_says_so_afterwards_with_what_to_do() {
    let gateway = &*GATEWAY.get();
    let server = gateway.server("large-list");
    let small = push(gateway, &server, "tools", &wordy(30, 1_000), &[]).ok();
    assert!(!small.stderr.contains("list_large"), "{small}");
    let large = push(gateway, &server, "tools", &wordy(40, 1_000), &[]).ok();
    let advice = ["list_large", "key create --tool", "--tool-search on"];
    for words in advice {
        assert!(large.stderr.contains(words), "{words}: {large}");
    }
    let plan = push(gateway, &server, "tools", &wordy(40, 1_000), &["--json"]);
    let plan = plan.ok().json();
    assert_eq!(plan["warnings"][0]["code"], "list_large");
    assert_eq!(plan["tools_list"], shown(gateway, &server)["tools_list"]);
    set(gateway, &server, &["--tool-search", "on"]).ok();
    let searched = shown(gateway, &server);
    assert_eq!(searched["warnings"], serde_json::json!([]));
    let size = &searched["tools_list"];
    assert!(size["tokens"].as_u64() < Some(400), "{size}");
    assert_eq!(size["without_search"]["bytes"], plan["tools_list"]["bytes"]);
    assert_eq!(size["largest"], plan["tools_list"]["largest"]);
}

#[test]
fn more_tools_than_clients_take_are_told() {
    let gateway = &*GATEWAY.get();
    let server = gateway.server("many-tools");
    let codes = |count: usize| {
        let plan = push(gateway, &server, "tools", &wordy(count, 5), &["--json"]);
        plan.ok().json()["warnings"].clone()
    };
    assert_eq!(codes(128), serde_json::json!([]));
    assert_eq!(codes(129)[0]["code"], "too_many_tools");
}
