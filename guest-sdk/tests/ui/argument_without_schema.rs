#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

struct City;

/// Does nothing.
#[tool]
fn nothing(city: City) {}

fn main() {}
