//! What clients drop or refuse is told to whoever uploads it: as warnings, with stable codes.

use super::{GATEWAY, push, set};
use casemate_guest_forge::Definition;
use casemate_tests::{ADMIN_TOKEN, Gateway, guest, http::post, root, sample};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs};

/// A tool with something to say about most of it.
fn odd() -> Definition {
    let schema = json!({
        "type": "object",
        "$defs": { "place": { "$anchor": "place", "type": "string" } },
        "oneOf": [{ "required": ["where"] }, { "required": ["days"] }],
        "properties": {
            "where": { "$ref": "#/$defs/place", "description": "Place." },
            "days": { "type": ["integer", "null"], "format": "uint8", "description": "Days." },
            "tags": { "type": "array" },
            "more": {},
        },
        "patternProperties": { "^x-": { "type": "string" } },
    });
    Definition {
        description: "Long. ".repeat(200),
        schema: schema.to_string(),
        meta: Some(json!({ "anthropic/maxResultSizeChars": 1_000_000 }).to_string()),
        ..Definition::named("2nd.tool_with_a_name_that_does_not_fit_into_what_is_left")
    }
}

const OF_ODD: [&str; 11] = [
    "argument_undescribed",
    "description_long",
    "name_characters",
    "name_long",
    "result_large",
    "schema_format",
    "schema_items",
    "schema_keyword",
    "schema_reference",
    "schema_root_union",
    "schema_type_list",
];

fn codes(warnings: &Value) -> BTreeSet<String> {
    let warnings = warnings.as_array().unwrap().iter();
    warnings
        .map(|warning| warning["code"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn everything_that_clients_stumble_over_is_told_and_nothing_is_refused() {
    let gateway = &*GATEWAY.get();
    let server = gateway.server("odd");
    let pushed = push(gateway, &server, "odd", &[odd()], &["--json"]).ok();
    let plan = pushed.json();
    let mut expected: BTreeSet<_> = OF_ODD.map(str::to_owned).into();
    expected.insert("schema_untyped".to_owned());
    assert_eq!(codes(&plan["warnings"]), expected);
    for warning in plan["warnings"].as_array().unwrap() {
        assert_eq!(warning["tool"], odd().name, "{warning}");
        assert!(
            warning["message"].as_str().unwrap().ends_with(['.', 'X']),
            "{warning}"
        );
        assert!(warning["detail"].is_string());
    }
    assert_eq!(plan["applied"], true);
    let people = push(gateway, &server, "odd", &[odd()], &[]).ok();
    for code in &expected {
        let line = format!("warning: {code}: ");
        assert!(people.stderr.contains(&line), "{line} {people}");
    }
    assert_eq!(people.stderr.matches("warning: ").count(), expected.len());
    let shown = gateway.cli(["server", "show", &server.id, "--json"]).ok();
    assert_eq!(codes(&shown.json()["warnings"]), expected);
}

#[test]
fn inspect_and_the_upload_itself_tell_the_same() {
    let gateway = &*GATEWAY.get();
    let wasm = odd().component();
    let path = gateway.scratch().join("inspected.wasm");
    fs::write(&path, &wasm).unwrap();
    let inspected = gateway.cli(["inspect", path.to_str().unwrap(), "--json"]);
    let inspected = inspected.ok().json()["warnings"].clone();
    assert!(codes(&inspected).contains("schema_reference"));
    let uploaded = post(&gateway.admin_url("/v1/components"))
        .bearer(ADMIN_TOKEN)
        .header("Content-Type", "application/wasm")
        .body(wasm)
        .send();
    assert_eq!(uploaded.json()["warnings"], inspected);
    let people = gateway.cli(["inspect", path.to_str().unwrap()]).ok();
    assert!(people.stderr.contains("warning: schema_reference: "));
}

#[test]
fn the_samples_have_no_warnings() {
    let gateway = &*GATEWAY.get();
    let samples = [
        "echo",
        "text-stats",
        "json-query",
        "csv-summary",
        "qr-code",
        "http-get",
        "weather",
    ];
    for name in samples {
        let path = sample(name).to_str().unwrap();
        let inspected = gateway.cli(["inspect", path, "--json"]).ok().json();
        assert_eq!(inspected["warnings"], json!([]), "{name}");
    }
}

#[test]
fn a_name_is_measured_as_clients_write_it() {
    let gateway = &*GATEWAY.get();
    let server = gateway.server("a-server-name-of-28-letters-");
    let taken = "mcp____".len() + server.name.len();
    let fits = Definition::named(&"n".repeat(64 - taken));
    let pushed = push(gateway, &server, "fits", &[fits], &["--json"]).ok();
    assert_eq!(pushed.json()["warnings"], json!([]));
    let changed = set(gateway, &server, &["--tool-prefix", "x", "--json"]).ok();
    assert_eq!(
        codes(&changed.json()["warnings"]),
        ["name_long".to_owned()].into()
    );
}

#[test]
fn a_schema_that_names_its_places_is_served_as_it_came() {
    let gateway = &*GATEWAY.get();
    let server = gateway.server("faithful");
    gateway.push(&server, guest("conformance"));
    let list = gateway.modern(&server).list();
    let tools = list.result()["tools"].as_array().unwrap();
    let tool = tools
        .iter()
        .find(|tool| tool["name"] == "json_schema_2020_12_tool")
        .unwrap();
    let address = &tool["inputSchema"]["properties"]["address"];
    assert_eq!(address["$ref"], "#/$defs/address");
}

#[test]
fn a_recorded_answer_that_clients_would_cut_is_told_at_the_next_push() {
    let gateway = Gateway::start();
    let server = gateway.server("large-answers");
    let plan = |gateway: &Gateway| {
        let path = sample("echo").to_str().unwrap();
        let plan = gateway.cli(["push", path, "-s", &server.id, "--json", "--yes"]);
        plan.ok().json()["warnings"].clone()
    };
    assert_eq!(plan(&gateway), json!([]));
    let client = gateway.modern(&server);
    client.call("echo", json!({ "text": "x".repeat(40_000) }));
    gateway.await_outcomes(&server, "echo", 1);
    assert_eq!(plan(&gateway), json!([]));
    client.call("echo", json!({ "text": "x".repeat(60_000) }));
    gateway.await_outcomes(&server, "echo", 2);
    let warnings = plan(&gateway);
    assert_eq!(warnings[0]["code"], "result_large", "{warnings}");
    assert_eq!(warnings[0]["tool"], "echo");
}

#[test]
fn every_code_is_in_the_reference_and_nothing_else() {
    let source = fs::read_to_string(root().join("gateway/src/service/profile.rs")).unwrap();
    let table = source.split("codes! {").nth(1).unwrap();
    let known: BTreeSet<_> = table
        .split("\n}")
        .next()
        .unwrap()
        .lines()
        .filter_map(|line| line.split("= \"").nth(1)?.split('"').next())
        .collect();
    assert!(known.len() > 10 && known.contains("schema_reference"));
    let page = fs::read_to_string(root().join("docs/reference/tool-lists.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: BTreeSet<_> = rows.filter_map(|row| row.split('`').next()).collect();
    assert_eq!(documented, known);
}
