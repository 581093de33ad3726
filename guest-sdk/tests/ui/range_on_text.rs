#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// Does nothing.
#[tool]
fn nothing(#[arg(range = 1..=14)] days: String) {}

fn main() {}
