//! Guests that answer with too much: G08.

use super::{
    family::Family,
    row::{
        Control::{Honest, With},
        End::{Completes, Stopped},
        Row, Settings,
    },
};
use casemate_guest_forge::{ANSWER_TEXT, Guest, STRUCTURED, answer_structured, answer_text};

const ROOMY: Settings = &[("limits.output_bytes", 64 << 20)];

pub(super) static OUTPUT: Family = Family {
    name: "output",
    settings: &[("limits.output_bytes", 100_000)],
    rows: &[
        Row {
            id: "G08a",
            what: "a text a little larger than it may be",
            guest: |tool| says(tool, 100_001),
            ends: Stopped("output_too_large"),
            control: With(ROOMY, Completes),
        },
        Row {
            id: "G08b",
            what: "a text of 40 MiB, which it holds",
            guest: |tool| says(tool, 40 << 20),
            ends: Stopped("output_too_large"),
            control: With(ROOMY, Completes),
        },
        Row {
            id: "G08c",
            what: "a text of 1 GiB, which it does not hold",
            guest: |tool| {
                let operands = "(i32.const 65536) (i32.const 0x40000000)";
                Guest::named(tool)
                    .item(ANSWER_TEXT)
                    .call(&answer_text(operands))
            },
            // It is noticed where it is read: the memory ends before the text does.
            ends: Stopped("abi_error"),
            control: Honest(|tool| says(tool, 1_000), Completes),
        },
        Row {
            id: "G08d",
            what: "a hundred thousand empty pieces",
            guest: |tool| {
                Guest::named(tool).call(
                    "(if (i32.eq (memory.grow (i32.const 300)) (i32.const -1)) (then unreachable))
                     (i32.store (i32.const 28) (i32.const 65536))
                     (i32.store (i32.const 32) (i32.const 100000))
                     ;; The arguments are in the way.
                     (memory.fill (i32.const 65536) (i32.const 0) (i32.const 1000000))
                     (i32.const 16)",
                )
            },
            ends: Stopped("output_too_large"),
            control: With(ROOMY, Completes),
        },
        Row {
            id: "G08e",
            what: "a million empty names",
            guest: |tool| {
                Guest::named(tool).call(
                    "(if (i32.eq (memory.grow (i32.const 300)) (i32.const -1)) (then unreachable))
                     (i32.store8 (i32.const 16) (i32.const 1))
                     (i32.store8 (i32.const 24) (i32.const 1))
                     (i32.store8 (i32.const 32) (i32.const 1))
                     (i32.store (i32.const 36) (i32.const 65536))
                     (i32.store (i32.const 40) (i32.const 1000000))
                     (memory.fill (i32.const 65536) (i32.const 0) (i32.const 1000000))
                     (i32.const 16)",
                )
            },
            ends: Stopped("output_too_large"),
            // They are names of capabilities, of which the contract knows seven.
            control: With(ROOMY, Stopped("invalid_output")),
        },
        Row {
            id: "G08f",
            what: "JSON that nests deeper than it may",
            guest: |tool| nests(tool, 65),
            ends: Stopped("invalid_output"),
            control: Honest(|tool| nests(tool, 60), Completes),
        },
        Row {
            id: "G08g",
            what: "JSON that nests sixteen thousand deep, as much as an answer may hold",
            guest: |tool| nests(tool, 16_000),
            ends: Stopped("invalid_output"),
            control: Honest(|tool| nests(tool, 60), Completes),
        },
        Row {
            id: "G08h",
            what: "an object with ten thousand fields",
            guest: |tool| fields(tool, 10_000),
            ends: Stopped("output_too_large"),
            control: With(ROOMY, Completes),
        },
    ],
};

/// Answers with so many bytes of text.
fn says(tool: &str, bytes: u32) -> Vec<u8> {
    let operands = format!("(i32.const 65536) (i32.const {bytes})");
    Guest::named(tool).item(ANSWER_TEXT).call(&format!(
        "(if (i32.eq (memory.grow (i32.const 650)) (i32.const -1)) (then unreachable))
         (memory.fill (i32.const 65536) (i32.const 120) (i32.const {bytes}))
         {}",
        answer_text(&operands)
    ))
}

fn structured(tool: &str, json: &str) -> Vec<u8> {
    let mut guest = Guest::named(tool).item(STRUCTURED);
    let json = guest.text(json);
    guest.call(&answer_structured(&json))
}

fn nests(tool: &str, depth: usize) -> Vec<u8> {
    structured(tool, &("{\"a\":".repeat(depth) + "1" + &"}".repeat(depth)))
}

fn fields(tool: &str, fields: usize) -> Vec<u8> {
    let fields: Vec<_> = (0..fields).map(|n| format!("\"field{n}\":{n}")).collect();
    structured(tool, &format!("{{{}}}", fields.join(",")))
}

#[test]
fn guests_that_answer_with_too_much_are_not_heard() {
    OUTPUT.ends_as_it_should();
}

#[test]
fn control_with_a_higher_limit_or_less_to_say_they_are_heard() {
    OUTPUT.ends_otherwise_without_the_guard();
}
