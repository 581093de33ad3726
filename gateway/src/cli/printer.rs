//! The only place that writes to the terminal: results to standard output, all else to standard
//! error, so that `casemate … | something` never carries a message along.

use super::{
    failure::Failure,
    human,
    plan::{Line, Mark},
};
use clap::builder::styling::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::json;
use std::io::{self, BufRead, IsTerminal, Write};

/// Who reads the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A person.
    Human,
    /// A program.
    Json,
}

/// Whether to say more than results and errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noise {
    /// Say it.
    Normal,
    /// Keep quiet.
    Quiet,
}

/// Writes for one command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    format: Format,
    noise: Noise,
}

impl Printer {
    /// A printer for a reader.
    pub(crate) fn new(format: Format, noise: Noise) -> Self {
        Self { format, noise }
    }

    /// Whether a program reads the results.
    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Whether to say more than results and errors.
    pub(crate) fn is_talkative(self) -> bool {
        self.noise == Noise::Normal
    }

    /// A result: one or more lines on standard output, as they are. On a terminal, without what
    /// would act on it.
    pub(crate) fn result(self, text: &str) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        let written = if stdout.is_terminal() {
            writeln!(stdout, "{}", human::harmless(text))
        } else {
            writeln!(stdout, "{text}")
        };
        written.map_err(|error| Failure::of_output(&error))
    }

    /// A table of results; nothing if it has no rows.
    pub(crate) fn table(self, table: &Rows) -> Result<(), Failure> {
        if table.rows.is_empty() {
            Ok(())
        } else {
            self.result(&table.to_text())
        }
    }

    /// Old and new lines on standard output, in colors on a terminal.
    pub(crate) fn diff(self, lines: &[Line]) -> Result<(), Failure> {
        let mut stdout = anstream::stdout().lock();
        let written = lines.iter().try_for_each(|line| {
            let style = match line.mark {
                Mark::Old => AnsiColor::Red.on_default(),
                Mark::New => AnsiColor::Green.on_default(),
                Mark::Tool => Style::new().bold(),
                Mark::Note | Mark::Same => Style::new().dimmed(),
            };
            let text = human::harmless(&line.to_string());
            writeln!(stdout, "{style}{text}{style:#}")
        });
        written.map_err(|error| Failure::of_output(&error))
    }

    /// Something worth knowing that is not the result.
    pub(crate) fn note(self, text: &str) {
        if self.chats() {
            complain(Style::new(), &human::harmless(text));
        }
    }

    /// The same, less important.
    pub(crate) fn aside(self, text: &str) {
        if self.chats() {
            complain(Style::new().dimmed(), &human::harmless(text));
        }
    }

    /// Notes are for people: a program reads standard error as JSON, line by line.
    fn chats(self) -> bool {
        self.noise == Noise::Normal && !self.is_json()
    }

    /// Something that may be wrong.
    pub(crate) fn warning(self, text: &str) {
        if self.is_json() {
            return complain(Style::new(), &json!({ "warning": text }).to_string());
        }
        let style = AnsiColor::Yellow.on_default();
        complain(
            Style::new(),
            &format!("{style}warning:{style:#} {}", human::harmless(text)),
        );
    }

    /// Why the command did not succeed.
    pub(crate) fn failure(self, failure: &Failure) {
        if failure.is_silent() {
            return;
        }
        if self.is_json() {
            let error = json!({ "error": failure.to_json() });
            return complain(Style::new(), &error.to_string());
        }
        let style = AnsiColor::Red.on_default().bold();
        let text = human::harmless(&failure.to_string());
        complain(Style::new(), &format!("{style}error:{style:#} {text}"));
    }

    /// Asks a question that is answered with yes or no; no is the default. A plain line, so that
    /// nothing is left behind on the terminal if the answer is Ctrl-C.
    pub(crate) fn confirm(self, question: &str) -> Result<bool, Failure> {
        let unanswered =
            |why: String| Failure::new(super::exit::Exit::Failure, "there was no answer").note(why);
        let mut stderr = io::stderr().lock();
        write!(stderr, "{} [y/N] ", human::harmless(question))
            .and_then(|()| stderr.flush())
            .map_err(|error| unanswered(error.to_string()))?;
        let mut answer = String::new();
        let length = io::stdin().lock().read_line(&mut answer);
        if length.map_err(|error| unanswered(error.to_string()))? == 0 {
            return Err(unanswered("The input ended.".to_owned()));
        }
        let answer = answer.trim().to_lowercase();
        Ok(answer == "y" || answer == "yes")
    }

    /// Asks for a value without showing it.
    pub(crate) fn hidden(self, prompt: &str) -> Result<String, Failure> {
        dialoguer::Password::new()
            .with_prompt(prompt)
            .interact()
            .map_err(|error| unanswered(&error))
    }
}

fn unanswered(error: &dialoguer::Error) -> Failure {
    Failure::new(super::exit::Exit::Failure, "there was no answer").note(error.to_string())
}

/// Whether somebody can be asked.
pub(crate) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Writes a line to standard error. That nobody reads it is no reason to stop.
fn complain(style: Style, text: &str) {
    let mut stderr = anstream::stderr().lock();
    drop(writeln!(stderr, "{style}{text}{style:#}"));
}

/// Rows under a header, for people.
#[derive(Debug)]
pub(crate) struct Rows {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    /// An empty table.
    pub(crate) fn new<const N: usize>(header: [&'static str; N]) -> Self {
        Self {
            header: header.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Names and values without a header.
    pub(crate) fn pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let rows = pairs
            .into_iter()
            .map(|(name, value)| vec![name.to_owned(), value])
            .collect();
        Self {
            header: Vec::new(),
            rows,
        }
    }

    /// Adds a row.
    pub(crate) fn push<const N: usize>(&mut self, row: [String; N]) {
        self.rows.push(row.to_vec());
    }

    /// Whether there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text, columns side by side. Cells are not wrapped to fit a narrow terminal: a
    /// URL or a command that is cut in two cannot be copied.
    pub(crate) fn to_text(&self) -> String {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled);
        if !self.header.is_empty() {
            table.set_header(self.header.clone());
        }
        let clean = |cell: &String| human::harmless(cell);
        table.add_rows(
            self.rows
                .iter()
                .map(|row| row.iter().map(clean).collect::<Vec<_>>()),
        );
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        table.trim_fmt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_aligned_text() {
        let mut rows = Rows::new(["NAME", "ACTIVE", "URL"]);
        rows.push([
            "weather".to_owned(),
            "yes".to_owned(),
            "http://127.0.0.1:8080/mcp/srv_1".to_owned(),
        ]);
        rows.push([
            "a".to_owned(),
            "no".to_owned(),
            "http://127.0.0.1:8080/mcp/srv_2".to_owned(),
        ]);
        insta::assert_snapshot!(rows.to_text(), @r"
        NAME     ACTIVE  URL
        weather  yes     http://127.0.0.1:8080/mcp/srv_1
        a        no      http://127.0.0.1:8080/mcp/srv_2
        ");
    }

    #[test]
    fn pairs_have_no_header() {
        let rows = Rows::pairs([("id", "srv_1".to_owned()), ("workspace", "acme".to_owned())]);
        insta::assert_snapshot!(rows.to_text(), @r"
        id         srv_1
        workspace  acme
        ");
    }

    #[test]
    fn a_cell_cannot_act_on_the_terminal() {
        let rows = Rows::pairs([("name", "a\u{1b}[31m".to_owned())]);
        assert!(!rows.to_text().contains('\u{1b}'));
    }
}
