#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// Does nothing.
#[tool(name = "do nothing")]
fn nothing() {}

fn main() {}
