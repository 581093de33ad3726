//! A word in, its meaning out, in three ways.

use casemate_guest_sdk::{prelude::*, serde_json::Value};
use glossary::{explain, look_up, word, words};

#[test]
fn a_word_is_found_however_it_is_written() {
    let outcome = testing::call::<look_up>(json!({"word": " Grant"}), &Cx::test()).unwrap();
    let entry = outcome.structured().unwrap();
    assert_eq!(entry["word"], "grant");
    assert_eq!(entry["see_also"], json!(["version", "secret"]));
}

#[test]
fn an_unknown_word_is_answered_with_those_there_are() {
    let error = testing::call::<look_up>(json!({"word": "plugin"}), &Cx::test()).unwrap_err();
    assert!(
        error
            .message()
            .contains("There are: call, component, grant")
    );
}

#[test]
fn words_to_read_next_are_words() {
    let outcome = testing::read::<words>("glossary://words", &Cx::test()).unwrap();
    let all: Vec<Value> = casemate_guest_sdk::serde_json::from_str(&outcome.text()).unwrap();
    let known: Vec<&Value> = all.iter().map(|entry| &entry["word"]).collect();
    assert!(known.is_sorted_by_key(|word| word.as_str()));
    for entry in &all {
        for next in entry["see_also"].as_array().unwrap() {
            assert!(known.contains(&next) && *next != entry["word"], "{entry}");
        }
    }
}

#[test]
fn each_word_has_a_resource() {
    let outcome = testing::read::<word>("glossary://words/key", &Cx::test()).unwrap();
    assert_eq!(
        outcome.text(),
        "# key\n\nWhat a client shows to use one server.\n\nSee also: server.\n"
    );
    let error = testing::read::<word>("glossary://words/plugin", &Cx::test()).unwrap_err();
    assert_eq!(error.error_code(), Some("not-found"));
}

#[test]
fn an_explanation_is_for_beginners_unless_somebody_else_is_named() {
    let text = |arguments: &[(&str, &str)]| {
        let outcome = testing::get::<explain>(arguments, &Cx::test());
        outcome.unwrap().text()
    };
    assert!(text(&[("word", "limit")]).contains("never heard of Casemate"));
    let author = [("word", "limit"), ("reader", "author")];
    assert!(text(&author).contains("somebody who writes tools"));
}

#[test]
fn words_and_readers_are_completed() {
    let complete = |argument, typed| {
        let suggestions = testing::complete::<explain>(argument, typed, &[], &Cx::test());
        suggestions.unwrap().values().to_vec()
    };
    assert_eq!(complete("word", "c"), ["call", "component"]);
    assert_eq!(
        complete("reader", ""),
        ["beginner", "author", "administrator"]
    );
    let suggestions = testing::complete::<word>("word", "se", &[], &Cx::test()).unwrap();
    assert_eq!(suggestions.values(), ["secret", "server"]);
}
