#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// Works.
#[tool(task = "always")]
fn work() {}

fn main() {}
