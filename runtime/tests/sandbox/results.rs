//! What a tool answers, and what of it is not passed on.

use crate::support::{
    a_call,
    guest::{ANSWER_TEXT, Guest, STRUCTURED, answer_structured, answer_text, guest},
    reason, run, runtime, text,
};
use casemate_domain::{Conclusion, Json, Limits, LogLine, Request, StopReason};
use casemate_runtime::{Environment, Observer};
use std::sync::{Arc, Mutex};

fn structured(json: &str) -> Vec<u8> {
    let mut guest = Guest::default().item(STRUCTURED);
    let json = guest.text(json);
    guest.call(&answer_structured(&json))
}

#[tokio::test]
async fn a_text_is_passed_on_and_counted() {
    let mut guest = Guest::default().item(ANSWER_TEXT);
    let words = guest.text("it is sunny");
    let outcome = run(&guest.call(&answer_text(&words)), &Limits::default()).await;
    assert_eq!(text(&outcome), "it is sunny");
    assert_eq!(outcome.receipt.bytes_out, 11 + 16);
    assert_eq!(outcome.receipt.bytes_in, 2);
    assert!(outcome.receipt.fuel > 0 && outcome.receipt.wall_us > 0);
    assert!(outcome.receipt.digest.is_some());
}

#[tokio::test]
async fn a_structured_answer_is_passed_on_byte_for_byte() {
    let outcome = run(&structured(r#"{"a": [1.50, null]}"#), &Limits::default()).await;
    let Conclusion::Complete(result) = outcome.conclusion else {
        panic!("{:?}", outcome.conclusion);
    };
    assert_eq!(result.structured.unwrap().get(), r#"{"a": [1.50, null]}"#);
}

#[tokio::test]
async fn an_answer_that_is_not_json_is_dropped() {
    let deep = "[".repeat(65) + &"]".repeat(65);
    for json in ["", "{", "NaN", r#"{"a":1,"a":2}"#, deep.as_str()] {
        let outcome = run(&structured(json), &Limits::default()).await;
        assert_eq!(reason(&outcome), StopReason::InvalidOutput, "{json}");
    }
}

#[tokio::test]
async fn the_arguments_reach_the_tool_as_they_are() {
    // The third and fourth words of the parameters are the address and length of the arguments.
    let echo = Guest::default().item(ANSWER_TEXT).call(&answer_text(
        "(i32.load offset=8 (local.get 0)) (i32.load offset=12 (local.get 0))",
    ));
    let component = runtime().compile(&echo).unwrap();
    let mut call = a_call();
    call.request = Request::Tool {
        name: "tool".parse().unwrap(),
        arguments: Json::parse(r#"{"city": "Zürich"}"#.to_owned()).unwrap(),
    };
    let outcome = runtime()
        .call(
            &component,
            &call,
            Environment::default(),
            &Limits::default(),
            Arc::new(casemate_runtime::Unobserved),
        )
        .await;
    assert_eq!(text(&outcome), r#"{"city": "Zürich"}"#);
}

#[tokio::test]
async fn nothing_of_one_call_is_there_in_the_next() {
    // Answers with what it finds at 8192, and writes there.
    let remembers = Guest::default()
        .item(ANSWER_TEXT)
        .item("(table $t 4 funcref) (elem declare func $answer_text)")
        .item("(global $seen (mut i32) (i32.const 0))")
        .call(
            "(if (i32.or (i32.load (i32.const 8192)) (global.get $seen)) (then unreachable))
             (if (i32.eqz (ref.is_null (table.get $t (i32.const 2)))) (then unreachable))
             (if (i32.ne (memory.size) (i32.const 20)) (then unreachable))
             (i32.store (i32.const 8192) (i32.const 1))
             (global.set $seen (i32.const 1))
             (table.set $t (i32.const 2) (ref.func $answer_text))
             (drop (memory.grow (i32.const 10)))
             (i32.store (i32.const 1900000) (i32.const 1))
             (i32.const 16)",
        );
    for _ in 0..200 {
        let outcome = run(&remembers, &Limits::default()).await;
        assert!(
            matches!(outcome.conclusion, Conclusion::Complete(_)),
            "{:?}",
            outcome.conclusion
        );
    }
}

#[tokio::test]
async fn a_tool_error_is_an_answer() {
    let mut guest = Guest::default();
    let message = guest.text("no such city");
    let wasm = guest
        .item("(func $say (param i32 i32) (i32.store (i32.const 32) (local.get 0)) (i32.store (i32.const 36) (local.get 1)))")
        .call(&format!(
            "(i32.store8 (i32.const 16) (i32.const 1)) (call $say {message}) (i32.const 16)"
        ));
    let outcome = run(&wasm, &Limits::default()).await;
    let Conclusion::ToolError(error) = outcome.conclusion else {
        panic!("{:?}", outcome.conclusion);
    };
    assert_eq!(error.message, "no such city");
}

#[tokio::test]
async fn need_input_without_requests_is_an_answer_and_too_much_state_is_not() {
    // The state: present, at 65536, with this length.
    let asks = |bytes: u32| {
        guest(&format!(
            "(i32.store8 (i32.const 24) (i32.const 1))
             (i32.store8 (i32.const 36) (i32.const 1))
             (i32.store (i32.const 40) (i32.const 65536))
             (i32.store (i32.const 44) (i32.const {bytes}))
             (i32.const 16)"
        ))
    };
    let outcome = run(&asks(64 << 10), &Limits::default()).await;
    let Conclusion::NeedInput(need) = &outcome.conclusion else {
        panic!("{:?}", outcome.conclusion);
    };
    assert_eq!(need.state.as_ref().unwrap().len(), 64 << 10);
    let outcome = run(&asks((64 << 10) + 1), &Limits::default()).await;
    assert_eq!(reason(&outcome), StopReason::InvalidOutput);
}

#[derive(Default)]
struct Recorder {
    progress: Mutex<Vec<(f64, Option<f64>)>>,
    lines: Mutex<Vec<String>>,
}

impl Observer for Recorder {
    fn progress(&self, done: f64, total: Option<f64>, _: Option<&str>) {
        self.progress.lock().unwrap().push((done, total));
    }

    fn log(&self, line: &LogLine) {
        self.lines.lock().unwrap().push(line.message.clone());
    }
}

#[tokio::test]
async fn progress_must_rise_and_be_a_number() {
    let report = |done: &str| {
        format!(
            "(call $report (f64.const {done}) (i32.const 1) (f64.const 4) (i32.const 0) (i32.const 0) (i32.const 0))"
        )
    };
    let reports: String = ["1", "1", "0.5", "nan", "inf", "2"].map(report).concat();
    let wasm = Guest::default()
        .import("progress", "report", "(param f64 i32 f64 i32 i32 i32)")
        .call(&format!("{reports} (i32.const 16)"));
    let component = runtime().compile(&wasm).unwrap();
    let recorder = Arc::new(Recorder::default());
    runtime()
        .call(
            &component,
            &a_call(),
            Environment::default(),
            &Limits::default(),
            recorder.clone(),
        )
        .await;
    let seen = recorder.progress.lock().unwrap().clone();
    assert_eq!(seen, [(1.0, Some(4.0)), (2.0, Some(4.0))]);
}
