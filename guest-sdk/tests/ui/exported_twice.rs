#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// One.
#[tool]
fn one() {}

/// The same.
#[tool(name = "one")]
fn other() {}

casemate_guest_sdk::export!(one, other);

fn main() {}
