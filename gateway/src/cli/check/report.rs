//! What a check found, for people and for programs.

use crate::cli::{Context, exit::Exit, failure::Failure, printer::Rows};
use serde::Serialize;

/// What was found about one server.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    server: Option<String>,
    url: Option<String>,
    steps: Vec<Step>,
    tools: Option<Tools>,
    callers: Vec<Seen>,
    #[serde(skip)]
    exit: Option<Exit>,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Step {
    name: &'static str,
    state: State,
    detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    /// It works, and could be better.
    Hint,
    Failed,
}

/// How many tools clients see, and how many not.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Tools {
    pub(super) active: usize,
    pub(super) inactive: Option<usize>,
}

/// A client that called.
#[derive(Debug, Serialize)]
pub(super) struct Seen {
    pub(super) client: String,
    pub(super) key: String,
    pub(super) at: jiff::Timestamp,
    pub(super) tool: String,
    pub(super) outcome: String,
    pub(super) calls: usize,
}

/// Why a step failed.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) exit: Exit,
    pub(super) what: String,
    pub(super) next: String,
}

impl Trouble {
    pub(super) fn new(exit: Exit, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            exit,
            what: what.into(),
            next: next.into(),
        }
    }
}

impl Report {
    pub(super) fn new(server: Option<String>, url: Option<String>) -> Self {
        Self {
            server,
            url,
            ..Self::default()
        }
    }

    /// It works.
    pub(super) fn ok(&mut self, name: &'static str, detail: impl Into<String>) {
        self.add(name, State::Ok, detail.into(), None);
    }

    /// It works, and could be better.
    pub(super) fn hint(
        &mut self,
        name: &'static str,
        detail: impl Into<String>,
        next: impl Into<String>,
    ) {
        self.add(name, State::Hint, detail.into(), Some(next.into()));
    }

    /// It does not work.
    pub(super) fn failed(&mut self, name: &'static str, trouble: Trouble) {
        self.exit.get_or_insert(trouble.exit);
        self.add(name, State::Failed, trouble.what, Some(trouble.next));
    }

    /// Keeps what a step gave, or that it failed.
    pub(super) fn take<T>(&mut self, name: &'static str, found: Result<T, Trouble>) -> Option<T> {
        found.map_err(|trouble| self.failed(name, trouble)).ok()
    }

    pub(super) fn tools(&mut self, tools: Tools) {
        self.tools = Some(tools);
    }

    pub(super) fn callers(&mut self, callers: Vec<Seen>) {
        self.callers = callers;
    }

    fn add(&mut self, name: &'static str, state: State, detail: String, next: Option<String>) {
        self.steps.push(Step {
            name,
            state,
            detail,
            next,
        });
    }

    fn print(&self, context: &Context) -> Result<(), Failure> {
        let title = self.server.as_deref().or(self.url.as_deref());
        if let Some(title) = title {
            context.printer.result(title)?;
        }
        let mut rows = Rows::pairs([]);
        for step in &self.steps {
            let mark = match step.state {
                State::Ok => "✓",
                State::Hint => "!",
                State::Failed => "✗",
            };
            rows.push([format!("  {mark} {}", step.name), step.detail.clone()]);
            if let Some(next) = &step.next {
                rows.push([String::new(), format!("→ {next}")]);
            }
        }
        context.printer.table(&rows)?;
        let mut rows = Rows::new(["  LAST CALLS BY", "KEY", "TOOL", "OUTCOME", "AT"]);
        for seen in &self.callers {
            let at = crate::cli::human::date(seen.at);
            let client = format!("  {}", seen.client);
            rows.push([
                client,
                seen.key.clone(),
                seen.tool.clone(),
                seen.outcome.clone(),
                at,
            ]);
        }
        context.printer.table(&rows)
    }
}

/// Prints what was found, and says how the command ends: as its first failure does.
pub(super) fn show(reports: &[Report], context: &Context) -> Result<Exit, Failure> {
    let exit = reports.iter().find_map(|report| report.exit);
    if context.printer.is_json() {
        let shown = serde_json::json!({ "ok": exit.is_none(), "checks": reports });
        context.printer.result(&shown.to_string())?;
    } else {
        for report in reports {
            report.print(context)?;
        }
    }
    Ok(exit.unwrap_or(Exit::Ok))
}
