#![allow(dead_code, unused_imports, unused_variables)]

use casemate_guest_sdk::prelude::*;

struct Notes;

impl Notes {
    /// Reads a note.
    #[tool]
    fn read(&self, id: u32) -> String {
        id.to_string()
    }
}

fn main() {}
