//! Limits that nobody can set: one more is refused or cut, and as many as there may be pass. Some
//! controls stay well below: at its limit, code takes a compiler seconds.

use super::{
    family::Family,
    hostcalls::random,
    logs::{logs, text},
    memory::beside,
    row::{
        Control::Honest,
        End::{Completes, Recorded, Refused, Stopped},
        Row,
    },
    schema::{choices, with_schema},
    tables::{declares, instances},
};
use casemate_guest_forge::{Definition, Guest, bombs, damage::with_module};
use serde_json::json;

macro_rules! fixed {
    ($($id:literal, $what:literal, $ends:expr, $more:expr; $allowed:expr;)+) => {
        [$(Row {
            id: $id,
            what: $what,
            guest: $more,
            ends: $ends,
            control: Honest($allowed, Completes),
        }),+]
    };
}

pub(super) static SHAPES: Family = Family {
    name: "fixed",
    settings: &[],
    rows: &fixed! {
        "G04n", "five memories", Refused("component_too_large"),
            |tool| beside(tool, 4, 1); |tool| beside(tool, 3, 1);
        "G05h", "seventeen tables", Refused("component_too_large"),
            |tool| instances(tool, 17); |tool| instances(tool, 16);
        "G05i", "a table of 20,001 elements", Refused("component_too_large"),
            |tool| declares(tool, 1, 20_001); |tool| declares(tool, 1, 20_000);
        "G36ae", "201 tools", Refused("metadata_rejected"),
            |tool| tools(tool, 201); |tool| tools(tool, 200);
        "G35v", "a schema of a byte more than 32 KiB", Refused("schema_rejected"),
            |tool| long(tool, (32 << 10) + 1); |tool| long(tool, 32 << 10);
        "G35w", "a schema of 33 levels", Refused("schema_rejected"),
            |tool| deep(tool, "[[1]]"); |tool| deep(tool, "[1]");
        "G35x", "a schema of 2,001 values", Refused("schema_rejected"),
            |tool| with_schema(tool, &choices(1_996).to_string());
            |tool| with_schema(tool, &choices(1_995).to_string());
        "G30l", "50,001 functions", Refused("compile_budget"),
            |tool| beside_nothing(tool, &bombs::functions(50_001));
            |tool| beside_nothing(tool, &bombs::functions(40_000));
        "G30m", "a function of more than 512 KiB", Refused("compile_budget"),
            |tool| beside_nothing(tool, &bombs::additions(174_763));
            |tool| beside_nothing(tool, &bombs::additions(60_000));
        "G30n", "a function of 30,001 blocks", Refused("compile_budget"),
            |tool| beside_nothing(tool, &bombs::blocks(30_001));
            |tool| beside_nothing(tool, &bombs::blocks(10_000));
        "G13f", "a byte more than 64 KiB of random bytes", Stopped("hostcall_limit"),
            |tool| random(tool, (64 << 10) + 1); |tool| random(tool, 64 << 10);
    },
};

pub(super) static SHOWN: Family = Family {
    name: "shown",
    settings: &[],
    rows: &[
        Row {
            id: "G12i",
            what: "a line of a byte more than 8 KiB",
            guest: |tool| logs(tool, 1, &"x".repeat((8 << 10) + 1)),
            ends: Recorded(|record| text(record).ends_with('…')),
            control: Honest(
                |tool| logs(tool, 1, &"x".repeat(8 << 10)),
                Recorded(|record| text(record).len() == 8 << 10),
            ),
        },
        Row {
            id: "G13g",
            what: "crashes if a clock shows less than a millisecond",
            guest: |tool| reads(tool, 1_000_000),
            ends: Completes,
            // It would see whatever the clock shows below what it looks for.
            control: Honest(|tool| reads(tool, 1_000_000_000), Stopped("trap")),
        },
        Row {
            id: "G13h",
            what: "crashes if the time of day shows less than a millisecond",
            guest: |tool| reads_the_day(tool, 1_000_000),
            ends: Completes,
            control: Honest(|tool| reads_the_day(tool, 1_000_000_000), Stopped("trap")),
        },
    ],
};

fn beside_nothing(tool: &str, module: &[u8]) -> Vec<u8> {
    with_module(&Guest::named(tool).call("(i32.const 16)"), module)
}

fn tools(tool: &str, count: usize) -> Vec<u8> {
    let others = (1..count).map(|n| Definition::named(&format!("{tool}-{n}")));
    let all: Vec<_> = [Definition::named(tool)]
        .into_iter()
        .chain(others)
        .collect();
    Definition::guest_of(&all).call("(i32.const 16)")
}

fn long(tool: &str, bytes: usize) -> Vec<u8> {
    let empty = json!({ "type": "object", "$comment": "" }).to_string();
    let comment = "x".repeat(bytes - empty.len());
    with_schema(tool, &empty.replace("\"\"", &format!("\"{comment}\"")))
}

/// Objects down to the 31st level, and there a list of choices.
fn deep(tool: &str, choices: &str) -> Vec<u8> {
    let open = r#"{"type":"object","properties":{"a":"#.repeat(15);
    let schema = open + &format!("{{\"enum\":{choices}}}") + &"}}".repeat(15);
    with_schema(tool, &schema)
}

/// Reads a clock for some milliseconds, and crashes at what is no multiple of so many nanoseconds.
fn reads(tool: &str, step: u64) -> Vec<u8> {
    Guest::named(tool)
        .wasi("wasi:clocks/monotonic-clock", "now", "(result i64)")
        .call(&format!(
            "(local i64)
             (loop $l
                (local.set 1 (call $now))
                (if (i64.ne (i64.rem_u (local.get 1) (i64.const {step})) (i64.const 0))
                    (then unreachable))
                (br_if $l (i64.lt_u (local.get 1) (i64.const 20_000_000))))
             (i32.const 16)"
        ))
}

/// The same with the part of the time of day below a second, a thousand times.
fn reads_the_day(tool: &str, step: u32) -> Vec<u8> {
    Guest::named(tool)
        .wasi("wasi:clocks/wall-clock", "now", "(param i32)")
        .call(&format!(
            "(local i32)
             (loop $l
                (call $now (i32.const 640))
                (if (i32.rem_u (i32.load (i32.const 648)) (i32.const {step})) (then unreachable))
                (local.set 1 (i32.add (local.get 1) (i32.const 1)))
                (br_if $l (i32.lt_u (local.get 1) (i32.const 1000))))
             (i32.const 16)"
        ))
}

#[test]
fn one_more_than_is_fixed_is_refused() {
    SHAPES.ends_as_it_should();
}

#[test]
fn control_as_many_as_are_allowed_pass() {
    SHAPES.ends_otherwise_without_the_guard();
}

#[test]
fn lines_are_cut_and_clocks_are_coarse() {
    SHOWN.ends_as_it_should();
}

#[test]
fn control_shorter_lines_are_whole_and_a_coarser_look_at_clocks_sees_them_move() {
    SHOWN.ends_otherwise_without_the_guard();
}
