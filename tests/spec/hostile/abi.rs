//! Guests that break the canonical ABI by hand: G16 to G19.

use super::{
    family::Family,
    row::{
        Control::{Honest, None},
        End::{Completes, Says, Stopped},
        Row,
    },
};
use casemate_guest_forge::{ANSWER_TEXT, Guest, Part, answer_text};

/// Rows of guests that differ from an honest one in one place of their answer.
macro_rules! answers {
    ($($id:literal, $what:literal, $body:literal, $honest:literal;)+) => {
        [$(Row {
            id: $id,
            what: $what,
            guest: |tool| Guest::named(tool).call($body),
            ends: Stopped("abi_error"),
            control: Honest(|tool| Guest::named(tool).call($honest), Completes),
        }),+]
    };
}

pub(super) static ANSWERS: Family = Family {
    name: "answers",
    settings: &[],
    rows: &answers! {
        "G16a", "an answer at an address that is not aligned", "(i32.const 17)", "(i32.const 16)";
        "G16b", "an answer past the end of memory", "(i32.const -8)", "(i32.const 16)";
        "G18a", "neither a result nor an error",
            "(i32.store8 (i32.const 16) (i32.const 7)) (i32.const 16)",
            "(i32.store8 (i32.const 16) (i32.const 0)) (i32.const 16)";
        "G18b", "an outcome that there is not",
            "(i32.store8 (i32.const 24) (i32.const 9)) (i32.const 16)",
            "(i32.store8 (i32.const 24) (i32.const 0)) (i32.const 16)";
        "G18c", "an option that is neither there nor not there",
            "(i32.store8 (i32.const 36) (i32.const 2)) (i32.const 16)",
            "(i32.store8 (i32.const 36) (i32.const 0)) (i32.const 16)";
        "G18d", "a kind of content that there is not",
            "(i32.store (i32.const 28) (i32.const 256)) (i32.store (i32.const 32) (i32.const 1))
             (i32.store8 (i32.const 256) (i32.const 77)) (i32.const 16)",
            "(i32.store (i32.const 28) (i32.const 256)) (i32.store (i32.const 32) (i32.const 1))
             (i32.store8 (i32.const 256) (i32.const 0)) (i32.const 16)";
        "G18e", "an audience that there is not",
            "(i32.store (i32.const 28) (i32.const 256)) (i32.store (i32.const 32) (i32.const 1))
             (i32.store8 (i32.const 344) (i32.const 1))
             (i32.store (i32.const 352) (i32.const 600)) (i32.store (i32.const 356) (i32.const 1))
             (i32.store8 (i32.const 600) (i32.const 9)) (i32.const 16)",
            "(i32.store (i32.const 28) (i32.const 256)) (i32.store (i32.const 32) (i32.const 1))
             (i32.store8 (i32.const 344) (i32.const 1))
             (i32.store (i32.const 352) (i32.const 600)) (i32.store (i32.const 356) (i32.const 1))
             (i32.store8 (i32.const 600) (i32.const 1)) (i32.const 16)";
        "G18f", "a list whose length times its parts is more than there are addresses",
            "(i32.store (i32.const 28) (i32.const 256)) (i32.store (i32.const 32) (i32.const -1))
             (i32.const 16)",
            "(i32.store (i32.const 28) (i32.const 256)) (i32.store (i32.const 32) (i32.const 0))
             (i32.const 16)";
        "G18g", "a list at an address that is not aligned",
            "(i32.store (i32.const 28) (i32.const 257)) (i32.store (i32.const 32) (i32.const 1))
             (i32.const 16)",
            "(i32.store (i32.const 28) (i32.const 256)) (i32.store (i32.const 32) (i32.const 1))
             (i32.const 16)";
        "G18h", "a list past the end of memory",
            "(i32.store (i32.const 28) (i32.const -256)) (i32.store (i32.const 32) (i32.const 9))
             (i32.const 16)",
            "(i32.store (i32.const 28) (i32.const 256)) (i32.store (i32.const 32) (i32.const 1))
             (i32.const 16)";
    },
};

pub(super) static WORDS: Family = Family {
    name: "words",
    settings: &[],
    rows: &[
        Row {
            id: "G18i",
            what: "a text that is no UTF-8",
            guest: |tool| says(tool, b"\xff\xfe\xc0\x80"),
            ends: Stopped("abi_error"),
            control: Honest(|tool| says(tool, "ä€𝄞".as_bytes()), Says("ä€𝄞")),
        },
        Row {
            id: "G18j",
            what: "a text with half of a pair, in UTF-8",
            guest: |tool| says(tool, b"\xed\xa0\x80"),
            ends: Stopped("abi_error"),
            control: Honest(|tool| says(tool, b"\xed\x9f\xbf"), Completes),
        },
        Row {
            id: "G18k",
            what: "a text that ends in the middle of a character",
            guest: |tool| says(tool, b"abc\xe2\x82"),
            ends: Stopped("abi_error"),
            control: Honest(|tool| says(tool, b"abc\xe2\x82\xac"), Completes),
        },
        Row {
            id: "G18l",
            what: "a line of log that is no UTF-8",
            guest: |tool| logs(tool, b"\xff", 1),
            ends: Stopped("abi_error"),
            control: Honest(|tool| logs(tool, b"x", 1), Completes),
        },
        Row {
            id: "G18m",
            what: "a level of log that there is not",
            guest: |tool| logs(tool, b"x", 99),
            ends: Stopped("abi_error"),
            control: Honest(|tool| logs(tool, b"x", 7), Completes),
        },
        Row {
            id: "G18n",
            what: "half of a pair, in UTF-16, to another component",
            guest: |tool| utf16(tool, &[0xd800], 1),
            ends: Stopped("abi_error"),
            control: Honest(|tool| utf16(tool, &[0xd834, 0xdd1e], 2), Completes),
        },
        Row {
            id: "G18o",
            what: "a text in UTF-16 past the end of memory",
            guest: |tool| utf16(tool, &[0x61], 0x4000_0000),
            ends: Stopped("abi_error"),
            control: Honest(|tool| utf16(tool, &[0x61], 1), Completes),
        },
        Row {
            id: "G18p",
            what: "half of a pair in a text that says it is not Latin-1",
            guest: |tool| encoded(tool, "latin1+utf16", &[0xdc00], 0x8000_0001),
            ends: Stopped("abi_error"),
            control: Honest(|tool| encoded(tool, "latin1+utf16", &[0xe4], 1), Completes),
        },
        Row {
            id: "G18q",
            what: "a number that is no character, to another component",
            guest: |tool| character(tool, 0x11_0000),
            ends: Stopped("abi_error"),
            control: Honest(|tool| character(tool, 0x10_ffff), Completes),
        },
        Row {
            id: "G18r",
            what: "half of a pair as a character",
            guest: |tool| character(tool, 0xd800),
            ends: Stopped("abi_error"),
            control: Honest(|tool| character(tool, 0xe000), Completes),
        },
        Row {
            id: "G18s",
            what: "bits that no flag has",
            guest: |tool| flags(tool),
            // The canonical ABI has them dropped at the seam, and so they are: the other component
            // crashes if it sees one.
            ends: Completes,
            control: None("there is nothing to stop"),
        },
        Row {
            id: "G18t",
            what: "a text in UTF-16 at an odd address",
            guest: |tool| encoded_at(65, tool, "utf16", (&[0x61, 0x62], 2)),
            ends: Stopped("abi_error"),
            control: Honest(
                |tool| encoded_at(66, tool, "utf16", (&[0x61, 0x62], 2)),
                Completes,
            ),
        },
    ],
};

/// Answers with these bytes as text.
fn says(tool: &str, bytes: &[u8]) -> Vec<u8> {
    let mut guest = Guest::named(tool).item(ANSWER_TEXT);
    let (at, len) = guest.place(bytes);
    guest.call(&answer_text(&format!("(i32.const {at}) (i32.const {len})")))
}

fn logs(tool: &str, bytes: &[u8], level: u32) -> Vec<u8> {
    let mut guest = Guest::named(tool).import("logging", "log", "(param i32 i32 i32 i32 i32 i32)");
    let (at, len) = guest.place(bytes);
    guest.call(&format!(
        "(call $log (i32.const {level}) (i32.const {at}) (i32.const {len})
            (i32.const 0) (i32.const 0) (i32.const 0))
         (i32.const 16)"
    ))
}

fn utf16(tool: &str, units: &[u16], length: u32) -> Vec<u8> {
    encoded(tool, "utf16", units, length)
}

/// Asks another component for a text in an encoding.
fn encoded(tool: &str, encoding: &str, units: &[u16], length: u32) -> Vec<u8> {
    encoded_at(64, tool, encoding, (units, length))
}

fn encoded_at(at: u32, tool: &str, encoding: &str, (units, length): (&[u16], u32)) -> Vec<u8> {
    let bytes = units.iter().flat_map(|unit| unit.to_le_bytes());
    let text: String = bytes.map(|byte| format!("\\{byte:02x}")).collect();
    let component = format!(
        "(core module $m
            (memory (export \"memory\") 1)
            (data (i32.const {at}) \"{text}\")
            (func (export \"words\") (result i32)
                (i32.store (i32.const 8) (i32.const {at}))
                (i32.store (i32.const 12) (i32.const {length}))
                (i32.const 8)))
         (core instance $i (instantiate $m))
         (func (export \"words\") (result string)
            (canon lift (core func $i \"words\") (memory (core memory $i \"memory\"))
                string-encoding={encoding}))"
    );
    Guest::named(tool)
        .part(Part::new("words: func() -> string;", &component).function("words", "(param i32)"))
        .call("(call $words (i32.const 640)) (i32.const 16)")
}

fn character(tool: &str, character: u32) -> Vec<u8> {
    let component = "(core module $m (func (export \"go\") (param i32)))
         (core instance $i (instantiate $m))
         (func (export \"go\") (param \"c\" char) (canon lift (core func $i \"go\")))";
    Guest::named(tool)
        .part(Part::seam("go: func(c: char);", "(param i32)", component))
        .call(&format!(
            "(call $go (i32.const {character})) (i32.const 16)"
        ))
}

fn flags(tool: &str) -> Vec<u8> {
    let component = "(core module $m
            (func (export \"go\") (param i32)
                (if (i32.ne (local.get 0) (i32.const 3)) (then unreachable))))
         (core instance $i (instantiate $m))
         (type $colors (flags \"red\" \"blue\"))
         (export $named \"colors\" (type $colors))
         (func (export \"go\") (param \"c\" $named) (canon lift (core func $i \"go\")))";
    let wit = "flags colors { red, blue } go: func(c: colors);";
    Guest::named(tool)
        .part(Part::seam(wit, "(param i32)", component))
        .call("(call $go (i32.const -1)) (i32.const 16)")
}

#[test]
fn answers_that_break_the_canonical_abi_are_not_read() {
    ANSWERS.ends_as_it_should();
}

#[test]
fn control_the_same_answers_whole_are_read() {
    ANSWERS.ends_otherwise_without_the_guard();
}

#[test]
fn texts_and_values_that_cannot_be_are_stopped_at_the_seam() {
    WORDS.ends_as_it_should();
}

#[test]
fn control_texts_and_values_that_can_be_pass() {
    WORDS.ends_otherwise_without_the_guard();
}
