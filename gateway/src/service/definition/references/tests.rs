use super::*;
use serde_json::json;

#[test]
fn references_that_end_are_followed() {
    let schema = json!({
        "properties": { "home": { "$ref": "#/$defs/address" }, "work": { "$ref": "#place" } },
        "$defs": {
            "address": { "properties": { "city": { "$ref": "#/$defs/name" } } },
            "name": { "type": "string" },
            "anywhere": { "$anchor": "place", "type": "string" },
        },
    });
    assert!(measure(&schema).unwrap() > 5);
}

#[test]
fn recursion_is_refused_however_it_is_written() {
    for schema in [
        json!({ "$ref": "#" }),
        json!({ "properties": { "x": { "$ref": "#" } } }),
        json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "$ref": "#/$defs/a" } } }),
        json!({ "anyOf": [{ "$dynamicRef": "#n" }], "$defs": { "n": { "$dynamicAnchor": "n", "items": { "$ref": "#n" } } } }),
    ] {
        assert!(measure(&schema).is_err(), "{schema}");
    }
}

#[test]
fn references_that_multiply_are_refused() {
    let mut definitions = serde_json::Map::new();
    for level in 0..15 {
        let next = json!({ "$ref": format!("#/$defs/d{}", level + 1) });
        definitions.insert(format!("d{level}"), json!({ "allOf": [next, next] }));
    }
    definitions.insert("d15".to_owned(), json!({ "type": "string" }));
    let schema = json!({ "$ref": "#/$defs/d0", "$defs": definitions });
    assert!(measure(&schema).unwrap_err().contains("amounts to more"));
}

/// What is left over within what is left over, so many times: by references, or in place, or of
/// the value of a property.
fn left_over(levels: usize) -> [Value; 3] {
    let mut definitions = serde_json::Map::new();
    let (mut inline, mut below) = (json!({}), json!({}));
    for level in 0..levels {
        let next = json!({ "$ref": format!("#/$defs/d{}", level + 1) });
        let all = json!({ "allOf": [next], "unevaluatedProperties": false });
        definitions.insert(format!("d{level}"), all);
        inline = json!({ "allOf": [inline], "unevaluatedProperties": false });
        let one = json!({ "properties": { "a": below } });
        below = json!({ "anyOf": [one], "unevaluatedProperties": false });
    }
    let last = json!({ "properties": { "b": {} } });
    definitions.insert(format!("d{levels}"), last);
    [
        json!({ "$ref": "#/$defs/d0", "$defs": definitions }),
        inline,
        below,
    ]
}

#[test]
fn what_is_gone_through_again_and_again_counts_as_often() {
    for schema in left_over(7) {
        let problem = measure(&schema).unwrap_err();
        assert!(problem.contains("amounts to more"), "{schema}: {problem}");
    }
    for schema in left_over(3) {
        assert!(measure(&schema).is_ok(), "{schema}");
    }
    let plain = json!({ "properties": { "a": { "unevaluatedProperties": false,
        "properties": { "b": { "unevaluatedProperties": false, "properties": {} } } } } });
    let parts = measure(&plain).unwrap();
    assert!(parts < 20, "names alone tell that, but {parts}");
}

/// Conditions within conditions, so many levels of them, below what has to know what is left over; and
/// below them the same again.
fn conditions(levels: usize, groups: usize) -> Value {
    let mut schema = json!({ "type": "object" });
    for _ in 0..groups {
        for _ in 0..levels {
            schema = json!({ "if": schema, "then": true });
        }
        schema["unevaluatedProperties"] = json!(false);
    }
    schema
}

#[test]
fn levels_that_are_gone_through_again_count_for_each_above_them() {
    assert!(measure(&conditions(3, 1)).is_ok());
    assert!(measure(&conditions(3, 2)).is_ok());
    for (levels, groups) in [(30, 1), (6, 4), (12, 3)] {
        let problem = measure(&conditions(levels, groups)).unwrap_err();
        assert!(problem.contains("amounts to more"), "{problem}");
    }
}

#[test]
fn the_name_of_a_property_is_no_keyword() {
    for name in KNOWN_AT_ONCE {
        let mut schema = json!({ "type": "object" });
        for _ in 0..3 {
            for _ in 0..12 {
                schema = json!({ "if": schema, "then": true });
            }
            let names = json!({ name: schema });
            schema = json!({ "dependentSchemas": names, "unevaluatedProperties": false });
        }
        let problem = measure(&schema).unwrap_err();
        assert!(problem.contains("amounts to more"), "{name}: {problem}");
    }
}

#[test]
fn an_example_may_say_which_dialect_it_is_in() {
    let dialect = "https://json-schema.org/draft/2020-12/schema";
    let schema = |dialect: &str| json!({ "examples": [{ "$schema": dialect, "type": "object" }] });
    assert!(measure(&schema(dialect)).is_ok());
    assert!(measure(&schema("http://json-schema.org/draft-07/schema#")).is_err());
}

/// References that multiply, where nothing but another reading of a name leads.
fn hidden(first: &Value, others: &Value) -> Value {
    let mut definitions = serde_json::Map::new();
    for level in 1..20 {
        let next = json!({ "$ref": format!("#/$defs/d{}", level + 1) });
        definitions.insert(format!("d{level}"), json!({ "allOf": [next, next] }));
    }
    definitions.insert("d20".to_owned(), json!({ "type": "string" }));
    for more in [first, others] {
        definitions.extend(more.as_object().unwrap().clone());
    }
    json!({ "properties": { "a": { "$ref": "#n" }, "b": { "$ref": "#/$defs/x/$defs/y" } },
        "$defs": definitions })
}

#[test]
fn a_name_that_two_parts_have_is_refused() {
    let next = json!({ "$ref": "#/$defs/d1" });
    let long =
        json!({ "d0": { "$anchor": "n", "allOf": [next, next] }, "x": { "$defs": { "y": {} } } });
    for first in [
        json!({ "aa": { "examples": [{ "$anchor": "n" }] } }),
        json!({ "aa": { "$anchor": "n" } }),
        json!({ "aa": { "$dynamicAnchor": "n" } }),
        json!({ "aa": { "const": { "b": [{ "$dynamicAnchor": "n" }] } } }),
    ] {
        let problem = measure(&hidden(&first, &long)).unwrap_err();
        assert!(problem.contains("names two parts `n`"), "{problem}");
    }
    let problem = measure(&hidden(&json!({}), &long)).unwrap_err();
    assert!(problem.contains("amounts to more"), "{problem}");
}

#[test]
fn what_nothing_refers_to_is_looked_at_too() {
    for keyword in ["$id", "$schema"] {
        let first = json!({ "d0": { "$anchor": "n" } });
        let other =
            json!({ "x": { keyword: "urn:x", "$defs": { "y": { "$ref": "#/$defs/d0" } } } });
        let problem = measure(&hidden(&first, &other)).unwrap_err();
        assert!(problem.contains(keyword), "{problem}");
    }
}

#[test]
fn a_reference_to_nothing_is_refused() {
    assert!(measure(&json!({ "$ref": "#/$defs/none" })).is_err());
    assert!(measure(&json!({ "$ref": "#none" })).is_err());
}

#[test]
fn what_a_validator_could_read_differently_is_refused() {
    for schema in [
        json!({ "$ref": "#/$defs/%610", "$defs": { "%610": {}, "a0": { "$ref": "#" } } }),
        json!({ "properties": { "a": { "$id": "x", "$ref": "#/$defs/b" } }, "$defs": { "b": {} } }),
        json!({ "$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveRef": "#" }),
        json!({ "items": { "$recursiveRef": "#" } }),
    ] {
        assert!(measure(&schema).is_err(), "{schema}");
    }
    let plain =
        json!({ "$id": "urn:a", "$schema": DIALECT, "properties": { "id": { "type": "string" } } });
    assert!(measure(&plain).is_ok(), "a property may be called id");
    let example = json!({ "properties": { "a": { "examples": [{ "id": "a-1" }] } } });
    assert!(measure(&example).is_ok(), "and examples may have one");
}
