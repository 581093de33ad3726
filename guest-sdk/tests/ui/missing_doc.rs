#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

#[tool]
fn silent(text: String) -> String {
    text
}

fn main() {}
