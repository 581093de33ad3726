//! Guests whose schemas would cost or mislead whoever reads them: G35.

use super::{
    family::Family,
    row::{
        Control::Honest,
        End::{Completes, Refused},
        Row,
    },
};
use casemate_guest_forge::Definition;
use serde_json::{Value, json};

macro_rules! schemas {
    ($($id:literal, $what:literal, $schema:expr, $honest:expr;)+) => {
        [$(Row {
            id: $id,
            what: $what,
            guest: |tool| with_schema(tool, &$schema.to_string()),
            ends: Refused("schema_rejected"),
            control: Honest(|tool| with_schema(tool, &$honest.to_string()), Completes),
        }),+]
    };
}

pub(super) static SCHEMAS: Family = Family {
    name: "schemas",
    settings: &[],
    rows: &schemas! {
        "G35a", "ten thousand levels", deep(10_000), deep(10);
        "G35b", "a reference to itself", reference("#"), reference("#/$defs/b");
        "G35c", "references in a circle", reference("#/$defs/a"), reference("#/$defs/b");
        "G35d", "a reference to another place", reference("https://evil.test/schema.json"),
            reference("#/$defs/b");
        "G35e", "a reference to a file", reference("file:///etc/passwd"), reference("#/$defs/b");
        "G35f", "a reference to nothing", reference("#/$defs/none"), reference("#/$defs/b");
        "G35g", "references that multiply", multiply(16), multiply(3);
        "G35h", "a hundred thousand choices", choices(100_000), choices(100);
        "G35i", "more parts than a schema may have", choices(2_100), choices(100);
        "G35ia", "more conditions at once than a schema may have", conditions(2_100), conditions(100);
        "G35j", "an expression that is none", pattern("a(b"), pattern("a(b)");
        "G35k", "an expression that looks back, which costs without bound", pattern("(a+)+\\1$"),
            pattern("(a+)+$");
        "G35l", "an expression that grows when it is compiled", pattern("(((a{100}){100}){100}){100}"),
            pattern("a{100}");
        "G35la", "an expression of very many states", pattern("^[01]*1[01]{20000}$"),
            pattern("^[01]*1[01]{200}$");
        "G35lb", "names of properties of very many states", named("(a{200}){100}"), named("a{100}");
        "G35lc", "expressions that are too large together", patterns(100), patterns(10);
        "G35ld", "what is left over within what is left over", left_over(16), left_over(3);
        "G35le", "a name that an example has as well", named_twice(28), named_twice(0);
        "G35m", "a header with a line end in its name", header(&["X\r\nEvil: 1"]), header(&["City"]);
        "G35n", "the same header twice", header(&["City", "city"]), header(&["City", "Town"]);
        "G35o", "a header without a name", header(&[""]), header(&["City"]);
        "G35p", "not a schema at all", json!({ "type": "object", "properties": { "a": { "type": "x" } } }),
            json!({ "type": "object", "properties": { "a": { "type": "string" } } });
        "G35q", "not an object", json!([1]), json!({ "type": "object" });
        "G35r", "a schema of something that is no object", json!({ "type": "string" }),
            json!({ "type": "object" });
        "G35s", "another dialect", json!({ "type": "object", "$schema": "http://json-schema.org/draft-04/schema#" }),
            json!({ "type": "object", "$schema": "https://json-schema.org/draft/2020-12/schema" });
        "G35t", "a text in it that nobody sees",
            json!({ "type": "object", "properties": { "a": { "description": "a\u{200b}b" } } }),
            json!({ "type": "object", "properties": { "a": { "description": "ab" } } });
        "G35u", "a megabyte of it", json!({ "type": "object", "title": "x".repeat(1 << 20) }),
            json!({ "type": "object", "title": "x".repeat(1 << 10) });
    },
};

/// Schemas that are taken: what they could cost is bounded where arguments are checked.
#[test]
fn an_expression_that_is_costly_elsewhere_is_checked_in_linear_time() {
    let bench = super::family::Bench::start("patterns", &[]);
    let wasm = with_schema("costly", &pattern("^(a+)+$").to_string());
    assert!(matches!(
        bench.send("costly", &wasm),
        super::row::Seen::Completed { .. }
    ));
    let arguments = json!({ "a": "a".repeat(100_000) + "!" });
    let start = std::time::Instant::now();
    let reply = bench
        .gateway
        .modern(&bench.server)
        .call("costly", arguments);
    assert!(reply.is_tool_error(), "{}", reply.http);
    assert!(reply.text().contains("schema"), "{}", reply.text());
    // Backtracking would take longer than the universe is old; this is milliseconds when built
    // with optimization.
    assert!(
        start.elapsed().as_secs() < 10,
        "it took {:?}",
        start.elapsed()
    );
    bench.assert_unharmed();
}

/// The largest text that is not large enough to be checked aside, and an expression that would take
/// seconds for it.
#[test]
fn a_text_that_is_too_long_for_an_expression_is_refused_before_it_is_matched() {
    let bench = super::family::Bench::start("patterns", &[]);
    let schema = pattern("^[01]*1[01]{800}$").to_string();
    bench.send("states", &with_schema("states", &schema));
    let call = |bytes: usize| {
        let arguments = json!({ "a": "1".repeat(bytes) + "2" });
        let client = bench.gateway.modern(&bench.server);
        let reply = client.call("states", arguments);
        let code = &reply.result()["_meta"]["dev.casemate/error"]["code"];
        assert_eq!(code, "input_rejected", "{}", reply.http);
        reply.text().contains("too long to be matched")
    };
    assert!(call(120_000), "it was matched");
    // Control: a shorter one is matched, and does not fit.
    assert!(!call(1_000), "it was not matched");
    bench.assert_unharmed();
}

pub(super) fn with_schema(tool: &str, schema: &str) -> Vec<u8> {
    let mut definition = Definition::named(tool);
    schema.clone_into(&mut definition.schema);
    definition.component()
}

fn deep(levels: usize) -> String {
    let open = r#"{"type":"object","properties":{"a":"#;
    open.repeat(levels) + "{}" + &"}}".repeat(levels)
}

/// Each level is gone through several times by the one around it.
fn left_over(levels: usize) -> Value {
    let last = json!({ "properties": { "b": {} } });
    let within = (0..levels).fold(
        last,
        |within, _| json!({ "allOf": [within], "unevaluatedProperties": false }),
    );
    json!({ "type": "object", "properties": { "a": within } })
}

/// References that multiply, behind a name that means something else where it is first met.
fn named_twice(levels: usize) -> Value {
    let mut definitions = serde_json::Map::new();
    for level in 0..levels {
        let next = json!({ "$ref": format!("#/$defs/d{}", level + 1) });
        let both = json!({ "$anchor": format!("n{level}"), "allOf": [next, next] });
        definitions.insert(format!("d{level}"), both);
        definitions.insert(
            "aa".to_owned(),
            json!({ "examples": [{ "$anchor": "n0" }] }),
        );
    }
    definitions.insert(
        format!("d{levels}"),
        json!({ "$anchor": format!("n{levels}") }),
    );
    json!({ "type": "object", "properties": { "a": { "$ref": "#n0" } }, "$defs": definitions })
}

fn reference(target: &str) -> Value {
    json!({
        "type": "object",
        "properties": { "a": { "$ref": target } },
        "$defs": { "a": { "items": { "$ref": "#/$defs/a" } }, "b": { "type": "string" } },
    })
}

fn multiply(levels: usize) -> Value {
    let level = |n: usize| {
        let next = json!({ "$ref": format!("#/$defs/d{}", n + 1) });
        (format!("d{n}"), json!({ "anyOf": [next, next] }))
    };
    let mut definitions: serde_json::Map<_, _> = (0..levels).map(level).collect();
    definitions.insert(format!("d{levels}"), json!({ "type": "string" }));
    json!({ "type": "object", "properties": { "a": { "$ref": "#/$defs/d0" } }, "$defs": definitions })
}

pub(super) fn choices(count: u32) -> Value {
    let choices: Vec<_> = (0..count).collect();
    json!({ "type": "object", "properties": { "a": { "enum": choices } } })
}

fn conditions(count: u32) -> Value {
    let conditions: Vec<_> = (0..count)
        .map(|n| json!({ "maxProperties": n + 1_000 }))
        .collect();
    json!({ "type": "object", "allOf": conditions })
}

fn pattern(pattern: &str) -> Value {
    json!({ "type": "object", "properties": { "a": { "type": "string", "pattern": pattern } } })
}

fn patterns(count: usize) -> Value {
    let pattern = |n: usize| json!({ "pattern": format!("^{n}[01]*1[01]{{300}}$") });
    json!({ "type": "object", "properties": { "a": { "anyOf": (0..count).map(pattern).collect::<Vec<_>>() } } })
}

fn named(pattern: &str) -> Value {
    json!({ "type": "object", "patternProperties": { pattern: { "type": "string" } } })
}

fn header(names: &[&str]) -> Value {
    let property = |(n, name): (usize, &&str)| {
        (
            format!("p{n}"),
            json!({ "type": "string", "x-mcp-header": name }),
        )
    };
    let properties: serde_json::Map<_, _> = names.iter().enumerate().map(property).collect();
    json!({ "type": "object", "properties": properties })
}

#[test]
fn schemas_that_cost_or_mislead_are_refused() {
    SCHEMAS.ends_as_it_should();
}

#[test]
fn control_schemas_without_the_fault_are_taken() {
    SCHEMAS.ends_otherwise_without_the_guard();
}
