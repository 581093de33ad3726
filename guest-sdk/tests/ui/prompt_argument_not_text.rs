#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// What to look at.
struct Focus;

/// Asks for a review.
#[prompt]
fn review(focus: Focus) -> String {
    String::new()
}

/// All notes.
#[resource("notes://{focus}")]
fn notes(focus: Focus) -> String {
    String::new()
}

fn main() {}
