#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

struct Forecast;

/// Looks ahead.
#[tool]
fn forecast() -> Result<Forecast, ToolError> {
    Ok(Forecast)
}

fn main() {}
