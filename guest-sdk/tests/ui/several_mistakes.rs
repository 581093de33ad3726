#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

#[tool(titel = "x", secrets = ["x"])]
fn nothing(_: u8, #[arg(rang = 1)] days: &str) {}

fn main() {}
