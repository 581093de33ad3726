#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// Asks for a review.
#[prompt]
fn review() -> u64 {
    1
}

/// Asks nothing.
#[prompt]
fn nothing() {}

fn main() {}
