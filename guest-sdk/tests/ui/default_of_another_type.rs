#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// Does nothing.
#[tool]
fn nothing(#[arg(default = "one")] days: u8, #[arg(default = true)] hours: u8) {}

fn main() {}
