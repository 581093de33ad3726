//! Guests that hold handles and never drop them: G07.

use super::{
    family::Family,
    row::{
        Control::{Honest, None, With},
        End::{Completes, Refused, Stopped},
        Row,
    },
};
use casemate_guest_forge::{Guest, Part, wat};

pub(super) static HANDLES: Family = Family {
    name: "handles",
    settings: &[],
    rows: &[
        Row {
            id: "G07a",
            what: "resources of another component",
            guest: |tool| resources(tool, 2_000),
            ends: Stopped("handle_limit"),
            control: With(&[("limits.handles", 5_000)], Completes),
        },
        Row {
            id: "G07b",
            what: "streams of the host",
            guest: |tool| streams(tool, 2_000),
            ends: Stopped("handle_limit"),
            control: Honest(|tool| streams(tool, 500), Completes),
        },
        Row {
            id: "G07c",
            what: "clocks of the host to wait for",
            guest: |tool| clocks(tool, 2_000),
            ends: Stopped("handle_limit"),
            control: Honest(|tool| clocks(tool, 500), Completes),
        },
        Row {
            id: "G07d",
            what: "streams of the component model",
            guest: |_| wat("(component (type $s (stream u8)) (core func (canon stream.new $s)))"),
            ends: Refused("feature_refused"),
            control: None("no component may have them"),
        },
        Row {
            id: "G07e",
            what: "futures of the component model",
            guest: |_| wat("(component (type $s (future u8)) (core func (canon future.new $s)))"),
            ends: Refused("feature_refused"),
            control: None("no component may have them"),
        },
        Row {
            id: "G07f",
            what: "sets to wait for",
            guest: |_| wat("(component (core func (canon waitable-set.new)))"),
            ends: Refused("feature_refused"),
            control: None("no component may have them"),
        },
        Row {
            id: "G07g",
            what: "resources that are dropped in time",
            guest: |tool| {
                Guest::named(tool)
                    .part(Part::with_resource(""))
                    .call(&times(5_000, "(call $drop-thing (call $new-thing))"))
            },
            ends: Completes,
            control: None("nothing is wrong: it holds one at a time"),
        },
        Row {
            id: "G07h",
            what: "waits for the same clock a million times at once",
            guest: |tool| polls(tool, 1_000_000),
            ends: Stopped("hostcall_limit"),
            control: Honest(|tool| polls(tool, 900), Completes),
        },
    ],
};

/// A body that does something so many times.
pub(super) fn times(count: u32, what: &str) -> String {
    format!(
        "(local $n i32)
         (loop $l
            {what}
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $n) (i32.const {count}))))
         (i32.const 16)"
    )
}

fn resources(tool: &str, count: u32) -> Vec<u8> {
    Guest::named(tool)
        .part(Part::with_resource(""))
        .call(&times(count, "(drop (call $new-thing))"))
}

fn streams(tool: &str, count: u32) -> Vec<u8> {
    Guest::named(tool)
        .wasi("wasi:cli/stdout", "get-stdout", "(result i32)")
        .call(&times(count, "(drop (call $get-stdout))"))
}

fn clocks(tool: &str, count: u32) -> Vec<u8> {
    Guest::named(tool)
        .wasi(
            "wasi:clocks/monotonic-clock",
            "subscribe-duration",
            "(param i64) (result i32)",
        )
        .call(&times(
            count,
            "(drop (call $subscribe-duration (i64.const 1000)))",
        ))
}

/// Asks which of so many are ready; they are all one.
fn polls(tool: &str, count: u32) -> Vec<u8> {
    let list = 1_310_720;
    Guest::named(tool)
        .wasi(
            "wasi:clocks/monotonic-clock",
            "subscribe-duration",
            "(param i64) (result i32)",
        )
        .wasi("wasi:io/poll", "poll", "(param i32 i32 i32)")
        .call(&format!(
            "(local $n i32) (local $clock i32)
             (if (i32.eq (memory.grow (i32.const 256)) (i32.const -1)) (then unreachable))
             (local.set $clock (call $subscribe-duration (i64.const 0)))
             (loop $l
                (i32.store
                    (i32.add (i32.const {list}) (i32.shl (local.get $n) (i32.const 2)))
                    (local.get $clock))
                (local.set $n (i32.add (local.get $n) (i32.const 1)))
                (br_if $l (i32.lt_u (local.get $n) (i32.const {count}))))
             (call $poll (i32.const {list}) (i32.const {count}) (i32.const 640))
             (i32.const 16)"
        ))
}

#[test]
fn guests_that_hold_too_many_handles_are_stopped() {
    HANDLES.ends_as_it_should();
}

#[test]
fn control_with_fewer_or_a_higher_limit_they_come_to_their_end() {
    HANDLES.ends_otherwise_without_the_guard();
}
