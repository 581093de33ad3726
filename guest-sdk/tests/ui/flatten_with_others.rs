#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// Does nothing.
#[tool]
fn nothing(#[arg(flatten)] all: Vec<u8>, more: u8) {}

fn main() {}
