//! Schemas are listed with what they refer to written out, since many clients drop or refuse
//! references, and accept what they accepted before.

use super::{GATEWAY, lists, push};
use casemate_guest_forge::Definition;
use serde_json::{Value, json};

const REFERRING: &str = r##"{
    "type": "object",
    "properties": {
        "to": { "description": "Where it goes.", "$ref": "#/$defs/place" },
        "from": { "$ref": "#/definitions/place" },
        "by": { "type": "string" }
    },
    "required": ["to"],
    "additionalProperties": false,
    "$defs": {
        "place": {
            "description": "A place.", "type": "object", "required": ["name"],
            "properties": { "name": { "$ref": "#/$defs/name" } }
        },
        "name": { "type": "string", "maxLength": 5 }
    },
    "definitions": { "place": { "$ref": "#/$defs/name", "minLength": 2 } }
}"##;

/// The same with nothing to refer to.
const WRITTEN: &str = r#"{"type":"object","properties":{"to":{"description":"Where it goes.","type":"object","required":["name"],"properties":{"name":{"type":"string","maxLength":5}}},"from":{"minLength":2,"type":"string","maxLength":5},"by":{"type":"string"}},"required":["to"],"additionalProperties":false}"#;

fn send(schema: &str) -> Definition {
    Definition {
        schema: schema.to_owned(),
        output_schema: Some(schema.to_owned()),
        ..Definition::named("send")
    }
}

#[test]
fn every_revision_lists_schemas_without_references() {
    let gateway = &*GATEWAY.get();
    let server = gateway.server("written-out");
    push(gateway, &server, "parcels", &[send(REFERRING)], &[]).ok();
    for (version, list) in lists(gateway, &server) {
        // Byte for byte, because models read arguments in the order of their author.
        let text = list.http.text();
        assert!(
            text.contains(&format!("\"inputSchema\":{WRITTEN}")),
            "{version}: {text}"
        );
        let tool = &list.result()["tools"][0];
        if let Some(output) = tool.get("outputSchema") {
            assert_eq!(*output, tool["inputSchema"], "{version}");
        }
        assert!(
            !text.contains("$ref") && !text.contains("efs"),
            "{version}: {text}"
        );
    }
}

#[test]
fn arguments_are_checked_as_the_references_said() {
    let gateway = &*GATEWAY.get();
    let servers = [("by-reference", REFERRING), ("by-hand", WRITTEN)];
    let [by_reference, by_hand] = servers.map(|(name, schema)| {
        let server = gateway.server(name);
        push(gateway, &server, "parcels", &[send(schema)], &[]).ok();
        let client = gateway.modern(&server);
        move |arguments: &Value| {
            let answer = client.call("send", arguments.clone()).text();
            // A call that was run is answered with its id.
            answer.split(" (call_").next().unwrap().to_owned()
        }
    });
    let place = |name: &str| json!({ "name": name });
    for (arguments, path) in [
        (json!({ "to": place("a") }), None),
        (json!({ "to": place("a"), "from": "ab" }), None),
        (json!({ "to": place("too long") }), Some("/to/name")),
        (json!({ "to": {} }), Some("/to")),
        (json!({ "to": place("a"), "from": "a" }), Some("/from")),
        (
            json!({ "to": place("a"), "from": "too long" }),
            Some("/from"),
        ),
    ] {
        let answer = by_reference(&arguments);
        assert_eq!(answer, by_hand(&arguments), "{arguments}");
        match path {
            Some(path) => assert!(answer.contains(path), "{answer}"),
            None => assert!(
                !answer.contains("/to") && !answer.contains("/from"),
                "{answer}"
            ),
        }
    }
}

#[test]
fn inspect_and_push_show_what_is_listed() {
    let gateway = &*GATEWAY.get();
    let server = gateway.server("shown-written-out");
    let pushed = push(gateway, &server, "parcels", &[send(REFERRING)], &["--json"]).ok();
    assert!(
        !pushed.json()["warnings"]
            .to_string()
            .contains("schema_reference")
    );
    let path = gateway.scratch().join("shown-written-out-parcels.wasm");
    let inspected = gateway
        .cli(["inspect", path.to_str().unwrap(), "--json"])
        .ok();
    let written: Value = serde_json::from_str(WRITTEN).unwrap();
    assert_eq!(inspected.json()["tools"][0]["input_schema"], written);
    // Whether the author or the gateway writes it out makes no difference to anybody.
    let by_hand = push(gateway, &server, "parcels", &[send(WRITTEN)], &["--json"]).ok();
    let differences = &by_hand.json()["changes"][0]["differences"];
    assert_eq!(differences.as_array().unwrap().len(), 1, "{differences}");
    assert_eq!(differences[0]["field"], "code");
}

#[test]
fn what_cannot_be_written_out_is_served_as_it_came_and_told() {
    let gateway = &*GATEWAY.get();
    let server = gateway.server("not-written-out");
    let long = "x".repeat(4_000);
    let many: Vec<_> = (0..10)
        .map(|n| format!(r##""{n}":{{"$ref":"#/$defs/a"}}"##))
        .collect();
    let many = many.join(",");
    let too_long = format!(
        r#"{{"type":"object","properties":{{{many}}},"$defs":{{"a":{{"title":"{long}"}}}}}}"#
    );
    let named =
        r##"{"type":"object","properties":{"a":{"$ref":"#b"}},"$defs":{"a":{"$anchor":"b"}}}"##;
    for schema in [&too_long, named] {
        let pushed = push(gateway, &server, "odd", &[send(schema)], &["--json"]).ok();
        assert!(
            pushed.json()["warnings"]
                .to_string()
                .contains("schema_reference")
        );
        let list = gateway.modern(&server).list();
        assert!(
            list.http
                .text()
                .contains(&format!("\"inputSchema\":{schema}"))
        );
    }
}
