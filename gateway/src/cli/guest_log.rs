//! Lines that a tool logged, as every command shows them.

use super::human;
use casemate_domain::LogLine;

/// When, how severe, what, and the fields behind it.
pub(crate) fn line(line: &LogLine) -> String {
    let level = format!("{:?}", line.level).to_lowercase();
    let fields = line.fields.as_deref().unwrap_or_default();
    let at = human::duration(line.at_us);
    let text = format!("+{at} [{level}] {} {fields}", line.message);
    text.trim_end().to_owned()
}
