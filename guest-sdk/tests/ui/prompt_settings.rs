#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

#[prompt(read_only, name = "a b")]
fn review(
    #[arg(range = 1..=2)] count: u8,
    #[arg(complete = languages(nobody))] language: String,
    #[arg(complete = 1)] style: Option<String>,
    #[arg(default)] text: Option<String>,
) -> String {
    String::new()
}

fn main() {}
