#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

fn plain() {}

struct Thing;

casemate_guest_sdk::export!(Thing);
casemate_guest_sdk::export!(plain);

fn main() {}
