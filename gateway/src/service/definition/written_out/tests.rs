use super::*;
use crate::service::schema::Schema;
use proptest::prelude::*;
use serde_json::json;

/// What is listed for a schema with these definitions.
fn written(schema: &str) -> String {
    let written = write_out(&Json::parse(schema.to_owned()).unwrap());
    written.map_or_else(|| schema.to_owned(), |written| written.get().to_owned())
}

/// What becomes of `own`, which refers to `#/$defs/a`.
fn joined(own: &str, definition: &str) -> String {
    let schema = format!(r#"{{"properties":{{"p":{own}}},"$defs":{{"a":{definition}}}}}"#);
    let written = written(&schema);
    let inner = written.strip_prefix(r#"{"properties":{"p":"#).unwrap();
    inner.strip_suffix("}}").unwrap().to_owned()
}

#[test]
fn references_are_replaced_by_what_they_name() {
    for (own, definition, expected) in [
        (
            r##"{"$ref":"#/$defs/a"}"##,
            r#"{"type":"string"}"#,
            r#"{"type":"string"}"#,
        ),
        (
            r##"{"items":{"$ref":"#/$defs/a"}}"##,
            r#"{"type":"string"}"#,
            r#"{"items":{"type":"string"}}"#,
        ),
        (
            r##"{"anyOf":[{"$ref":"#/$defs/a"},{"type":"null"}]}"##,
            r#"{"type":"string","$defs":{"inner":{}}}"#,
            r#"{"anyOf":[{"type":"string"},{"type":"null"}]}"#,
        ),
        (
            r##"{"$ref":"#/$defs/a/properties/z~1y"}"##,
            r#"{"properties":{"z/y":{"type":"null"}}}"#,
            r#"{"type":"null"}"#,
        ),
        (
            r##"{"$ref":"#/$defs/a","minimum":1}"##,
            "true",
            r#"{"minimum":1}"#,
        ),
        (
            r##"{"$ref":"#/$defs/a","minimum":1}"##,
            "false",
            r#"{"minimum":1,"allOf":[false]}"#,
        ),
    ] {
        assert_eq!(joined(own, definition), expected, "{own}");
    }
}

#[test]
fn what_is_said_beside_a_reference_wins() {
    let own = r##"{"description":"Where it goes.","default":"a","$ref":"#/$defs/a","x-b":1}"##;
    let definition = r#"{"title":"Place","description":"A place.","type":"string","x-b":2}"#;
    assert_eq!(
        joined(own, definition),
        r#"{"description":"Where it goes.","default":"a","x-b":1,"title":"Place","type":"string"}"#
    );
}

#[test]
fn keywords_become_one_schema_only_where_that_says_the_same() {
    let closed = r#"{"properties":{"x":{}},"additionalProperties":false}"#;
    for (own, definition, expected) in [
        (
            r#""minimum":1"#,
            r#"{"maximum":2}"#,
            r#"{"minimum":1,"maximum":2}"#,
        ),
        (r#""minimum":1"#, r#"{"minimum":1}"#, r#"{"minimum":1}"#),
        (
            r#""minimum":1"#,
            r#"{"minimum":2}"#,
            r#"{"minimum":1,"allOf":[{"minimum":2}]}"#,
        ),
        (
            r#""required":["a"]"#,
            r#"{"required":["a","b"]}"#,
            r#"{"required":["a","b"]}"#,
        ),
        (
            r#""properties":{"x":{"type":"null"}}"#,
            r#"{"properties":{"y":{}}}"#,
            r#"{"properties":{"x":{"type":"null"},"y":{}}}"#,
        ),
        (
            r#""properties":{"y":{}}"#,
            closed,
            r#"{"properties":{"y":{}},"allOf":[{"properties":{"x":{}},"additionalProperties":false}]}"#,
        ),
        (
            r#""description":"D""#,
            closed,
            r#"{"description":"D","properties":{"x":{}},"additionalProperties":false}"#,
        ),
        (
            r#""properties":{"y":{}}"#,
            r#"{"unevaluatedProperties":false}"#,
            r#"{"properties":{"y":{}},"allOf":[{"unevaluatedProperties":false}]}"#,
        ),
        (
            r#""allOf":[{}],"if":{}"#,
            r#"{"then":false}"#,
            r#"{"allOf":[{},{"then":false}],"if":{}}"#,
        ),
    ] {
        let own = format!(r##"{{"$ref":"#/$defs/a",{own}}}"##);
        assert_eq!(joined(&own, definition), expected, "{own}");
    }
}

#[test]
fn what_only_looks_like_a_reference_stays() {
    let data = r##"{"$ref":"#/$defs/a"}"##;
    let own = format!(
        r##"{{"properties":{{"$ref":{{"$ref":"#/$defs/a"}},"$defs":{{}}}},"const":{data},"enum":[{data}],"default":{data}}}"##
    );
    let expected = own.replacen(data, r#"{"type":"object"}"#, 1);
    assert_eq!(joined(&own, r#"{"type":"object"}"#), expected);
}

#[test]
fn what_must_not_change_does_not() {
    for schema in [
        r##"{"properties":{"a":{"$ref":"#/$defs/a"}},"$defs":{"a":{"$anchor":"b"}}}"##,
        r##"{"$dynamicRef":"#a","$defs":{"a":{"$dynamicAnchor":"a"}}}"##,
        r##"{"$ref":"#/$defs/a","$dynamicRef":"#/$defs/b","$defs":{"a":{},"b":{}}}"##,
        r#"{"$defs":{"a":{}}}"#,
    ] {
        assert_eq!(written(schema), schema);
    }
}

#[test]
fn references_that_multiply_end_before_they_fill_the_memory() {
    let names: Vec<_> = (0..1_000)
        .map(|n| format!(r##""{n}":{{"$ref":"#/$defs/a"}}"##))
        .collect();
    let long = "x".repeat(1_000);
    let schema = format!(
        r#"{{"properties":{{{}}},"$defs":{{"a":{{"title":"{long}"}}}}}}"#,
        names.join(",")
    );
    assert_eq!(written(&schema), schema);
}

/// Small ones of few kinds, so that two schemas often speak of the same part of one.
fn values() -> impl Strategy<Value = Value> {
    let leaf = || {
        prop_oneof![
            (0..3).prop_map(Value::from),
            "[ab]{1,2}".prop_map(Value::from),
            Just(json!(null)),
        ]
    };
    prop_oneof![
        1 => leaf(),
        2 => prop::collection::vec(leaf(), 0..4).prop_map(Value::from),
        4 => prop::collection::btree_map("[abc]", leaf(), 0..4).prop_map(|map| json!(map)),
    ]
}

fn small_schema() -> BoxedStrategy<Value> {
    let schemas = vec![
        json!(true),
        json!(false),
        json!({ "type": "integer" }),
        json!({ "type": "string" }),
        json!({ "maximum": 1 }),
    ];
    prop::sample::select(schemas).boxed()
}

/// A few keywords around such schemas.
fn schema(inner: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let keyword = prop_oneof![1 => plain_keyword(), 3 => nesting_keyword(inner)];
    prop::collection::vec(keyword, 1..4)
        .prop_map(together)
        .boxed()
}

/// The same beside a reference to a definition.
fn referring(inner: BoxedStrategy<Value>, definition: &'static str) -> BoxedStrategy<Value> {
    let reference = json!({ "$ref": format!("#/$defs/{definition}") });
    let beside = prop_oneof![1 => Just(json!({})), 4 => schema(inner)];
    beside
        .prop_map(move |beside| together(vec![beside, reference.clone()]))
        .boxed()
}

fn together(keywords: Vec<Value>) -> Value {
    let fields = keywords.into_iter().filter_map(|keyword| match keyword {
        Value::Object(fields) => Some(fields),
        _ => None,
    });
    Value::Object(fields.flatten().collect())
}

fn plain_keyword() -> BoxedStrategy<Value> {
    prop_oneof![
        prop::sample::select(vec!["object", "array"]).prop_map(|kind| json!({ "type": kind })),
        (0..3).prop_map(|n| json!({ "maxItems": n })),
        (0..3).prop_map(|n| json!({ "minProperties": n })),
        (0..3).prop_map(|n| json!({ "minContains": n })),
        (0..3).prop_map(|n| json!({ "maxContains": n })),
        "[abc]".prop_map(|name| json!({ "required": [name] })),
        values().prop_map(|value| json!({ "default": value, "title": "T" })),
    ]
    .boxed()
}

fn nesting_keyword(inner: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let one = vec![
        "items",
        "contains",
        "not",
        "if",
        "then",
        "else",
        "propertyNames",
        "additionalProperties",
        "unevaluatedProperties",
        "unevaluatedItems",
    ];
    let several = vec!["allOf", "anyOf", "oneOf", "prefixItems"];
    let by_name = vec!["properties", "patternProperties", "dependentSchemas"];
    let list = prop::collection::vec(inner.clone(), 1..3);
    let map = prop::collection::btree_map("[abc]", inner.clone(), 1..3);
    prop_oneof![
        3 => (prop::sample::select(one), inner).prop_map(|(keyword, one)| json!({ keyword: one })),
        2 => (prop::sample::select(several), list).prop_map(|(keyword, all)| json!({ keyword: all })),
        3 => (prop::sample::select(by_name), map).prop_map(|(keyword, all)| json!({ keyword: all })),
    ]
    .boxed()
}

/// A schema that refers to a definition which refers to another, with keywords beside each reference
/// and references inside of them.
fn documents() -> impl Strategy<Value = Value> {
    let inner = || prop_oneof![3 => small_schema(), 1 => referring(small_schema(), "b")].boxed();
    let a = prop_oneof![schema(inner()), referring(inner(), "b")];
    (referring(inner(), "a"), a, schema(small_schema())).prop_map(|(mut root, a, b)| {
        root["$defs"] = json!({ "a": a, "b": b });
        root
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_is_written_out_accepts_the_same(
        schema in documents(),
        instances in prop::collection::vec(values(), 8),
    ) {
        let original = Json::from(&schema);
        let Ok(before) = Schema::compile(&original) else { return Ok(()) };
        let Some(written) = write_out(&original) else { return Ok(()) };
        prop_assert!(!written.get().contains("\"$ref\""), "{}", written.get());
        let after = Schema::compile(&written).unwrap();
        for instance in instances {
            prop_assert_eq!(
                before.check(&instance).is_ok(), after.check(&instance).is_ok(),
                "{} of {} written as {}", instance, schema, written.get()
            );
        }
    }
}
