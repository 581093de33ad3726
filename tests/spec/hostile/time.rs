//! Guests that take long for little fuel, and those that only wait: G02, G10.

use super::{
    family::{Bench, Family},
    row::{
        Control::{Honest, With},
        End::{Completes, Stopped},
        Row, Settings,
    },
    upload::{call, records},
};
use casemate_guest_forge::Guest;
use casemate_tests::{SOON, least_delay};
use std::time::Duration;

const WALL_MS: u64 = 300;
/// Time enough for each of them to use up a little fuel.
const TIME_TO_SPARE: Settings = &[("limits.fuel", 5_000_000), ("limits.wall_ms", 30_000)];

/// Time enough for a few calls to the host.
const FEW_CALLS: Settings = &[("limits.host_calls", 20), ("limits.wall_ms", 30_000)];

const POLL: &str = "wasi:io/poll";
const CLOCK: &str = "wasi:clocks/monotonic-clock";

macro_rules! hogs {
    ($($id:literal, $what:literal, $items:literal, $body:literal;)+) => {
        [$(Row {
            id: $id,
            what: $what,
            guest: |tool| Guest::named(tool).item($items).call(concat!($body, "(i32.const 16)")),
            ends: Stopped("deadline_exceeded"),
            control: With(TIME_TO_SPARE, Stopped("fuel_exhausted")),
        }),+]
    };
}

const SETTINGS: Settings = &[
    ("limits.wall_ms", WALL_MS),
    ("limits.fuel", 10_000_000_000_000),
    ("limits.host_calls", 1_000_000_000),
];

pub(super) static HOGS: Family = Family {
    name: "time",
    settings: SETTINGS,
    rows: &hogs! {
        "G02b", "memory growing by nothing", "",
            "(loop $l (drop (memory.grow (i32.const 0))) (br $l))";
        "G02d", "large fills of memory", "",
            "(loop $l (memory.fill (i32.const 65536) (i32.const 1) (i32.const 1048576)) (br $l))";
        "G02e", "large copies of memory", "",
            "(loop $l (memory.copy (i32.const 65536) (i32.const 65537) (i32.const 1048576)) (br $l))";
        "G02f", "large fills of a table", "(table $t 15000 funcref)",
            "(loop $l (table.fill $t (i32.const 0) (ref.null func) (i32.const 15000)) (br $l))";
        "G02g", "chains of divisions", "(global $x (mut i64) (i64.const -3))",
            "(loop $l
                (global.set $x (i64.div_s (i64.div_s (i64.div_s (i64.rem_u (global.get $x)
                    (i64.const 3)) (i64.const 7)) (i64.const -5)) (i64.const 11)))
                (br $l))";
        "G02h", "fills of all the memory it may have", "",
            "(drop (memory.grow (i32.const 1000)))
             (loop $l (memory.fill (i32.const 65536) (i32.const 1) (i32.const 66000000)) (br $l))";
        "G02i", "copies of all the memory it may have", "",
            "(drop (memory.grow (i32.const 1000)))
             (loop $l (memory.copy (i32.const 65536) (i32.const 65537) (i32.const 66000000)) (br $l))";
        "G02j", "one byte in each page of all the memory it may have", "(global $at (mut i32) (i32.const 0))",
            "(drop (memory.grow (i32.const 1000)))
             (loop $l
                (i32.store8 (global.get $at) (i32.const 1))
                (global.set $at (i32.rem_u (i32.add (global.get $at) (i32.const 4096))
                    (i32.const 66000000)))
                (br $l))";
        "G03g", "an endless loop in a function of a table", "(func $f (loop $l (br $l)))
            (table funcref (elem $f))", "(call_indirect (i32.const 0))";
    },
};

pub(super) static ASKERS: Family = Family {
    name: "asking",
    settings: SETTINGS,
    rows: &[
        Row {
            id: "G02a",
            what: "asks for memory that it does not get, again and again",
            guest: |tool| asks(tool, GROW, u32::MAX),
            ends: Stopped("memory_limit"),
            control: Honest(|tool| asks(tool, GROW, 900), Completes),
        },
        Row {
            id: "G02c",
            what: "asks for table elements that it does not get, again and again",
            guest: |tool| asks(tool, GROW_TABLE, u32::MAX),
            ends: Stopped("table_limit"),
            control: Honest(|tool| asks(tool, GROW_TABLE, 900), Completes),
        },
    ],
};

const GROW: &str = "(drop (memory.grow (i32.const 65535)))";
const GROW_TABLE: &str = "(drop (table.grow $t (ref.null func) (i32.const 9000000)))";

fn asks(tool: &str, ask: &str, times: u32) -> Vec<u8> {
    Guest::named(tool)
        .item("(table $t 1 funcref) (global $n (mut i32) (i32.const 0))")
        .call(&format!(
            "(loop $l {ask}
                (global.set $n (i32.add (global.get $n) (i32.const 1)))
                (br_if $l (i32.lt_u (global.get $n) (i32.const {times}))))
             (i32.const 16)"
        ))
}

pub(super) static WAITERS: Family = Family {
    name: "waiting",
    settings: SETTINGS,
    rows: &[
        Row {
            id: "G10a",
            what: "waits for a clock to reach the end of time",
            guest: |tool| waits(tool, "0x7fffffffffffffff"),
            ends: Stopped("deadline_exceeded"),
            control: Honest(|tool| waits(tool, "20_000_000"), Completes),
        },
        Row {
            id: "G10b",
            what: "waits ten minutes",
            guest: |tool| waits(tool, "600_000_000_000"),
            ends: Stopped("deadline_exceeded"),
            control: Honest(|tool| waits(tool, "20_000_000"), Completes),
        },
        Row {
            id: "G10c",
            what: "waits a little longer than it may",
            guest: |tool| waits(tool, "600_000_000"),
            ends: Stopped("deadline_exceeded"),
            control: With(&[("limits.wall_ms", 30_000)], Completes),
        },
        Row {
            id: "G10d",
            what: "asks whether it is cancelled, for ever",
            guest: |tool| {
                Guest::named(tool)
                    .import("cancellation", "is-cancelled", "(result i32)")
                    .call("(loop $l (drop (call $is-cancelled)) (br $l)) (i32.const 16)")
            },
            ends: Stopped("deadline_exceeded"),
            control: With(TIME_TO_SPARE, Stopped("fuel_exhausted")),
        },
        Row {
            id: "G10e",
            what: "asks a clock that it waits for whether it is time, for ever",
            guest: |tool| {
                Guest::named(tool)
                    .wasi(CLOCK, "subscribe-duration", "(param i64) (result i32)")
                    .wasi(POLL, "[method]pollable.ready", "(param i32) (result i32)")
                    .item("(global $p (mut i32) (i32.const 0))")
                    .call(
                        "(global.set $p (call $subscribe-duration (i64.const -1)))
                         (loop $l (br_if $l (i32.eqz (call $pollable-ready (global.get $p)))))
                         (i32.const 16)",
                    )
            },
            ends: Stopped("deadline_exceeded"),
            control: With(TIME_TO_SPARE, Stopped("fuel_exhausted")),
        },
        Row {
            id: "G13e",
            what: "asks for all the random bytes it can get, for ever",
            guest: random,
            ends: Stopped("deadline_exceeded"),
            control: With(FEW_CALLS, Stopped("hostcall_limit")),
        },
    ],
};

fn random(tool: &str) -> Vec<u8> {
    Guest::named(tool)
        .wasi("wasi:random/random", "get-random-bytes", "(param i64 i32)")
        .realloc("(i32.const 65536)")
        .call(
            "(loop $l (call $get-random-bytes (i64.const 65536) (i32.const 640)) (br $l))
             (i32.const 16)",
        )
}

fn waits(tool: &str, nanoseconds: &str) -> Vec<u8> {
    Guest::named(tool)
        .wasi(CLOCK, "subscribe-duration", "(param i64) (result i32)")
        .wasi(POLL, "[method]pollable.block", "(param i32)")
        .call(&format!(
            "(call $pollable-block (call $subscribe-duration (i64.const {nanoseconds})))
             (i32.const 16)"
        ))
}

/// By how much the calls of a tool outlived their limit, tried until one did not by much. The calls
/// that were made already count as tries.
fn overrun(bench: &Bench, tool: &str, limit_ms: u64) -> Duration {
    let receipts = || {
        let records = records(&bench.gateway, &bench.server).into_iter();
        let records = records.filter(|record| record["tool"] == tool);
        let walls = records.map(|record| record["receipt"]["wall_us"].as_u64().unwrap());
        walls.map(Duration::from_micros).collect::<Vec<_>>()
    };
    let mut known = receipts().into_iter();
    least_delay(|| {
        let wall = known.next().unwrap_or_else(|| {
            call(&bench.gateway, &bench.server, tool);
            *receipts().last().unwrap()
        });
        let limit = Duration::from_millis(limit_ms);
        assert!(wall >= limit, "{tool} was stopped after {wall:?}");
        wall - limit
    })
}

#[track_caller]
fn assert_in_time(family: &Family) {
    assert_within(family, WALL_MS, SOON);
}

#[track_caller]
pub(super) fn assert_within(family: &Family, wall_ms: u64, bound: Duration) {
    let bench = family.ends_as_it_should();
    for row in family.rows {
        let overrun = overrun(&bench, &row.id.to_ascii_lowercase(), wall_ms);
        println!("{}: {overrun:?} over its limit", row.id);
        assert!(overrun <= bound, "{} ({}): {overrun:?}", row.id, row.what);
    }
}

#[test]
fn control_a_stop_that_always_comes_late_is_seen() {
    let late = &[("limits.wall_ms", WALL_MS + 150)];
    let bench = Bench::start("late", &[SETTINGS, late].concat()[1..]);
    for row in [&HOGS.rows[0], &WAITERS.rows[0]] {
        let tool = row.id.to_ascii_lowercase();
        bench.send(&tool, &(row.guest)(&tool));
        let overrun = overrun(&bench, &tool, WALL_MS);
        assert!(overrun > SOON, "{}: {overrun:?}", row.id);
    }
}

#[test]
fn guests_that_take_long_for_little_fuel_are_stopped_at_their_deadline() {
    assert_in_time(&HOGS);
}

#[test]
fn control_with_time_to_spare_they_use_up_their_fuel() {
    HOGS.ends_otherwise_without_the_guard();
}

#[test]
fn guests_that_go_on_asking_for_what_they_do_not_get_are_ended() {
    ASKERS.ends_as_it_should();
}

#[test]
fn control_those_that_ask_less_often_come_to_their_end() {
    ASKERS.ends_otherwise_without_the_guard();
}

#[test]
fn guests_that_only_wait_are_stopped_at_their_deadline() {
    assert_in_time(&WAITERS);
}

#[test]
fn control_those_that_wait_for_less_come_to_their_end() {
    WAITERS.ends_otherwise_without_the_guard();
}
