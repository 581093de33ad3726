//! Tables in, summaries out.

use casemate_guest_sdk::{prelude::*, serde_json::Value};
use csv_summary::csv_summary;

fn summary(arguments: Value) -> Value {
    let outcome = testing::call::<csv_summary>(arguments, &Cx::test()).expect("a valid table");
    outcome.structured().expect("a structured answer")
}

#[test]
fn columns_of_numbers_have_a_minimum_a_maximum_and_a_mean() {
    let table = summary(json!({"csv": "city,celsius\nOslo,-3.5\nRome,14\nOslo,\n"}));
    assert_eq!(
        table,
        json!({"rows": 3, "columns": [
            {"name": "city", "values": 3, "empty": 0, "distinct": 2},
            {"name": "celsius", "values": 2, "empty": 1, "distinct": 2,
             "numbers": {"min": -3.5, "max": 14.0, "mean": 5.25}},
        ]})
    );
}

#[test]
fn another_delimiter_can_be_named() {
    let table = summary(json!({"csv": "a;b\n1,5;2", "delimiter": ";"}));
    assert_eq!(table["columns"][0]["numbers"], json!(null));
    assert_eq!(table["columns"][1]["numbers"]["max"], 2.0);
}

#[test]
fn a_row_of_another_length_is_named() {
    let error = csv_summary("a,b\n1,2\n3".into(), ',').unwrap_err();
    assert!(error.message().contains("line: 3"), "{error:?}");
}

#[test]
fn two_megabytes_are_summarized() {
    let rows: String = (0..100_000)
        .map(|n| format!("{n},name {},{}.5\n", n % 97, n % 13))
        .collect();
    let table = summary(json!({"csv": format!("id,name,amount\n{rows}")}));
    assert_eq!(table["rows"], 100_000);
    assert_eq!(table["columns"][0]["distinct"], 100_000);
    assert_eq!(table["columns"][1]["distinct"], 97);
}
