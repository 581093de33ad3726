#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// Says it again.
#[tool]
fn again(text: impl ToString) -> impl Serialize {
    text.to_string()
}

fn main() {}
