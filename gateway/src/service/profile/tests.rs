use super::*;
use casemate_domain::Json;
use serde_json::{Value, json};

fn tool(schema: &Value) -> ToolDefinition {
    let text = json!({
        "name": "get_weather", "description": "Current weather for a city.",
        "input_schema": schema,
    });
    // Through text: a definition holds raw JSON, which a tree cannot give.
    serde_json::from_str(&text.to_string()).unwrap()
}

fn told(tool: ToolDefinition) -> Vec<String> {
    let warnings = of_tools(&[tool]);
    let line = |warning: &Warning| format!("{}: {}", warning.code.as_str(), warning.detail);
    warnings.iter().map(line).collect()
}

fn told_of(properties: Value) -> Vec<String> {
    told(tool(&json!({ "type": "object", "properties": properties })))
}

#[test]
fn an_ordinary_tool_has_no_warnings() {
    let properties = json!({
        "city": { "type": "string", "description": "City." },
        "days": { "type": "integer", "minimum": 1, "maximum": 14, "description": "Days." },
        "units": { "enum": ["metric", "imperial"], "description": "Units." },
        "tags": { "type": "array", "items": { "type": "string" }, "description": "Tags." },
        "type": { "type": "string", "description": "A property may be called so." },
        "$ref": { "type": "string", "description": "And so." },
    });
    assert_eq!(told_of(properties), [""; 0]);
    assert_eq!(told(tool(&json!({ "type": "object" }))), [""; 0]);
}

#[test]
fn names_that_clients_change_are_told() {
    let named = |name: &str| {
        told(ToolDefinition {
            name: name.parse().unwrap(),
            ..tool(&json!({ "type": "object" }))
        })
    };
    assert_eq!(
        named(&"n".repeat(41)),
        ["name_long: 41 characters; stay within 40"]
    );
    assert_eq!(named("a.b"), ["name_characters: `a.b`"]);
    assert_eq!(named("2nd"), ["name_characters: `2nd`"]);
    assert_eq!(named(&"n".repeat(40)), [""; 0]);
}

#[test]
fn texts_are_measured_in_characters() {
    let described = |count| {
        told(ToolDefinition {
            description: "ä".repeat(count),
            ..tool(&json!({ "type": "object" }))
        })
    };
    assert_eq!(described(1_024), [""; 0]);
    assert_eq!(described(1_025), ["description_long: 1025 characters"]);
    assert_eq!(
        told_of(
            json!({ "b": { "type": "string" }, "a": { "type": "string", "description": " " } })
        ),
        ["argument_undescribed: `a`, `b`"]
    );
}

#[test]
fn a_schema_is_searched_at_every_depth() {
    let inside = |inner: Value| {
        told_of(json!({ "where": {
            "type": "array", "description": "Places.",
            "items": { "type": "object", "properties": { "x": inner } },
        } }))
    };
    for (inner, expected) in [
        (
            json!({ "$ref": "#/$defs/a" }),
            "schema_reference: `where.x`",
        ),
        (
            json!({ "type": "object", "patternProperties": {} }),
            "schema_keyword: `patternProperties`",
        ),
        (
            json!({ "type": "integer", "format": "uint8" }),
            "schema_format: `uint8`",
        ),
        (
            json!({ "type": ["string", "null"] }),
            "schema_type_list: `where.x`",
        ),
        (json!({}), "schema_untyped: `where.x`"),
        (json!(true), "schema_untyped: `where.x`"),
        (json!({ "type": "array" }), "schema_items: `where.x`"),
    ] {
        assert_eq!(inside(inner.clone()), [expected], "{inner}");
    }
    let date = json!({ "type": "string", "format": "date-time" });
    assert_eq!(inside(date), [""; 0]);
}

#[test]
fn a_secret_in_a_header_is_told() {
    let of = |name: &str, header: &str| {
        let one = json!({ "type": "string", "description": "One.", "x-mcp-header": header });
        told_of(json!({ name: one }))
    };
    for (name, header) in [
        ("api_key", "Region"),
        ("apiKey", "Region"),
        ("AuthToken", "Region"),
        ("region", "X-Auth"),
        ("region", "Password"),
    ] {
        assert_eq!(of(name, header), [format!("header_secret: `{name}`")]);
    }
    for name in ["keyboard", "max_tokens", "author", "region"] {
        assert_eq!(of(name, "Region"), [""; 0], "{name}");
    }
    let unmarked = json!({ "api_key": { "type": "string", "description": "One." } });
    assert_eq!(told_of(unmarked), [""; 0]);
}

#[test]
fn unions_at_the_root_depth_and_width_are_told() {
    let root = json!({ "type": "object", "oneOf": [{ "required": ["a"] }] });
    assert_eq!(told(tool(&root)), ["schema_root_union: `oneOf`"]);
    let nested = |levels: usize| {
        let scalar = json!({ "type": "string", "description": "A text." });
        (0..levels).fold(scalar, |inner, _| {
            json!({ "type": "object", "description": "More.", "properties": { "x": inner } })
        })
    };
    assert_eq!(told(tool(&nested(5))), [""; 0]);
    assert_eq!(told(tool(&nested(6))), ["schema_deep: 6 deep"]);
    let wide = |count: usize| {
        let one = json!({ "type": "string", "description": "A text." });
        let all = (0..count).map(|at| (format!("a{at}"), one.clone()));
        told_of(Value::Object(all.collect()))
    };
    assert_eq!(wide(40), [""; 0]);
    assert_eq!(wide(41), ["schema_wide: 41 arguments"]);
}

#[test]
fn a_tool_can_ask_for_so_much_and_not_for_more() {
    let asking = |characters: u64| {
        told(ToolDefinition {
            meta: Some(Json::from(&json!({ RESULT_KEY: characters }))),
            ..tool(&json!({ "type": "object" }))
        })
    };
    assert_eq!(asking(500_000), [""; 0]);
    assert_eq!(asking(500_001).len(), 1);
}

#[test]
fn tokens_are_estimated_from_bytes() {
    assert_eq!([0, 1, 9, 36_000].map(tokens), [0, 1, 2, 8_000]);
}
