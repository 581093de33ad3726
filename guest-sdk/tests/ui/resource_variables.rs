#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// A note.
#[resource("notes://{id}/{part}")]
fn note(id: String, page: u32, cx: &Cx) -> String {
    id
}

/// A note, or not.
#[resource("notes://{id}")]
fn maybe(id: Option<String>) -> String {
    String::new()
}

fn main() {}
