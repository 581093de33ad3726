//! Tools for clients that can wait: they run as tasks.

use crate::asking::{filled_in, form_of};
use casemate_guest_sdk::prelude::*;
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

/// Greets, at once.
#[tool]
pub fn greet(
    /// Whom.
    name: String,
) -> String {
    format!("Hello, {name}!")
}

/// Works for some seconds, and stops when nobody wants the result any more.
#[tool(task = "optional")]
pub fn slow_compute(
    /// How long.
    #[arg(range = 0.0..=600.0)]
    seconds: f64,
    /// A word that comes back.
    label: Option<String>,
    cx: &Cx,
) -> Result<String, ToolError> {
    let began = Instant::now();
    let wanted = Duration::from_secs_f64(seconds);
    while began.elapsed() < wanted {
        if cx.cancelled() {
            return Err(ToolError::user("The work was stopped."));
        }
        sleep(Duration::from_millis(20).min(wanted));
    }
    let label = label.map(|label| format!(" ({label})")).unwrap_or_default();
    Ok(format!("Computed for {seconds} seconds{label}."))
}

/// Fails, after a second. Only for clients that can wait.
#[tool(task = "required")]
pub fn failing_job() -> Result<String, ToolError> {
    sleep(Duration::from_secs(1));
    Err(ToolError::user("This job always fails."))
}

/// Ends with an error of the protocol.
#[tool(task = "optional")]
pub fn protocol_error_job() -> Result<String, ToolError> {
    Err(ToolError::protocol(1001, "This job breaks the protocol."))
}

/// Deletes a file that does not exist, once somebody agrees.
#[tool(task = "optional", client_capabilities = ["elicitation"])]
pub fn confirm_delete(
    /// Its name.
    filename: String,
    cx: &Cx,
) -> Reply<String> {
    if cx.answer("confirm").is_none() {
        let message = format!("Delete {filename}?");
        return Ask::new()
            .form_with("confirm", message, form_of("confirm", "boolean"))
            .into();
    }
    match filled_in(cx, "confirm", "confirm") {
        Some(agreed) if agreed == true => Reply::Done(format!("Deleted {filename}.")),
        _ => Reply::Done(format!("Kept {filename}.")),
    }
}

/// Asks two things at once.
#[tool(task = "optional", client_capabilities = ["elicitation"])]
pub fn multi_input(cx: &Cx) -> Reply<String> {
    let mut missing = Ask::new();
    for key in ["first", "second"] {
        if cx.answer(key).is_none() {
            missing = missing.form_with(key, format!("The {key}?"), form_of("name", "string"));
        }
    }
    match missing.questions() {
        [] => Reply::Done("both are answered".to_owned()),
        _ => missing.into(),
    }
}

/// Asks for a name, then works on it as a task.
#[tool(task = "required", client_capabilities = ["elicitation"])]
pub fn test_tool_with_task(cx: &Cx) -> Reply<String> {
    match filled_in(cx, "user_name", "name") {
        Some(name) => Reply::Done(format!("Done for {}.", name.as_str().unwrap_or_default())),
        None => Ask::new()
            .form_with("user_name", "What is your name?", form_of("name", "string"))
            .into(),
    }
}
