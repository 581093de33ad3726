#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// Asks for a review.
#[prompt]
fn review() -> String {
    String::new()
}

/// All notes.
#[resource("notes://all")]
fn notes() -> String {
    String::new()
}

casemate_guest_sdk::export!(review, prompt notes, resource review);

fn main() {}
