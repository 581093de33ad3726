#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// One.
#[resource("notes://{id}")]
fn one(id: String) -> String {
    id
}

/// The same.
#[resource("notes://{id}")]
fn other(id: String) -> String {
    id
}

casemate_guest_sdk::export!(resource one, resource other);

fn main() {}
