//! `casemate status`: what the gateway is doing.

use super::{Context, exit::Exit, failure::Failure, human, printer::Rows};
use serde::Deserialize;

/// What the gateway is doing, as the admin API shows it.
#[derive(Debug, Deserialize)]
struct Status {
    version: String,
    calls: Calls,
    open_tasks: usize,
}

#[derive(Debug, Deserialize)]
struct Calls {
    running: usize,
    waiting: usize,
    memory_bytes: u64,
}

/// Runs the command.
pub(crate) async fn run(context: &Context) -> Result<Exit, Failure> {
    let reply = context.client()?.get(&["v1", "status"], &[]).await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
        return Ok(Exit::Ok);
    }
    let Status {
        version,
        calls,
        open_tasks,
    } = reply.read()?;
    context.printer.table(&Rows::pairs([
        ("version", version),
        ("calls running", calls.running.to_string()),
        ("calls waiting", calls.waiting.to_string()),
        ("tasks", open_tasks.to_string()),
        ("memory of calls", human::bytes(calls.memory_bytes)),
    ]))?;
    Ok(Exit::Ok)
}
