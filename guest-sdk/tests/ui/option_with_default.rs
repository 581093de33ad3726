#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// Does nothing.
#[tool]
fn nothing(#[arg(default = 1)] days: Option<u8>) {}

fn main() {}
