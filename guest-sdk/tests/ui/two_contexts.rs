#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// Does nothing, twice.
#[tool]
fn nothing(one: &Cx, other: &Cx) {}

fn main() {}
