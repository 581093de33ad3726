//! What recorded calls say about limits.

use super::scope::{ScopeArgs, Setting};
use crate::{
    cli::{Context, exit::Exit, failure::Failure, human, printer::Rows},
    service::limits::history::FEW_CALLS,
};
use casemate_domain::Limit;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
struct Suggestion {
    calls: usize,
    stopped: usize,
    enough: bool,
    limits: Vec<Suggested>,
}

#[derive(Debug, Deserialize)]
struct Suggested {
    limit: Limit,
    now: u64,
    median: u64,
    p99: u64,
    most: u64,
    suggested: u64,
}

#[derive(Debug, Deserialize)]
struct Answer {
    calls: usize,
    stopped: usize,
    by_limit: BTreeMap<Limit, usize>,
    examples: Vec<String>,
}

/// `casemate limits suggest`.
pub(super) async fn suggest(scope: &ScopeArgs, context: &Context) -> Result<Exit, Failure> {
    let mut path = scope.tool_path()?;
    path.push("suggest".to_owned());
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    let reply = context.client()?.get(&parts, &[]).await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
        return Ok(Exit::Ok);
    }
    let suggestion: Suggestion = reply.read()?;
    if suggestion.calls == 0 {
        context
            .printer
            .note("No recorded call of this tool ran to its end. Call it, then ask again.");
        return Ok(Exit::Ok);
    }
    let mut rows = Rows::new(["LIMIT", "NOW", "MEDIAN", "P99", "MOST", "SUGGESTED"]);
    let mut settings = Vec::new();
    for limit in &suggestion.limits {
        let unit = limit.limit.unit();
        rows.push([
            limit.limit.to_string(),
            unit.show(limit.now),
            unit.show(limit.median),
            unit.show(limit.p99),
            unit.show(limit.most),
            unit.show(limit.suggested),
        ]);
        if limit.suggested < limit.now {
            settings.push(format!("{}={}", limit.limit, limit.suggested));
        }
    }
    context.printer.table(&rows)?;
    context.printer.aside(&format!(
        "From {}, with room for twice what any of them used.{}",
        human::plural(suggestion.calls, "call"),
        stopped_calls(suggestion.stopped)
    ));
    if !suggestion.enough {
        context.printer.warning(&format!(
            "fewer than {FEW_CALLS} calls are little to rest on; wait for more before you tighten"
        ));
    }
    if !settings.is_empty() {
        context.printer.aside(&format!(
            "Next: casemate limits set {} {}",
            named(scope),
            settings.join(" ")
        ));
    }
    Ok(Exit::Ok)
}

fn stopped_calls(stopped: usize) -> String {
    match stopped {
        0 => String::new(),
        stopped => format!(
            " {} more were stopped early and say nothing about what is needed.",
            human::plural(stopped, "call")
        ),
    }
}

/// The scope as it was typed.
fn named(scope: &ScopeArgs) -> String {
    let tool = scope.scope.as_deref().unwrap_or_default();
    match &scope.server {
        Some(server) => format!("{tool} -s {server}"),
        None => tool.to_owned(),
    }
}

/// `casemate limits whatif`.
pub(super) async fn what_if(
    scope: &ScopeArgs,
    settings: &[Setting],
    context: &Context,
) -> Result<Exit, Failure> {
    let mut path = scope.tool_path()?;
    path.push("whatif".to_owned());
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    let query: Vec<_> = settings
        .iter()
        .map(|setting| (setting.limit.as_str(), Some(setting.value.to_string())))
        .collect();
    let reply = context.client()?.get(&parts, &query).await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
        return Ok(Exit::Ok);
    }
    let answer: Answer = reply.read()?;
    let calls = human::plural(answer.calls, "recorded call");
    if answer.stopped == 0 {
        context
            .printer
            .result(&format!("None of {calls} would have been stopped."))?;
        return Ok(Exit::Ok);
    }
    context.printer.result(&format!(
        "{} of {calls} would have been stopped.",
        answer.stopped
    ))?;
    let mut rows = Rows::new(["LIMIT", "CALLS"]);
    for (limit, calls) in answer.by_limit {
        rows.push([limit.to_string(), calls.to_string()]);
    }
    context.printer.table(&rows)?;
    context
        .printer
        .aside(&format!("For example: {}", answer.examples.join(", ")));
    Ok(Exit::Ok)
}
