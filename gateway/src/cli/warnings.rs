//! Warnings about what clients stumble over, for people: one for each code, with the tools below it.

use super::printer::Printer;
use serde::Deserialize;

/// A warning, as the admin API and `inspect` give it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Warning {
    code: String,
    /// None, if it is about the whole list.
    pub(crate) tool: Option<String>,
    detail: String,
    message: String,
}

/// Tools that are named below one warning.
const NAMED: usize = 10;

/// Says them all. Programs find them in the result.
pub(crate) fn tell<'a>(warnings: impl IntoIterator<Item = &'a Warning>, printer: Printer) {
    if printer.is_json() {
        return;
    }
    for text in texts(warnings) {
        printer.warning(&text);
    }
}

fn texts<'a>(warnings: impl IntoIterator<Item = &'a Warning>) -> Vec<String> {
    let mut by_code: Vec<Vec<&Warning>> = Vec::new();
    for warning in warnings {
        let group = by_code
            .iter_mut()
            .find(|group| group[0].code == warning.code);
        match group {
            Some(group) => group.push(warning),
            None => by_code.push(vec![warning]),
        }
    }
    by_code.iter().map(|group| text(group)).collect()
}

fn text(group: &[&Warning]) -> String {
    let first = group[0];
    let mut text = format!("{}: {}", first.code, first.message);
    for warning in group.iter().take(NAMED) {
        let about = warning.tool.as_deref().map(|tool| format!("{tool}: "));
        text += &format!("\n  {}{}", about.unwrap_or_default(), warning.detail);
    }
    if let Some(more) = group.len().checked_sub(NAMED).filter(|more| *more > 0) {
        text += &format!("\n  and {more} more; --json shows all");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(code: &str, tool: Option<&str>) -> Warning {
        Warning {
            code: code.to_owned(),
            tool: tool.map(str::to_owned),
            detail: "found".to_owned(),
            message: "Because.".to_owned(),
        }
    }

    #[test]
    fn a_code_is_explained_once() {
        let mut all = vec![
            warning("a", Some("x")),
            warning("b", None),
            warning("a", Some("y")),
        ];
        assert_eq!(
            texts(&all),
            [
                "a: Because.\n  x: found\n  y: found",
                "b: Because.\n  found"
            ]
        );
        all.extend(vec![warning("b", Some("z")); 11]);
        assert!(texts(&all)[1].ends_with("and 2 more; --json shows all"));
    }
}
