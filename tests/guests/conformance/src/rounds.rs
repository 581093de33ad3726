//! Questions with something to remember, and in several rounds.

use crate::asking::{filled_in, form_of, question_of};
use casemate_guest_sdk::prelude::*;

/// Asks for a confirmation and remembers that it did.
#[tool]
pub fn test_input_required_result_request_state(cx: &Cx) -> Reply<String> {
    confirmed(cx)
}

/// The same; what it remembers is changed on the way by whoever tests it.
#[tool]
pub fn test_input_required_result_tampered_state(cx: &Cx) -> Reply<String> {
    confirmed(cx)
}

fn confirmed(cx: &Cx) -> Reply<String> {
    match (cx.state(), filled_in(cx, "confirm", "ok")) {
        (Some(b"asked"), Some(_)) => Reply::Done("state-ok".to_owned()),
        _ => Ask::new()
            .form_with("confirm", "Please confirm", form_of("ok", "boolean"))
            .state("asked")
            .into(),
    }
}

/// Asks the person, the model and the client at once.
#[tool]
pub fn test_input_required_result_multiple_inputs(cx: &Cx) -> Reply<String> {
    let keys = ["user_name", "greeting", "client_roots"];
    if cx.state() == Some(b"asked") && keys.iter().all(|key| cx.answer(key).is_some()) {
        return Reply::Done("everything is answered".to_owned());
    }
    Ask::new()
        .form_with("user_name", "What is your name?", form_of("name", "string"))
        .sample("greeting", question_of("Generate a greeting", 50))
        .roots("client_roots")
        .state("asked")
        .into()
}

/// Asks twice, one after the other.
#[tool]
pub fn test_input_required_result_multi_round(cx: &Cx) -> Reply<String> {
    cx.progress(1, Some(3.0), "a round begins");
    let known = cx
        .state()
        .map(|state| String::from_utf8_lossy(state).into_owned());
    if let Some(name) = filled_in(cx, "step1", "name") {
        return Ask::new()
            .form_with(
                "step2",
                "Step 2: What is your favorite color?",
                form_of("color", "string"),
            )
            .state(format!("name={name}"))
            .into();
    }
    match (known, filled_in(cx, "step2", "color")) {
        (Some(name), Some(color)) => {
            cx.progress(2, Some(3.0), "the last round");
            Reply::Done(format!("{name} color={color}"))
        }
        _ => Ask::new()
            .form_with(
                "step1",
                "Step 1: What is your name?",
                form_of("name", "string"),
            )
            .state("nothing yet")
            .into(),
    }
}
