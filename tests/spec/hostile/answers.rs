//! Guests whose answer is not what they promised: G20.

use super::{
    family::Family,
    row::{
        Control::{Honest, None},
        End::{Completes, Says, Stopped},
        Row,
    },
};
use casemate_guest_forge::{Definition, STRUCTURED, answer_structured};

const PROMISE: &str = r#"{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}"#;

macro_rules! broken {
    ($($id:literal, $what:literal, $answer:expr;)+) => {
        [$(Row {
            id: $id,
            what: $what,
            guest: |tool| answers(tool, $answer),
            ends: Stopped("invalid_output"),
            control: Honest(|tool| answers(tool, r#"{"n":1}"#), Completes),
        }),+]
    };
}

pub(super) static BROKEN: Family = Family {
    name: "promises",
    settings: &[],
    rows: &broken! {
        "G20a", "nothing where JSON should be", "";
        "G20b", "half a JSON value", r#"{"n":1"#;
        "G20c", "two JSON values", r#"{"n":1}{"n":2}"#;
        "G20d", "a key twice", r#"{"n":1,"n":2}"#;
        "G20e", "a key twice, once in escapes", r#"{"n":1,"\u006e":2}"#;
        "G20f", "what is no number", r#"{"n":NaN}"#;
        "G20g", "a number that no machine holds", r#"{"n":1e999}"#;
        "G20h", "a value of another type than it promised", r#"{"n":"one"}"#;
        "G20i", "a value that is missing", r#"{"m":1}"#;
        "G20j", "half of a pair in escapes", r#"{"n":1,"s":"\ud800"}"#;
        "G20k", "a raw line end inside a text", "{\"n\":1,\"s\":\"\n\"}";
    },
};

pub(super) static KEPT: Family = Family {
    name: "edges",
    settings: &[],
    rows: &[
        Row {
            id: "G20l",
            what: "a number that doubles cannot hold",
            guest: |tool| answers(tool, r#"{"n":9007199254740993}"#),
            // It is JSON, it is an integer, and it is passed on digit by digit.
            ends: Says("9007199254740993"),
            control: None("nothing is wrong: clients that read doubles may round it"),
        },
        Row {
            id: "G20m",
            what: "no structured answer, which it promised",
            guest: |tool| promising(tool).guest().call("(i32.const 16)"),
            ends: Stopped("invalid_output"),
            control: Honest(|tool| answers(tool, r#"{"n":1}"#), Completes),
        },
        Row {
            id: "G20n",
            what: "metadata that is no object",
            guest: |tool| {
                let mut guest = Definition::named(tool).guest();
                let (at, len) = guest.place(b"[1]");
                guest.call(&format!(
                    "(i32.store8 (i32.const 48) (i32.const 1))
                     (i32.store (i32.const 52) (i32.const {at}))
                     (i32.store (i32.const 56) (i32.const {len}))
                     (i32.const 16)"
                ))
            },
            ends: Stopped("invalid_output"),
            control: Honest(|tool| answers(tool, r#"{"n":1}"#), Completes),
        },
    ],
};

macro_rules! asked {
    ($($id:literal, $what:literal, $kind:ident, $question:expr;)+) => {
        [$(Row {
            id: $id,
            what: $what,
            guest: |tool| asks(tool, $kind, $question),
            ends: Stopped("invalid_output"),
            control: Honest(|tool| answers(tool, r#"{"n":1}"#), Completes),
        }),+]
    };
}

const FORM: u32 = 0;
const SAMPLE: u32 = 2;

pub(super) static ASKED: Family = Family {
    name: "questions",
    settings: &[],
    rows: &asked! {
        "G20o", "a form of anything", FORM, "{}";
        "G20p", "a form that nests", FORM,
            r#"{"type":"object","properties":{"a":{"type":"object","properties":{}}}}"#;
        "G20q", "a form with a format of its own", FORM,
            r#"{"type":"object","properties":{"a":{"type":"string","format":"password"}}}"#;
        "G20r", "a form that requires what it has not", FORM,
            r#"{"type":"object","properties":{},"required":["a"]}"#;
        "G20s", "a form with fields that may be null", FORM,
            r#"{"type":"object","properties":{"a":{"type":["string","null"]}}}"#;
        "G20t", "a question to the model without messages", SAMPLE, r#"{"maxTokens":1}"#;
        "G20u", "a question to the model without an end", SAMPLE, r#"{"messages":[]}"#;
        "G20v", "a question to the model as the client", SAMPLE,
            r#"{"messages":[],"maxTokens":1,"_meta":{"io.modelcontextprotocol/related-task":{}}}"#;
    },
};

/// Asks for input instead of answering: one question of a kind, with this JSON.
fn asks(tool: &str, kind: u32, json: &str) -> Vec<u8> {
    let mut guest = Definition::named(tool).guest();
    let (at, len) = guest.place(json.as_bytes());
    // A form has a message before its schema; a question to the model is its parameters alone.
    let (key, key_len) = guest.place(b"k");
    let before = if kind == FORM {
        format!(
            "(i32.store (i32.const 268) (i32.const {key})) (i32.store (i32.const 272) (i32.const {key_len}))"
        )
    } else {
        String::new()
    };
    let body = if kind == FORM { 276 } else { 268 };
    guest.call(&format!(
        "(i32.store8 (i32.const 24) (i32.const 1))
         (i32.store (i32.const 28) (i32.const 256))
         (i32.store (i32.const 32) (i32.const 1))
         (i32.store (i32.const 256) (i32.const {key}))
         (i32.store (i32.const 260) (i32.const {key_len}))
         (i32.store8 (i32.const 264) (i32.const {kind}))
         {before}
         (i32.store (i32.const {body}) (i32.const {at}))
         (i32.store (i32.const {}) (i32.const {len}))
         (i32.const 16)",
        body + 4
    ))
}

fn promising(tool: &str) -> Definition {
    let mut definition = Definition::named(tool);
    definition.output_schema = Some(PROMISE.to_owned());
    definition
}

fn answers(tool: &str, json: &str) -> Vec<u8> {
    let mut guest = promising(tool).guest().item(STRUCTURED);
    let json = guest.text(json);
    guest.call(&answer_structured(&json))
}

#[test]
fn answers_that_break_their_promise_are_dropped() {
    BROKEN.ends_as_it_should();
}

#[test]
fn control_an_answer_that_keeps_it_is_passed_on() {
    BROKEN.ends_otherwise_without_the_guard();
}

#[test]
fn questions_that_the_protocol_does_not_have_are_not_asked() {
    ASKED.ends_as_it_should();
}

#[test]
fn control_a_guest_that_asks_nothing_is_passed_on() {
    ASKED.ends_otherwise_without_the_guard();
}

#[test]
fn answers_at_the_edge_are_passed_on_whole_or_not_at_all() {
    KEPT.ends_as_it_should();
}

#[test]
fn control_answers_away_from_the_edge_are_passed_on() {
    KEPT.ends_otherwise_without_the_guard();
}
