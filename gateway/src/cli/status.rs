//! `casemate status`: what the gateway is doing.

use super::{Context, exit::Exit, failure::Failure, human, printer::Rows};
use serde::Deserialize;

/// What the gateway is doing, as the admin API shows it.
#[derive(Debug, Deserialize)]
struct Status {
    version: String,
    calls: Calls,
    components: Components,
    open_tasks: usize,
}

#[derive(Debug, Deserialize)]
struct Calls {
    running: usize,
    waiting: usize,
    memory_bytes: u64,
}

#[derive(Debug, Deserialize)]
struct Components {
    loaded: usize,
    memory_bytes: u64,
    memory_limit: u64,
    loads: u64,
    evictions: u64,
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
        components,
        open_tasks,
    } = reply.read()?;
    let room = human::bytes(components.memory_limit);
    let held = human::bytes(components.memory_bytes);
    context.printer.table(&Rows::pairs([
        ("version", version),
        ("calls running", calls.running.to_string()),
        ("calls waiting", calls.waiting.to_string()),
        ("tasks", open_tasks.to_string()),
        ("memory of calls", human::bytes(calls.memory_bytes)),
        ("components loaded", components.loaded.to_string()),
        ("memory of components", format!("{held} of {room}")),
        ("loads", components.loads.to_string()),
        ("evictions", components.evictions.to_string()),
    ]))?;
    Ok(Exit::Ok)
}
