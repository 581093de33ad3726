#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// Adds two numbers.
#[tool]
fn add((one, other): (u32, u32)) -> u32 {
    one + other
}

fn main() {}
