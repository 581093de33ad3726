//! Summarizes the columns of a table in CSV.

mod column;

use casemate_guest_sdk::prelude::*;
use column::Summary;
pub use column::{Column, Numbers};

/// A table in short.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Table {
    /// Rows, without the header.
    rows: u64,
    columns: Vec<Column>,
}

/// Summarizes a table in CSV: rows and columns, and for each column how many values are there,
/// empty or distinct, and minimum, maximum and mean if they are numbers. The first row names the
/// columns.
#[tool(title = "CSV summary", read_only, idempotent, open_world = false)]
pub fn csv_summary(
    /// The table, with a header row.
    #[arg(example = "city,celsius\nOslo,-3.5\nRome,14")]
    csv: String,
    /// The character between values.
    #[arg(default = ',', example = ';')]
    delimiter: char,
) -> Result<Table, ToolError> {
    let delimiter = u8::try_from(delimiter)
        .map_err(|_| ToolError::invalid_arg("delimiter", "must be an ASCII character"))?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(csv.as_bytes());
    let mut columns: Vec<Summary> = reader
        .headers()
        .map_err(unreadable)?
        .iter()
        .map(Summary::new)
        .collect();
    let mut rows = 0;
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(unreadable)? {
        rows += 1;
        for (column, value) in columns.iter_mut().zip(&record) {
            column.add(value.trim());
        }
    }
    let columns = columns.into_iter().map(Summary::finish).collect();
    Ok(Table { rows, columns })
}

fn unreadable(error: csv::Error) -> ToolError {
    ToolError::invalid_arg("csv", format!("cannot be read: {error}"))
}

casemate_guest_sdk::export!(csv_summary);
