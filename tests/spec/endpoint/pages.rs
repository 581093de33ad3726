//! A server with more tools than fit on a page is listed whole, each tool once and in order.

use super::{GATEWAY, assert_error};
use casemate_guest_forge::Definition;
use casemate_tests::mcp::{Legacy, Reply};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs};

/// Tools of each component, and components.
const TOOLS: usize = 200;
const COMPONENTS: usize = 3;

/// All pages, from the first to the one without a cursor.
fn pages(list: impl Fn(Value) -> Reply) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut params = json!({});
    loop {
        let reply = list(params);
        let names = reply.tool_names().into_iter().map(str::to_owned);
        pages.push(names.collect());
        match reply.result().get("nextCursor") {
            Some(cursor) => params = json!({ "cursor": cursor }),
            None => return pages,
        }
        assert!(pages.len() < 10, "the pages have no end");
    }
}

#[test]
fn tools_beyond_a_page_are_reached_by_its_cursor_in_every_revision() {
    let gateway = GATEWAY.get();
    let server = gateway.server("paged");
    for component in 0..COMPONENTS {
        let name = |number| format!("tool_{component}_{number:03}");
        let tools: Vec<_> = (0..TOOLS)
            .map(|number| Definition::named(&name(number)))
            .collect();
        let file = gateway.scratch().join(format!("pages-{component}.wasm"));
        let bytes = Definition::guest_of(&tools).call("(i32.const 16)");
        fs::write(&file, bytes).unwrap();
        gateway.push(&server, &file);
    }
    let modern = gateway.modern(&server);
    let first = pages(|params| modern.message("tools/list", params).send());
    assert_eq!(first.iter().map(Vec::len).collect::<Vec<_>>(), [500, 100]);
    let all: Vec<_> = first.concat();
    assert!(all.is_sorted(), "{all:?}");
    assert_eq!(
        all.iter().collect::<BTreeSet<_>>().len(),
        TOOLS * COMPONENTS
    );
    for version in Legacy::VERSIONS {
        let client = Legacy::connect(gateway.endpoint(&server), &server.key, version);
        assert_eq!(
            pages(|params| client.send("tools/list", params)),
            first,
            "{version}"
        );
    }
    // A tool that is on the second page can be called like any other.
    assert!(!modern.call(&all[550], json!({})).is_tool_error());
    let beside = modern.message("tools/list", json!({ "cursor": 7 })).send();
    assert_error(&beside, 200, -32602);
}
