//! Tells the secret `CANARY`, which it may read, wherever a component can say something.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "both streams are places where it can say something"
)]

use casemate_guest_sdk::{content::Resource, prelude::*, serde_json::Value};
use std::{thread::sleep, time::Duration};

const NAME: &str = "CANARY";

/// Longer than a call may take before it becomes a task.
const A_WHILE: Duration = Duration::from_millis(1_200);

/// Answers with it in every way, after it has reported and logged it.
#[tool(reveal = ["CANARY"])]
pub fn tells(cx: &Cx) -> Result<Value, ToolError> {
    let value = cx.reveal(NAME)?;
    talk(cx, &value);
    Ok(json!({ "value": value.clone(), value: 1 }))
}

/// The same, and takes its time for it.
#[tool(reveal = ["CANARY"], task = "optional")]
pub fn tells_late(cx: &Cx) -> Result<String, ToolError> {
    let value = cx.reveal(NAME)?;
    talk(cx, &value);
    sleep(A_WHILE);
    Ok(value)
}

/// Fails with it.
#[tool(reveal = ["CANARY"], task = "optional")]
pub fn fails(
    /// Takes its time before.
    #[arg(default = false)]
    late: bool,
    cx: &Cx,
) -> Result<String, ToolError> {
    let value = cx.reveal(NAME)?;
    if late {
        sleep(A_WHILE);
    }
    let error = ToolError::user(format!("It is {value}."));
    Err(error.code(&value).with_content(&*value).with_detail(&value))
}

/// Fails with it as an error of the protocol.
#[tool(reveal = ["CANARY"], task = "optional")]
pub fn breaks(
    /// Takes its time before.
    #[arg(default = false)]
    late: bool,
    cx: &Cx,
) -> Result<String, ToolError> {
    let value = cx.reveal(NAME)?;
    if late {
        sleep(A_WHILE);
    }
    Err(ToolError::protocol(1001, value))
}

/// Asks for nothing but tells it: in a form, a page and a question to the model. Keeps it for the
/// next round, and tells it there without having asked for it again.
#[tool(reveal = ["CANARY"], task = "optional", client_capabilities = ["elicitation"])]
pub fn asks(
    /// Takes its time before.
    #[arg(default = false)]
    late: bool,
    cx: &Cx,
) -> Result<Reply<String>, ToolError> {
    if let Some(state) = cx.state() {
        return Ok(Reply::Done(String::from_utf8_lossy(state).into_owned()));
    }
    let value = cx.reveal(NAME)?;
    if late {
        sleep(A_WHILE);
    }
    let can = |name: &str| cx.client_capabilities().iter().any(|known| known == name);
    let mut ask = Ask::new().form_with("form", value.clone(), form(&value));
    if can("elicitation.url") {
        let url = format!("https://example.com/{value}");
        ask = ask.page("page", value.clone(), url, value.clone());
    }
    if can("sampling") {
        let content = json!({ "type": "text", "text": value });
        let messages = json!([{ "role": "user", "content": content }]);
        ask = ask.sample("model", json!({ "messages": messages, "maxTokens": 9 }));
    }
    Ok(ask.state(value).into())
}

fn form(value: &str) -> Value {
    let field = json!({ "type": "string", "title": value, "description": value });
    json!({ "type": "object", "properties": { "field": field } })
}

fn talk(cx: &Cx, value: &str) {
    cx.progress(1, Some(2.0), value);
    log!(cx, Warning, "it is {value}"; value = value);
    println!("it is {value}");
    eprintln!("it is {value}");
    // What is left out of a report must not bring it together.
    let spaced: String = value.chars().flat_map(|c| [c, '\u{7}']).collect();
    cx.progress(2, Some(2.0), &spaced);
}

/// It, as a text.
#[resource("telling://text")]
pub fn text(cx: &Cx) -> Result<String, ToolError> {
    cx.reveal(NAME)
}

/// It, as bytes.
#[resource("telling://bytes")]
pub fn bytes(cx: &Cx) -> Result<Vec<u8>, ToolError> {
    let value = cx.reveal(NAME)?;
    Ok([&[0xff], value.as_bytes(), &[0xff]].concat())
}

/// It, and where it is.
#[resource("telling://place")]
pub fn place(cx: &Cx) -> Result<Resource, ToolError> {
    let value = cx.reveal(NAME)?;
    let uri = format!("telling://{value}");
    Ok(Resource::text(uri, "text/plain", value))
}

/// It is not there.
#[resource("telling://nothing")]
pub fn nothing(cx: &Cx) -> Result<String, ToolError> {
    Err(ToolError::not_found(cx.reveal(NAME)?))
}

/// Says it.
#[prompt]
pub fn say(cx: &Cx) -> Result<Messages, ToolError> {
    let value = cx.reveal(NAME)?;
    let resource = Resource::text("telling://text", "text/plain", value.clone());
    Ok(Messages::new().user(value).assistant(resource))
}

/// Fails with it.
#[prompt]
pub fn refuse(cx: &Cx) -> Result<String, ToolError> {
    Err(ToolError::invalid_params(cx.reveal(NAME)?))
}

casemate_guest_sdk::export!(
    tells,
    tells_late,
    fails,
    breaks,
    asks,
    prompt say,
    prompt refuse,
    resource text,
    resource bytes,
    resource place,
    resource nothing,
);
