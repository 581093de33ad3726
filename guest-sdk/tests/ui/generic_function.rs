#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// Says it again.
#[tool]
fn again<T: ToString>(text: T) -> String {
    text.to_string()
}

fn main() {}
