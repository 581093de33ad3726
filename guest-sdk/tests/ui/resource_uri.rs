#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// Without a URI.
#[resource]
fn none() -> String {
    String::new()
}

/// Without a scheme.
#[resource("notes")]
fn scheme() -> String {
    String::new()
}

/// With an operator that is not understood.
#[resource("notes://{?id}")]
fn operator(id: String) -> String {
    id
}

/// With settings first.
#[resource(title = "Notes", "notes://all")]
fn order() -> String {
    String::new()
}

/// With a name that nobody reads.
#[resource("notes://all", name = " ")]
fn name() -> String {
    String::new()
}

/// With a media type that is none.
#[resource("notes://all", mime_type = "text")]
fn media() -> String {
    String::new()
}

fn main() {}
