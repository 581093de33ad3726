#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// Not a tool.
#[tool]
struct Weather;

fn main() {}
