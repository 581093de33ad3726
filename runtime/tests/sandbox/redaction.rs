//! Secrets that a tool may read do not come out of the sandbox.

use crate::support::{
    a_call,
    guest::{ANSWER_TEXT, Guest, STRUCTURED, answer_structured, answer_text},
    reason, run_with, runtime, text,
};
use casemate_domain::{Conclusion, Grant, Limits, Outcome, SecretGrant, StopReason};
use casemate_runtime::{Environment, Observer};
use secrecy::SecretString;
use std::sync::{Arc, Mutex};

const SECRET: &str = "the-value-of-it";

/// The secret `TOKEN` with a grant to reveal it.
fn revealing(value: &str) -> Environment {
    let name: casemate_domain::SecretName = "TOKEN".parse().unwrap();
    Environment {
        grant: Arc::new(Grant {
            secrets: vec![SecretGrant {
                name: name.clone(),
                hosts: Vec::new(),
                header: None,
                reveal: true,
            }],
            ..Grant::default()
        }),
        secrets: vec![(name, SecretString::from(value))],
        ..Environment::default()
    }
}

/// Where the value of the secret lies.
const FOUND: &str = "(i32.load (i32.const 644)) (i32.load (i32.const 648))";

/// A guest that asks for the secret and then does this.
fn leaker(guest: Guest, then: &str) -> Vec<u8> {
    let mut guest = guest
        .import("secrets", "reveal", "(param i32 i32 i32)")
        .import("logging", "log", "(param i32 i32 i32 i32 i32 i32)")
        .import("progress", "report", "(param f64 i32 f64 i32 i32 i32)")
        .item(ANSWER_TEXT)
        .item(STRUCTURED);
    let name = guest.text("TOKEN");
    guest.call(&format!(
        "(call $reveal {name} (i32.const 640))
         (if (i32.load8_u (i32.const 640)) (then unreachable))
         {then}"
    ))
}

fn answering() -> Vec<u8> {
    let log =
        format!("(call $log (i32.const 1) {FOUND} (i32.const 0) (i32.const 0) (i32.const 0))");
    leaker(
        Guest::default(),
        &[&log, answer_text(FOUND).as_str()].concat(),
    )
}

async fn run(wasm: &[u8], environment: Environment) -> Outcome {
    run_with(runtime(), wasm, environment, &Limits::default()).await
}

#[tokio::test]
async fn g24_a_revealed_secret_is_masked_in_answers_and_logs() {
    let outcome = run(&answering(), revealing(SECRET)).await;
    assert_eq!(text(&outcome), "[secret TOKEN]");
    assert_eq!(outcome.log[0].message, "[secret TOKEN]");
    assert_eq!(outcome.receipt.secrets, ["TOKEN"]);
}

#[tokio::test]
async fn g25_a_secret_is_not_revealed_without_a_grant_that_says_so() {
    let mut environment = revealing(SECRET);
    Arc::make_mut(&mut environment.grant).secrets[0].reveal = false;
    let outcome = run(&answering(), environment).await;
    assert_eq!(reason(&outcome), StopReason::Trap);
    let outcome = run(&answering(), Environment::default()).await;
    assert_eq!(reason(&outcome), StopReason::Trap);
}

#[tokio::test]
async fn g25_guessed_names_are_all_refused_alike() {
    for name in [
        "",
        "TOKEN2",
        "TOKEN@2",
        "token",
        "OTHER/TOKEN",
        "TOKEN\0",
        &"A".repeat(60_000),
    ] {
        for function in ["reveal", "placeholder"] {
            let mut guest = Guest::default().import("secrets", function, "(param i32 i32 i32)");
            let name = guest.text(name);
            let wasm = guest.call(&format!(
                "(call ${function} {name} (i32.const 640))
                 (if (i32.ne (i32.load8_u (i32.const 640)) (i32.const 1)) (then unreachable))
                 (if (i32.load8_u (i32.const 644)) (then unreachable))
                 (i32.const 16)"
            ));
            let outcome = run(&wasm, revealing(SECRET)).await;
            let is_complete = matches!(outcome.conclusion, Conclusion::Complete(_));
            assert!(is_complete, "{function}: {:?}", outcome.conclusion);
            assert!(outcome.receipt.secrets.is_empty());
        }
    }
}

/// Keeps what it is told while the call runs.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Observer for Heard {
    fn progress(&self, _done: f64, _total: Option<f64>, message: Option<&str>) {
        self.0.lock().unwrap().extend(message.map(str::to_owned));
    }

    fn log(&self, line: &casemate_domain::LogLine) {
        self.0.lock().unwrap().push(line.message.clone());
    }
}

#[tokio::test]
async fn g24_who_watches_a_call_hears_only_masks() {
    let report = format!(
        "(call $report (f64.const 1) (i32.const 0) (f64.const 0) (i32.const 1) {FOUND})
         (call $log (i32.const 1) {FOUND} (i32.const 0) (i32.const 0) (i32.const 0))
         (i32.const 16)"
    );
    let component = runtime()
        .compile(&leaker(Guest::default(), &report))
        .unwrap();
    let heard = Arc::new(Heard::default());
    let (call, limits) = (a_call(), Limits::default());
    let calling = runtime().call(&component, &call, revealing(SECRET), &limits, heard.clone());
    calling.await;
    assert_eq!(*heard.0.lock().unwrap(), ["[secret TOKEN]"; 2]);
}

#[tokio::test]
async fn g24_a_number_that_is_a_secret_is_dropped_with_its_answer() {
    let wasm = leaker(Guest::default(), &answer_structured(FOUND));
    let outcome = run(&wasm, revealing("1234567890")).await;
    let Conclusion::Stopped(stop) = &outcome.conclusion else {
        panic!("{:?}", outcome.conclusion);
    };
    assert_eq!(stop.reason, StopReason::InvalidOutput);
    assert!(
        stop.message.contains("holds the value of a secret"),
        "{}",
        stop.message
    );
    assert!(!stop.message.contains("1234567890"));
    let quoted = run(&wasm, revealing("\"quoted-value\"")).await;
    assert_eq!(reason(&quoted), StopReason::InvalidOutput);
}

/// A guest that knows the secret without asking for it.
fn knowing() -> Vec<u8> {
    let mut guest = Guest::default().item(ANSWER_TEXT);
    let words = guest.text(SECRET);
    guest.call(&answer_text(&words))
}

#[tokio::test]
async fn a_secret_that_no_guest_asked_for_masks_nothing() {
    let outcome = run(&knowing(), revealing(SECRET)).await;
    assert_eq!(text(&outcome), SECRET, "it was known without the grant");
}

#[tokio::test]
async fn g24_a_secret_that_an_earlier_round_left_to_this_one_is_masked() {
    let component = runtime().compile(&knowing()).unwrap();
    let mut call = a_call();
    call.continuation.state = Some(SECRET.into());
    let (limits, observer) = (Limits::default(), Arc::new(Heard::default()));
    let calling = runtime().call(&component, &call, revealing(SECRET), &limits, observer);
    assert_eq!(text(&calling.await), "[secret TOKEN]");
}

#[tokio::test]
async fn g24_progress_holds_no_secret_with_control_characters_between() {
    let mut guest = Guest::default();
    let spaced = guest.text(&SECRET.replace("", "\u{1}"));
    let report = format!(
        "(call $report (f64.const 1) (i32.const 0) (f64.const 0) (i32.const 1) {spaced})
         (i32.const 16)"
    );
    let component = runtime().compile(&leaker(guest, &report)).unwrap();
    let heard = Arc::new(Heard::default());
    let (call, limits) = (a_call(), Limits::default());
    let calling = runtime().call(&component, &call, revealing(SECRET), &limits, heard.clone());
    calling.await;
    let heard = heard.0.lock().unwrap();
    assert!(heard[0].contains("t\u{fffd}h\u{fffd}e"), "{heard:?}");
}
