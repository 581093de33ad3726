#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// Does nothing.
#[tool(hosts = ["https://api.example.com/v1", "*.com"])]
fn nothing() {}

fn main() {}
