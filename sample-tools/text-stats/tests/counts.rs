//! Texts in, counts out.

use casemate_guest_sdk::{prelude::*, serde_json::Value};
use text_stats::text_stats;

fn stats(arguments: Value) -> Value {
    let outcome = testing::call::<text_stats>(arguments, &Cx::test()).expect("a text");
    outcome.structured().expect("a structured answer")
}

#[test]
fn words_lines_and_sentences_are_counted() {
    assert_eq!(
        stats(json!({"text": "To be, or not to be?\nThat's it.", "top": 2})),
        json!({
            "characters": 31,
            "words": 8,
            "lines": 2,
            "sentences": 2,
            "frequent": [{"word": "be", "count": 2}, {"word": "to", "count": 2}],
        })
    );
}

#[test]
fn five_words_are_listed_unless_more_are_asked_for() {
    let stats = stats(json!({"text": "a b c d e f g"}));
    assert_eq!(stats["frequent"].as_array().unwrap().len(), 5);
}
