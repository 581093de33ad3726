//! Tables for people.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// A table with numbers at the right of the first column, and words at the left from `words` on.
pub(crate) fn table(headings: &[&str], words: &[usize], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::ASCII_MARKDOWN)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(headings.to_vec())
        .add_rows(rows);
    for number in 0..headings.len() {
        if let Some(column) = table.column_mut(number) {
            let is_words = words.contains(&number);
            column.set_cell_alignment(if is_words {
                CellAlignment::Left
            } else {
                CellAlignment::Right
            });
        }
    }
    table.to_string()
}

/// Milliseconds with as many digits as mean something.
pub(crate) fn millis(time: f64) -> String {
    if time < 100.0 {
        format!("{time:.1}")
    } else {
        format!("{time:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::{millis, table};

    #[test]
    fn a_table_can_be_put_into_a_document() {
        let rows = vec![vec!["cpu".to_owned(), millis(7.25), millis(1234.5)]];
        let shown = table(&["family", "p50", "p99"], &[0], rows);
        assert!(shown.lines().count() == 3, "{shown}");
        assert!(shown.contains("| cpu    | 7.2 | 1234 |"), "{shown}");
    }
}
