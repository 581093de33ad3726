#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// Does nothing.
#[tool]
fn nothing(#[arg(defualt = 1)] days: u8) {}

fn main() {}
