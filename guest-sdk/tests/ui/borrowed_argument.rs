#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// Says it again.
#[tool]
fn again(text: &str) -> String {
    text.to_owned()
}

fn main() {}
