#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

/// Does nothing.
#[tool(secrets = ["WEATHER_KEY", "weather-key"], reveal = ["WEATHER_KEY"])]
fn nothing() {}

fn main() {}
