#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// Does nothing.
#[tool(title, hosts = "example.com", read_only = 1)]
fn nothing() {}

fn main() {}
