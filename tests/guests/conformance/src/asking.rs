//! Questions in one round.

use casemate_guest_sdk::{ask::Question, prelude::*, serde_json::Value};

/// A form with one field that must be filled in.
pub(crate) fn form_of(field: &str, kind: &str) -> Value {
    json!({ "type": "object", "properties": { field: { "type": kind } }, "required": [field] })
}

/// A question to the model.
pub(crate) fn question_of(text: &str, max_tokens: u32) -> Value {
    let content = json!({ "type": "text", "text": text });
    json!({ "messages": [{ "role": "user", "content": content }], "maxTokens": max_tokens })
}

/// What was filled into a field of a form, if the person agreed.
pub(crate) fn filled_in(cx: &Cx, key: &str, field: &str) -> Option<Value> {
    let answer = cx.answer(key).filter(|answer| answer.is_accepted())?;
    answer.value()["content"].get(field).cloned()
}

/// Asks for a name and greets.
#[tool]
pub fn test_input_required_result_elicitation(cx: &Cx) -> Reply<String> {
    match filled_in(cx, "user_name", "name") {
        Some(name) => Reply::Done(format!("Hello, {}!", name.as_str().unwrap_or_default())),
        None => Ask::new()
            .form_with("user_name", "What is your name?", form_of("name", "string"))
            .into(),
    }
}

/// Asks the client's model for a capital.
#[tool]
pub fn test_input_required_result_sampling(cx: &Cx) -> Reply<String> {
    match cx.answer("capital_question") {
        Some(answer) => Reply::Done(answer.value()["content"]["text"].to_string()),
        None => {
            let params = question_of("What is the capital of France?", 100);
            Ask::new().sample("capital_question", params).into()
        }
    }
}

/// Asks for the roots.
#[tool]
pub fn test_input_required_result_list_roots(cx: &Cx) -> Reply<String> {
    match cx.answer("client_roots") {
        Some(answer) => Reply::Done(answer.value()["roots"].to_string()),
        None => Ask::new().roots("client_roots").into(),
    }
}

/// Asks whatever the client can answer.
#[tool]
pub fn test_input_required_result_capabilities(cx: &Cx) -> Reply<String> {
    let can = |name: &str| cx.client_capabilities().iter().any(|known| known == name);
    let mut ask = Ask::new();
    if can("elicitation") {
        ask = ask.form_with("user_name", "What is your name?", form_of("name", "string"));
    }
    if can("sampling") {
        ask = ask.sample("greeting", question_of("Generate a greeting", 50));
    }
    let answered = |question: &Question| cx.answer(&question.key).is_some();
    if ask.questions().iter().all(answered) {
        return Reply::Done("everything is answered".to_owned());
    }
    ask.into()
}

/// Asks, after having told how far it is.
#[tool]
pub fn test_streaming_elicitation(cx: &Cx) -> Reply<String> {
    cx.progress(1, None, "about to ask");
    if cx.answer("confirm").is_some() {
        return Reply::Done("confirmed".to_owned());
    }
    Ask::new()
        .form_with("confirm", "Go on?", form_of("ok", "boolean"))
        .into()
}

/// Needs a client with a model.
#[tool(client_capabilities = ["sampling"])]
pub fn test_missing_capability() -> &'static str {
    "the client can sample"
}

/// Sends the person to a page.
#[tool(client_capabilities = ["elicitation.url"])]
pub fn test_page(cx: &Cx) -> Reply<String> {
    match cx.answer("page") {
        Some(answer) => Reply::Done(format!("went: {}", answer.is_accepted())),
        None => Ask::new()
            .page(
                "page",
                "Sign in.",
                "https://example.com/sign-in",
                "sign-in-1",
            )
            .into(),
    }
}
