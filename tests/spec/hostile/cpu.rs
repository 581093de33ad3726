//! Guests that compute without end: G01, and G03 for the places where they can.

use super::{
    family::Family,
    row::{
        Control::{Honest, With},
        End::{Completes, Refused, Stopped},
        Row, Settings,
    },
};
use casemate_guest_forge::{Guest, Part};

const FUEL_TO_SPARE: Settings = &[("limits.fuel", 10_000_000_000_000), ("limits.wall_ms", 250)];

pub(super) static CPU: Family = Family {
    name: "cpu",
    settings: &[("limits.fuel", 50_000_000), ("limits.wall_ms", 20_000)],
    rows: &[
        Row {
            id: "G01a",
            what: "an endless loop",
            guest: |tool| Guest::named(tool).call("(loop $l (br $l)) (i32.const 16)"),
            ends: Stopped("fuel_exhausted"),
            control: With(FUEL_TO_SPARE, Stopped("deadline_exceeded")),
        },
        Row {
            id: "G01b",
            what: "a loop of empty indirect calls",
            guest: |tool| {
                Guest::named(tool)
                    .item("(type $v (func)) (func $nothing) (table funcref (elem $nothing))")
                    .call(
                        "(loop $l (call_indirect (type $v) (i32.const 0)) (br $l)) (i32.const 16)",
                    )
            },
            ends: Stopped("fuel_exhausted"),
            control: With(FUEL_TO_SPARE, Stopped("deadline_exceeded")),
        },
        Row {
            id: "G01c",
            what: "two functions that end by calling each other",
            guest: |tool| {
                Guest::named(tool)
                    .item("(func $a (return_call $b)) (func $b (return_call $a))")
                    .call("(call $a) (i32.const 16)")
            },
            // Tail calls are switched off: without them the same overflows the stack.
            ends: Refused("feature_refused"),
            control: Honest(
                |tool| {
                    Guest::named(tool)
                        .item("(func $a (call $b)) (func $b)")
                        .call("(call $a) (i32.const 16)")
                },
                Completes,
            ),
        },
        Row {
            id: "G01d",
            what: "a jump table that leads back",
            guest: |tool| {
                Guest::named(tool)
                    .call("(loop $l (br_table $l $l $l (i32.const 1))) (i32.const 16)")
            },
            ends: Stopped("fuel_exhausted"),
            control: With(FUEL_TO_SPARE, Stopped("deadline_exceeded")),
        },
        Row {
            id: "G03a",
            what: "an endless loop in the start function",
            guest: |tool| {
                Guest::named(tool)
                    .item("(func $begin (loop $l (br $l))) (start $begin)")
                    .call("(i32.const 16)")
            },
            // It never gets as far as a call: it is started once at upload, to be asked what it is.
            ends: Refused("metadata_rejected"),
            control: Honest(
                |tool| {
                    Guest::named(tool)
                        .item("(func $begin) (start $begin)")
                        .call("(i32.const 16)")
                },
                Completes,
            ),
        },
        Row {
            id: "G03b",
            what: "an endless loop in `_initialize`",
            guest: |tool| {
                Guest::named(tool)
                    .item("(func (export \"_initialize\") (loop $l (br $l)))")
                    .call("(i32.const 16)")
            },
            ends: Refused("metadata_rejected"),
            control: Honest(
                |tool| {
                    Guest::named(tool)
                        .item("(func (export \"_initialize\"))")
                        .call("(i32.const 16)")
                },
                Completes,
            ),
        },
        Row {
            id: "G03c",
            what: "an endless loop while it is asked what it is",
            guest: |tool| {
                Guest::named(tool)
                    .describe("(loop $l (br $l)) (i32.const 16)")
                    .call("(i32.const 16)")
            },
            ends: Refused("metadata_rejected"),
            control: Honest(|tool| Guest::named(tool).call("(i32.const 16)"), Completes),
        },
        Row {
            id: "G03d",
            what: "an endless loop when asked for memory",
            guest: |tool| {
                Guest::named(tool)
                    .realloc("(loop $l (br $l)) (i32.const 0)")
                    .call("(i32.const 16)")
            },
            ends: Stopped("fuel_exhausted"),
            control: With(FUEL_TO_SPARE, Stopped("deadline_exceeded")),
        },
        Row {
            id: "G03e",
            what: "an endless loop after its answer was taken",
            guest: |tool| {
                Guest::named(tool)
                    .post_return("(loop $l (br $l))")
                    .call("(i32.const 16)")
            },
            ends: Stopped("fuel_exhausted"),
            control: With(FUEL_TO_SPARE, Stopped("deadline_exceeded")),
        },
        Row {
            id: "G03f",
            what: "an endless loop in the destructor of a resource",
            guest: |tool| {
                Guest::named(tool)
                    .part(Part::with_resource("(loop $l (br $l))"))
                    .call("(call $drop-thing (call $new-thing)) (i32.const 16)")
            },
            ends: Stopped("fuel_exhausted"),
            control: With(FUEL_TO_SPARE, Stopped("deadline_exceeded")),
        },
    ],
};

#[test]
fn guests_that_compute_without_end_use_up_their_fuel() {
    CPU.ends_as_it_should();
}

#[test]
fn control_with_fuel_to_spare_they_run_into_their_deadline() {
    CPU.ends_otherwise_without_the_guard();
}
