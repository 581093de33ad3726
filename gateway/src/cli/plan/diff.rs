//! Old and new of one field, line by line. Nothing that differs is left out unnoticed: long lines
//! are broken, not cut, and where lines are left out it says so.

use serde::Deserialize;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};
use std::fmt;

/// One field of a tool that differs.
#[derive(Debug, Deserialize)]
pub(super) struct Difference {
    pub(super) field: String,
    old: Value,
    new: Value,
}

/// How much to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The first lines of each field.
    Cut,
    /// All of it.
    Whole,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The name of the tool that the following is about.
    Tool,
    /// The name of a field, or something about the lines.
    Note,
    /// It goes away.
    Old,
    /// It comes.
    New,
    /// It stays, and is there so that the others can be understood.
    Same,
}

/// A line to show.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) mark: Mark,
    text: String,
}

impl Line {
    pub(crate) fn new(mark: Mark, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { mark, text }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.mark {
            Mark::Tool | Mark::Note => "",
            Mark::Old => "  - ",
            Mark::New => "  + ",
            Mark::Same => "    ",
        };
        f.write_str(format!("{sign}{}", self.text).trim_end())
    }
}

/// Lines of one field unless more are asked for.
const CUT: usize = 24;
/// Lines that stay, round those that change.
const CONTEXT: usize = 2;
/// Characters of a line.
const WIDTH: usize = 96;
/// Lines are compared in at most this time; beyond it, old and new stand one after the other.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);

impl Difference {
    /// A description that was not there before.
    pub(super) fn described(description: &str) -> Self {
        Self {
            field: "description".to_owned(),
            old: Value::Null,
            new: description.into(),
        }
    }

    /// For the component behind a tool: which digest became which.
    pub(super) fn code(&self) -> Option<String> {
        let short = |digest: &Value| -> String {
            let text = digest.as_str().unwrap_or_default();
            text.chars().take(12).collect()
        };
        (self.field == "code").then(|| {
            let (old, new) = (short(&self.old), short(&self.new));
            format!("code changed: digest {old} → {new}")
        })
    }

    /// The field with its old and its new lines.
    pub(super) fn lines(&self, extent: Extent) -> Vec<Line> {
        if let Some(code) = self.code() {
            return vec![Line::new(Mark::Note, format!("  {code}"))];
        }
        let mut lines = compare(&text(&self.old), &text(&self.new));
        let left_out = lines.len().saturating_sub(CUT);
        // A few lines more are no longer than the remark that they are left out.
        if extent == Extent::Cut && left_out > 2 {
            lines.truncate(CUT);
            lines.push(Line::new(
                Mark::Note,
                format!("  … {left_out} more lines. See all with: --dry-run --full"),
            ));
        }
        lines.insert(0, Line::new(Mark::Note, format!("  {}", self.field)));
        lines
    }
}

fn compare(old: &[String], new: &[String]) -> Vec<Line> {
    let (old, new): (Vec<&str>, Vec<&str>) = (
        old.iter().map(String::as_str).collect(),
        new.iter().map(String::as_str).collect(),
    );
    let diff = TextDiff::configure()
        .timeout(PATIENCE)
        .diff_slices(&old, &new);
    let mut lines = Vec::new();
    for (number, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if number > 0 {
            lines.push(Line::new(Mark::Note, "    ⋮"));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let mark = match change.tag() {
                ChangeTag::Delete => Mark::Old,
                ChangeTag::Insert => Mark::New,
                ChangeTag::Equal => Mark::Same,
            };
            lines.push(Line::new(mark, change.value()));
        }
    }
    lines
}

/// A value as lines that can be compared: texts by sentences, all else as indented JSON.
fn text(value: &Value) -> Vec<String> {
    let text = match value {
        Value::Null => return Vec::new(),
        Value::String(text) => text.clone(),
        other => format!("{other:#}"),
    };
    text.lines().flat_map(broken).collect()
}

/// A line in pieces: after each sentence, and where it would be too wide. By sentences first, so
/// that a word more in one does not move all that follow.
fn broken(line: &str) -> Vec<String> {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut width = 0;
    for word in line[indent..].split_inclusive(' ') {
        for part in cut(word, WIDTH) {
            let length = part.chars().count();
            if width + length > WIDTH && width > 0 {
                pieces.push(std::mem::take(&mut piece));
                width = 0;
            }
            piece.push_str(part);
            width += length;
        }
        if word.ends_with(". ") || word.ends_with("? ") || word.ends_with("! ") {
            pieces.push(std::mem::take(&mut piece));
            width = 0;
        }
    }
    if !piece.is_empty() || pieces.is_empty() {
        pieces.push(piece);
    }
    let further = |number: usize| if number == 0 { 0 } else { 2 };
    let indented = |(number, piece): (usize, String)| {
        format!("{}{piece}", " ".repeat(indent + further(number)))
    };
    if indent == 0 {
        return pieces;
    }
    pieces.into_iter().enumerate().map(indented).collect()
}

/// A word without spaces in parts that fit into a line.
fn cut(word: &str, width: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = word;
    while let Some((at, _)) = rest.char_indices().nth(width) {
        let (part, after) = rest.split_at(at);
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(old: Value, new: Value, extent: Extent) -> String {
        let field = "description".to_owned();
        let lines = Difference { field, old, new }.lines(extent);
        lines
            .iter()
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    }

    #[test]
    fn a_sentence_that_changes_is_shown_beside_those_that_stay() {
        let old = "Finds a book. Use it when somebody names one. Asks nobody.";
        let new = "Finds a book or a film. Use it when somebody names one. Asks nobody.";
        insta::assert_snapshot!(shown(json!(old), json!(new), Extent::Cut), @r"
        description
        - Finds a book.
        + Finds a book or a film.
          Use it when somebody names one.
          Asks nobody.
        ");
    }

    #[test]
    fn a_schema_is_compared_line_by_line() {
        let schema = |maximum: u64| {
            json!({ "type": "object", "properties": {
                "days": { "type": "integer", "minimum": 1, "maximum": maximum },
                "city": { "type": "string" },
            } })
        };
        insta::assert_snapshot!(shown(schema(7), schema(14), Extent::Cut), @r#"
        description
              },
              "days": {
        -       "maximum": 7,
        +       "maximum": 14,
                "minimum": 1,
                "type": "integer"
        "#);
    }

    #[test]
    fn what_appears_or_goes_away_is_all_new_or_all_old() {
        assert_eq!(
            shown(json!(null), json!("A title"), Extent::Cut),
            "  description\n  + A title\n"
        );
        assert_eq!(
            shown(json!("A title"), json!(null), Extent::Cut),
            "  description\n  - A title\n"
        );
    }

    #[test]
    fn nothing_is_left_out_of_a_long_line() {
        let long: String = ('a'..='z').cycle().take(1_000).collect();
        let text = shown(json!("short"), json!(long), Extent::Cut);
        let shown: String = text
            .lines()
            .filter_map(|line| line.strip_prefix("  + "))
            .collect();
        assert_eq!(shown, long);
    }

    #[test]
    fn a_long_text_is_cut_with_a_note_unless_all_is_asked_for() {
        let lines =
            |word: &str| json!((0..60).map(|n| format!("{word} {n}\n")).collect::<String>());
        let cut = shown(lines("old"), lines("new"), Extent::Cut);
        assert!(
            cut.ends_with("  … 96 more lines. See all with: --dry-run --full\n"),
            "{cut}"
        );
        let whole = shown(lines("old"), lines("new"), Extent::Whole);
        assert_eq!(whole.lines().count(), 121);
    }
}
