//! Resources of a component are served like its tools: listed from what was stored at upload, read in
//! a sandbox of their own, with the same keys, limits and records.

mod deployment;
mod subscriptions;

use casemate_guest_forge::{Definition, Offers};
use casemate_tests::{
    Gateway, Server, Shared, guest,
    mcp::{Legacy, Message, Modern, Reply},
    sample,
};
use serde_json::{Value, json};
use std::{fs, path::PathBuf, sync::Arc};

static GATEWAY: Shared<Gateway> = Shared::new(Gateway::start);

pub(crate) const TEXT: &str = "test://static-text";
const BINARY: &str = "test://static-binary";
const ASKING: &str = "test://who-reads";

/// A server with the resources and prompts of the conformance suite.
fn guest_server(name: &str) -> (Arc<Gateway>, Server) {
    let gateway = GATEWAY.get();
    let server = gateway.server(name);
    gateway.push(&server, guest("conformance"));
    (gateway, server)
}

/// A component with one tool of this name and what is offered beside it.
pub(crate) fn made(gateway: &Gateway, tool: &str, offers: &Offers) -> PathBuf {
    let wasm = offers.component_beside(Definition::named(tool).guest());
    let number = fs::read_dir(gateway.scratch()).unwrap().count();
    let path = gateway.scratch().join(format!("{tool}-{number}.wasm"));
    fs::write(&path, wasm).unwrap();
    path
}

pub(crate) fn reading(client: &Modern, uri: &str) -> Message {
    client.message("resources/read", json!({ "uri": uri }))
}

fn read_legacy(client: &Legacy, uri: &str) -> Reply {
    client.send("resources/read", json!({ "uri": uri }))
}

#[track_caller]
fn item<'a>(reply: &'a Reply, list: &str, key: &str, value: &str) -> &'a Value {
    let items = reply.result()[list].as_array().unwrap();
    let found = items.iter().find(|item| item[key] == value);
    found.unwrap_or_else(|| panic!("no {value}: {}", reply.http))
}

#[test]
fn resources_and_families_are_listed_in_the_shape_of_each_revision() {
    let (gateway, server) = guest_server("lists-resources");
    let client = gateway.modern(&server);
    let modern = client.message("resources/list", json!({})).send();
    let text = item(&modern, "resources", "uri", TEXT);
    assert_eq!(text["title"], "Static text");
    assert_eq!(text["name"], "static_text");
    assert!(!text["description"].as_str().unwrap().is_empty());
    assert_eq!(modern.result()["resultType"], "complete");
    assert_eq!(modern.result()["cacheScope"], "private");
    assert!(modern.result()["ttlMs"].is_u64());
    let families = client.message("resources/templates/list", json!({})).send();
    let uri = "test://template/{id}/data";
    let family = item(&families, "resourceTemplates", "uriTemplate", uri);
    assert_eq!(family["name"], "template_data");
    assert_eq!(families.result()["cacheScope"], "private");
    for version in Legacy::VERSIONS {
        let legacy = Legacy::connect(gateway.endpoint(&server), &server.key, version);
        let listed = legacy.send("resources/list", json!({}));
        let text = item(&listed, "resources", "uri", TEXT);
        assert_eq!(
            text.get("title").is_some(),
            version >= "2025-06-18",
            "{version}"
        );
        assert_eq!(listed.result().get("ttlMs"), None);
        let capabilities = &legacy.greeting().result()["capabilities"];
        assert_eq!(
            capabilities["resources"],
            json!({ "subscribe": true, "listChanged": true })
        );
    }
}

#[test]
fn long_lists_come_in_pages_and_a_cursor_of_none_is_refused() {
    let gateway = GATEWAY.get();
    let server = gateway.server("pages");
    for (tool, from) in [("first", 0), ("second", 400)] {
        let uris = (from..from + 400).map(|n| format!("n:{n:04}")).collect();
        let offers = Offers {
            uris,
            templates: Vec::new(),
            prompts: Vec::new(),
            ..Offers::ordinary()
        };
        let path = made(&gateway, tool, &offers);
        gateway.push_with(&server, &path, &["--name", tool]);
    }
    let client = gateway.modern(&server);
    let first = client.message("resources/list", json!({})).send();
    assert_eq!(first.result()["resources"].as_array().unwrap().len(), 500);
    let cursor = &first.result()["nextCursor"];
    let rest = client
        .message("resources/list", json!({ "cursor": cursor }))
        .send();
    let rest = &rest.result()["resources"];
    assert_eq!(
        (rest[0]["uri"].as_str(), rest[299]["uri"].as_str()),
        (Some("n:0500"), Some("n:0799"))
    );
    let wrong = client.message("resources/list", json!({ "cursor": "%" }));
    assert_eq!(wrong.send().code(), -32602);
}

#[test]
fn text_is_read_as_text_and_bytes_as_base64() {
    let (gateway, server) = guest_server("reads");
    let client = gateway.modern(&server);
    let text = reading(&client, TEXT).send();
    let contents = &text.result()["contents"][0];
    assert_eq!(contents["uri"], TEXT);
    assert_eq!(
        contents["text"],
        "This is the content of the static text resource."
    );
    assert_eq!(text.result()["cacheScope"], "private");
    assert_eq!(text.result()["ttlMs"], 0);
    for version in Legacy::VERSIONS {
        let legacy = Legacy::connect(gateway.endpoint(&server), &server.key, version);
        let bytes = read_legacy(&legacy, BINARY);
        let contents = &bytes.result()["contents"][0];
        assert_eq!(contents["mimeType"], "image/png");
        assert!(
            contents["blob"]
                .as_str()
                .unwrap()
                .starts_with("iVBORw0KGgo")
        );
        assert_eq!(bytes.result().get("ttlMs"), None);
    }
}

#[test]
fn a_resource_of_a_family_is_read_by_its_whole_uri() {
    let (gateway, server) = guest_server("families");
    let client = gateway.modern(&server);
    let read = reading(&client, "test://template/a%20b/data").send();
    let contents = &read.result()["contents"][0];
    assert_eq!(contents["uri"], "test://template/a%20b/data");
    assert!(
        contents["text"].as_str().unwrap().contains("a b"),
        "{contents}"
    );
    for other in [
        "test://template//data",
        "test://template/1/2/data",
        "test://template/1",
    ] {
        assert_eq!(reading(&client, other).send().code(), -32602, "{other}");
    }
}

#[test]
fn what_is_not_there_is_said_in_the_way_of_each_era() {
    let (gateway, server) = guest_server("not-there");
    let client = gateway.modern(&server);
    let legacy = gateway.legacy(&server);
    // The last one is listed, and its component finds nothing.
    for uri in ["test://nothing", "no uri at all", "test://vanished"] {
        let reply = reading(&client, uri).send();
        assert_eq!((reply.status(), reply.code()), (200, -32602), "{uri}");
        assert_eq!(reply.error()["data"]["uri"], uri);
        let reply = read_legacy(&legacy, uri);
        assert_eq!((reply.status(), reply.code()), (200, -32002), "{uri}");
    }
    let without = client.message("resources/read", json!({}));
    assert_eq!(without.send().code(), -32602);
}

#[test]
fn a_server_without_any_does_not_know_the_methods() {
    let gateway = GATEWAY.get();
    let server = gateway.server("tools-only");
    gateway.push(&server, sample("echo"));
    let client = gateway.modern(&server);
    let capabilities = client.discover().result()["capabilities"].clone();
    for kind in ["resources", "prompts", "completions"] {
        assert_eq!(capabilities.get(kind), None);
    }
    for method in [
        "resources/list",
        "resources/templates/list",
        "resources/read",
        "prompts/list",
        "prompts/get",
        "completion/complete",
    ] {
        let params = json!({ "uri": "a:b", "name": "a" });
        let reply = client.message(method, params.clone()).send();
        assert_eq!((reply.status(), reply.code()), (404, -32601), "{method}");
        let reply = gateway.legacy(&server).send(method, params);
        assert_eq!((reply.status(), reply.code()), (200, -32601), "{method}");
    }
    let subscribed = gateway.legacy(&server);
    let reply = subscribed.send("resources/subscribe", json!({ "uri": "a:b" }));
    assert_eq!(reply.code(), -32601);
}

#[test]
fn the_header_repeats_the_uri() {
    let (gateway, server) = guest_server("mirrors");
    let client = gateway.modern(&server);
    let other = reading(&client, TEXT).with("Mcp-Name", BINARY).send();
    assert_eq!((other.status(), other.code()), (400, -32020));
    let none = reading(&client, TEXT).without("Mcp-Name").send();
    assert_eq!((none.status(), none.code()), (400, -32020));
    let encoded = reading(&client, TEXT).with("Mcp-Name", "=?base64?dGVzdDovL3N0YXRpYy10ZXh0?=");
    assert_eq!(encoded.send().result()["contents"][0]["uri"], TEXT);
    let legacy = gateway.legacy(&server);
    let said = legacy.request("resources/read", json!({ "uri": TEXT }));
    let wrong = Reply::of(said.clone().header("Mcp-Name", BINARY).send());
    assert_eq!(wrong.code(), -32020);
    assert!(
        Reply::of(said.header("Mcp-Name", TEXT).send())
            .result()
            .is_object()
    );
}

#[test]
fn a_resource_that_asks_is_read_with_the_answer() {
    let (gateway, server) = guest_server("asks");
    let able = json!({ "elicitation": {} });
    let client = gateway.modern(&server);
    let first = reading(&client, ASKING).capabilities(able.clone()).send();
    assert_eq!(first.result()["resultType"], "input_required");
    let question = &first.result()["inputRequests"]["user_name"];
    assert_eq!(question["method"], "elicitation/create");
    let answer = json!({ "action": "accept", "content": { "name": "Ada" } });
    let mut again = reading(&client, ASKING)
        .capabilities(able)
        .param("inputResponses", json!({ "user_name": answer }));
    if let Some(state) = first.result().get("requestState") {
        again = again.param("requestState", state.clone());
    }
    assert_eq!(again.send().result()["contents"][0]["text"], "For Ada.");
    let unable = reading(&client, ASKING).send();
    assert_eq!((unable.status(), unable.code()), (400, -32021));

    let can = json!({ "elicitation": { "form": {} } });
    let (url, version) = (gateway.endpoint(&server), Legacy::NEWEST);
    let legacy = Legacy::connect_with(url, &server.key, version, can);
    let mut events = legacy.stream("resources/read", json!({ "uri": ASKING }));
    let question = events.expect();
    legacy.answer(&question, answer);
    let ended = events.expect();
    assert_eq!(
        ended["result"]["contents"][0]["text"], "For Ada.",
        "{ended}"
    );
}

#[test]
fn a_read_is_recorded_with_its_uri_and_its_receipt() {
    let (gateway, server) = guest_server("recorded-reads");
    let client = gateway.modern(&server);
    let read = reading(&client, TEXT).send();
    let id = &read.result()["_meta"]["dev.casemate/call-id"];
    reading(&client, "test://vanished").send();
    let logs = ["logs", "--json", "-s", &server.id];
    let of = |more: &[&str]| -> Vec<Value> {
        let logged = gateway.cli(logs.iter().chain(more)).ok().stdout;
        let lines = logged.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let all = of(&[]);
    assert_eq!(all.len(), 2, "{all:?}");
    let [record] = &of(&["--resource", TEXT])[..] else {
        panic!("{all:?}")
    };
    assert_eq!((&record["id"], &record["resource"]), (id, &json!(TEXT)));
    assert_eq!(record.get("tool"), None);
    assert_eq!(record["outcome"], "ok");
    assert!(record["receipt"]["fuel"].as_u64().unwrap() > 0);
    assert_eq!(
        of(&["--resource", "test://vanished"])[0]["outcome"],
        "protocol_error"
    );
    let shown = gateway.cli(["logs", "-s", &server.id]).ok().stdout;
    assert!(shown.contains("resource test://"), "{shown}");
}

#[test]
fn reads_keep_within_the_limits_of_their_server() {
    let (gateway, server) = guest_server("limited-reads");
    let client = gateway.modern(&server);
    let long = format!("test://template/{}/data", "a".repeat(500));
    assert!(reading(&client, &long).send().result().is_object());
    let set = ["limits", "set", "-s", &server.id, "output_bytes=1KiB"];
    gateway.cli(set).ok();
    assert!(reading(&client, TEXT).send().result().is_object());
    let stopped = reading(&client, &long).send();
    assert_eq!((stopped.status(), stopped.code()), (200, -32603));
    let error = &stopped.error()["data"]["dev.casemate/error"];
    assert_eq!(error["code"], "output_too_large", "{}", stopped.http);
    assert_eq!(error["source"], "gateway");
}

#[test]
fn nobody_reads_without_the_key_of_the_server() {
    let (gateway, server) = guest_server("mine");
    let (_, other) = guest_server("theirs");
    let stranger = Modern::new(gateway.endpoint(&server), &other.key);
    for method in ["resources/list", "prompts/list"] {
        let reply = stranger.message(method, json!({})).send();
        assert_eq!(reply.status(), 401, "{method}");
    }
    assert_eq!(reading(&stranger, TEXT).send().status(), 401);
    gateway.cli(["server", "deactivate", &server.id]).ok();
    assert_eq!(reading(&gateway.modern(&server), TEXT).send().status(), 404);
}
