//! `casemate logs`: who called which tool, and what came of it. Newest last.

mod follow;
mod line;

use super::{
    Context, client::Client, exit::Exit, failure::Failure, guest_log, human, printer::Printer, span,
};
use casemate_domain::{CallRecord, Json, OutcomeKind};
use clap::Args;
use jiff::Timestamp;
use line::Columns;
use serde::Deserialize;

/// Show recent calls, newest last, and follow new ones
///
/// Times are local. With --json, one call record per line.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  casemate logs -f -s weather
  casemate logs --since 1h --status fuel_exhausted
  casemate logs --json -n 1000 | jq .caller")]
pub(crate) struct Logs {
    /// Go on with new calls as they end
    #[arg(short, long)]
    follow: bool,
    /// Only calls through this server: id, name, or workspace/name
    #[arg(short, long)]
    server: Option<String>,
    /// Only calls of this tool
    #[arg(long)]
    tool: Option<String>,
    /// Only reads of this resource
    #[arg(long, value_name = "URI", conflicts_with = "tool")]
    resource: Option<String>,
    /// Only uses of this prompt
    #[arg(long, value_name = "PROMPT", conflicts_with_all = ["tool", "resource"])]
    prompt: Option<String>,
    /// Only calls that ended so: ok, tool_error, deadline_exceeded, memory_limit, ...
    #[arg(long, value_name = "OUTCOME")]
    status: Option<OutcomeKind>,
    /// Only calls since then: 30m, 1h, 2d, or an RFC 3339 time
    #[arg(long, value_name = "WHEN", value_parser = span::since)]
    since: Option<Timestamp>,
    /// At most so many recent calls
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Also show what the tools logged
    #[arg(long)]
    log: bool,
}

/// Records that one request asks for.
const PAGE: usize = 500;

#[derive(Debug, Deserialize)]
struct Page {
    calls: Vec<Json>,
    cursor: Option<String>,
    #[serde(default)]
    dropped: u64,
}

/// Runs the command.
pub(crate) async fn run(command: Logs, context: &Context) -> Result<Exit, Failure> {
    let client = context.client()?;
    let output = Output {
        printer: context.printer,
        guest_lines: command.log,
    };
    if command.follow {
        follow::follow(&command, &client, output).await?;
        return Ok(Exit::Ok);
    }
    let records = recent(&command, &client, command.since, context.printer).await?;
    if records.is_empty() {
        context.printer.note("No calls found.");
    }
    output.records(&records, Columns::default())?;
    Ok(Exit::Ok)
}

impl Logs {
    fn query(&self) -> Vec<(&'static str, Option<String>)> {
        vec![
            ("server", self.server.clone()),
            ("tool", self.tool.clone()),
            ("resource", self.resource.clone()),
            ("prompt", self.prompt.clone()),
            ("status", self.status.map(|status| status.to_string())),
        ]
    }
}

/// The newest records, oldest first.
async fn recent(
    command: &Logs,
    client: &Client,
    since: Option<Timestamp>,
    printer: Printer,
) -> Result<Vec<Json>, Failure> {
    let mut records = Vec::new();
    let mut cursor = None;
    while records.len() < command.limit {
        let mut query = command.query();
        query.push(("since", since.map(|since| since.to_string())));
        query.push((
            "limit",
            Some((command.limit - records.len()).min(PAGE).to_string()),
        ));
        query.push(("cursor", cursor.take()));
        let page: Page = client.get(&["v1", "calls"], &query).await?.read()?;
        if records.is_empty() && page.dropped > 0 {
            printer.warning(&format!(
                "{} calls were not recorded: the log could not keep up",
                page.dropped
            ));
        }
        let is_last = page.calls.is_empty() || page.cursor.is_none();
        records.extend(page.calls);
        cursor = page.cursor;
        if is_last {
            break;
        }
    }
    records.truncate(command.limit);
    records.reverse();
    Ok(records)
}

/// How records are printed.
#[derive(Debug, Clone, Copy)]
struct Output {
    printer: Printer,
    guest_lines: bool,
}

impl Output {
    /// Prints records and returns the columns for those that come later.
    fn records(self, records: &[Json], columns: Columns) -> Result<Columns, Failure> {
        if self.printer.is_json() {
            records
                .iter()
                .try_for_each(|record| self.printer.result(record.get()))?;
            return Ok(columns);
        }
        let parsed = records.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        let (columns, header) = columns.widened(&parsed);
        if let Some(header) = header {
            self.printer.result(&header)?;
        }
        for record in &parsed {
            self.printer.result(&columns.line(record))?;
            if self.guest_lines {
                self.guest_lines(record)?;
            }
        }
        Ok(columns)
    }

    fn guest_lines(self, record: &CallRecord) -> Result<(), Failure> {
        if let Some(trace) = &record.trace_id {
            self.printer.result(&format!("    trace {trace}"))?;
        }
        for line in &record.log {
            self.printer
                .result(&format!("    {}", guest_log::line(line)))?;
        }
        if record.log_dropped > 0 {
            let dropped = human::plural(record.log_dropped as usize, "more line");
            self.printer
                .result(&format!("    ({dropped} over the limit)"))?;
        }
        Ok(())
    }
}

fn parse(record: &Json) -> Result<CallRecord, Failure> {
    serde_json::from_str(record.get()).map_err(|error| {
        Failure::new(Exit::Failure, "a call record is not understood")
            .note(error.to_string())
            .note("Use the casemate command of the gateway's version; `casemate whoami` shows it.")
    })
}
