#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// Does nothing.
#[tool(readonly, title = "Nothing")]
fn nothing() {}

fn main() {}
