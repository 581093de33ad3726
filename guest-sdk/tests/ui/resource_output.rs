#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

struct Note;

/// A note.
#[resource("notes://one")]
fn one() -> Note {
    Note
}

/// Nothing.
#[resource("notes://none")]
fn none() {}

fn main() {}
