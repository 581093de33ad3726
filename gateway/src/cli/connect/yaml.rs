//! Entries as YAML. Clients that read YAML read a file for each server, so nothing is merged.

use super::json::quoted;
use jsonc_parser::cst::CstInputValue as Value;

/// A value as a YAML document. Texts are quoted, so that none of them means something else.
pub(super) fn text(value: &Value) -> String {
    let mut lines = String::new();
    write(value, 0, &mut lines);
    lines
}

fn write(value: &Value, depth: usize, lines: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                lines.push_str(&format!("{indent}{key}:"));
                beside(member, depth, lines);
            }
        }
        Value::Array(items) => {
            for item in items {
                let mut inner = String::new();
                write(item, depth + 1, &mut inner);
                // The first line of an item stands beside its dash.
                lines.push_str(&format!("{indent}- {}", inner.trim_start()));
            }
        }
        scalar => lines.push_str(&format!("{indent}{}\n", plain(scalar))),
    }
}

fn beside(member: &Value, depth: usize, lines: &mut String) {
    match member {
        Value::Object(_) | Value::Array(_) => {
            lines.push('\n');
            write(member, depth + 1, lines);
        }
        scalar => lines.push_str(&format!(" {}\n", plain(scalar))),
    }
}

fn plain(scalar: &Value) -> String {
    match scalar {
        Value::String(text) => quoted(text),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.clone(),
        _ => "null".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::connect::json::parse_template;

    #[test]
    fn members_and_items_are_indented() {
        let value = parse_template(r#"{"a": "x: y", "list": [{"b": true, "c": {"d": 1}}, "e"]}"#);
        insta::assert_snapshot!(text(&value), @r#"
        a: "x: y"
        list:
          - b: true
            c:
              d: 1
          - "e"
        "#);
    }
}
