//! One line per call, in columns that stay in place while new lines come.

use crate::cli::human;
use casemate_domain::{CallRecord, Credential, Subject};

/// How wide the columns are whose width depends on names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Columns {
    tool: usize,
    caller: usize,
    outcome: usize,
}

/// A single long name does not push everything else off the screen.
const WIDEST: usize = 40;

impl Columns {
    /// Columns wide enough for these records too; with a header if there was none before.
    pub(super) fn widened(self, records: &[CallRecord]) -> (Self, Option<String>) {
        if records.is_empty() {
            return (self, None);
        }
        let widest = |least: usize, text: fn(&CallRecord) -> String| {
            let widths = records
                .iter()
                .map(|record| text(record).chars().count().min(WIDEST));
            widths.fold(least, usize::max)
        };
        let columns = Self {
            tool: widest(self.tool.max(11), tool),
            caller: widest(self.caller.max(6), caller),
            outcome: widest(self.outcome.max(10), |record| record.outcome.to_string()),
        };
        let is_first = self == Self::default();
        let header = is_first.then(|| {
            columns.join(
                "TIME",
                "SERVER/TOOL",
                "CALLER",
                "OUTCOME",
                "TOOK",
                "MEMORY",
                "MESSAGE",
            )
        });
        (columns, header)
    }

    /// The line of a record.
    pub(super) fn line(self, record: &CallRecord) -> String {
        self.line_at(record, &human::clock(record.at))
    }

    fn line_at(self, record: &CallRecord, time: &str) -> String {
        self.join(
            time,
            &tool(record),
            &caller(record),
            record.outcome.as_str(),
            &human::duration(record.duration_us),
            &human::bytes(record.receipt.peak_memory_bytes),
            &human::line(record.message.as_deref().unwrap_or_default(), 200),
        )
    }

    #[expect(clippy::too_many_arguments, reason = "one for each column")]
    fn join(
        self,
        time: &str,
        tool: &str,
        caller: &str,
        outcome: &str,
        took: &str,
        memory: &str,
        message: &str,
    ) -> String {
        let Self {
            tool: t,
            caller: c,
            outcome: o,
        } = self;
        let line = format!(
            "{time:<14}  {tool:<t$}  {caller:<c$}  {outcome:<o$}  {took:>8}  {memory:>7}  {message}"
        );
        line.trim_end().to_owned()
    }
}

fn tool(record: &CallRecord) -> String {
    match &record.subject {
        Subject::Tool(name) => format!("{}/{name}", record.server),
        other => human::line(&format!("{} {other}", record.server), WIDEST),
    }
}

/// What is proven, and in brackets what is only claimed.
fn caller(record: &CallRecord) -> String {
    let proven = match &record.caller.credential {
        Credential::Key { name, .. } => name.to_string(),
        Credential::Token { .. } => "(admin)".to_owned(),
    };
    match &record.caller.client {
        None => proven,
        Some(client) => {
            let claimed = format!("{} {}", client.name, client.version);
            format!("{proven} ({})", human::line(&claimed, 24))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(tool: &str, outcome: &str) -> CallRecord {
        let id = "0123456789abcdef0123456789abcdef";
        serde_json::from_value(json!({
            "id": format!("call_{id}"), "at": "2026-11-22T19:02:35Z",
            "workspace_id": format!("ws_{id}"), "workspace": "acme",
            "server_id": format!("srv_{id}"), "server": "weather",
            "tool": tool, "digest": "00ff".repeat(16),
            "caller": { "credential": { "kind": "key", "id": format!("key_{id}"), "name": "laptop" },
                "client": { "name": "claude-code", "version": "2.1.0" } },
            "outcome": outcome, "message": (outcome != "ok").then_some("Stopped after 5 s."),
            "duration_us": 12_345,
            "receipt": { "fuel": 1, "wall_us": 1, "cpu_us": 1, "peak_memory_bytes": 1_179_648,
                "bytes_in": 1, "bytes_out": 1, "host_calls": 1 },
        }))
        .unwrap()
    }

    #[test]
    fn calls_line_up_under_their_header() {
        let records = [
            record("get", "ok"),
            record("get_weather", "deadline_exceeded"),
        ];
        let (columns, header) = Columns::default().widened(&records);
        let mut lines = vec![header.unwrap()];
        lines.extend(
            records
                .iter()
                .map(|record| columns.line_at(record, "11-22 19:02:35")),
        );
        insta::assert_snapshot!(lines.join("\n"), @r"
        TIME            SERVER/TOOL          CALLER                      OUTCOME                TOOK   MEMORY  MESSAGE
        11-22 19:02:35  weather/get          laptop (claude-code 2.1.0)  ok                  12.3 ms   1.1 MB
        11-22 19:02:35  weather/get_weather  laptop (claude-code 2.1.0)  deadline_exceeded   12.3 ms   1.1 MB  Stopped after 5 s.
        ");
    }

    #[test]
    fn the_header_comes_once() {
        let (columns, first) = Columns::default().widened(&[record("get", "ok")]);
        let (wider, second) = columns.widened(&[record("get_weather", "ok")]);
        assert!(first.is_some() && second.is_none());
        assert!(wider.tool > columns.tool);
        assert_eq!(Columns::default().widened(&[]), (Columns::default(), None));
    }

    #[test]
    fn a_claimed_name_cannot_fill_the_line_or_act_on_it() {
        let mut record = record("get", "ok");
        let client = record.caller.client.as_mut().unwrap();
        client.name = "\u{1b}[31m".repeat(40).into();
        let shown = caller(&record);
        assert!(
            shown.chars().count() < WIDEST && !shown.contains('\u{1b}'),
            "{shown}"
        );
    }
}
