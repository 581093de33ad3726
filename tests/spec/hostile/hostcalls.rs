//! Guests that call the host without end, or hand it too much at once: G09, G13.

use super::{
    family::Family,
    handles::times,
    row::{
        Control::{Honest, None, With},
        End::{Completes, Stopped},
        Row, Settings,
    },
};
use casemate_guest_forge::Guest;

const MANY: Settings = &[("limits.host_calls", 100_000)];

const CLOCK: &str = "wasi:clocks/monotonic-clock";
const WRITE: &str = "[method]output-stream.blocking-write-and-flush";

pub(super) static HOST_CALLS: Family = Family {
    name: "hostcalls",
    settings: &[("limits.host_calls", 1_000)],
    rows: &[
        Row {
            id: "G09a",
            what: "prints one byte at a time",
            guest: |tool| {
                Guest::named(tool)
                    .wasi("wasi:cli/stdout", "get-stdout", "(result i32)")
                    .wasi("wasi:io/streams", WRITE, "(param i32 i32 i32 i32)")
                    .item("(global $out (mut i32) (i32.const 0))")
                    .call(&times(
                        1_200,
                        "(if (i32.eqz (global.get $out))
                            (then (global.set $out (call $get-stdout))))
                         (call $output-stream-blocking-write-and-flush
                            (global.get $out) (i32.const 64) (i32.const 1) (i32.const 640))",
                    ))
            },
            ends: Stopped("hostcall_limit"),
            control: With(MANY, Completes),
        },
        Row {
            id: "G09b",
            what: "logs one tiny line after the other",
            guest: |tool| logs(tool, 5_000, 1),
            ends: Stopped("hostcall_limit"),
            control: With(MANY, Completes),
        },
        Row {
            id: "G09c",
            what: "reads the clock of WASI without end",
            guest: |tool| {
                Guest::named(tool)
                    .wasi(CLOCK, "now", "(result i64)")
                    .call(&times(5_000, "(drop (call $now))"))
            },
            ends: Stopped("hostcall_limit"),
            control: With(MANY, Completes),
        },
        Row {
            id: "G09d",
            what: "asks how much time is left without end",
            guest: |tool| {
                Guest::named(tool)
                    .import("cancellation", "remaining-ms", "(result i64)")
                    .call(&times(5_000, "(drop (call $remaining-ms))"))
            },
            ends: Stopped("hostcall_limit"),
            control: With(MANY, Completes),
        },
        Row {
            id: "G09e",
            what: "asks for settings that it has not without end",
            guest: |tool| {
                Guest::named(tool)
                    .import("config", "get-all", "(param i32)")
                    .call(&times(5_000, "(call $get-all (i32.const 640))"))
            },
            ends: Stopped("hostcall_limit"),
            control: With(MANY, Completes),
        },
        Row {
            id: "G12f",
            what: "logs one line of 10 MiB",
            guest: |tool| logs(tool, 1, 10 << 20),
            ends: Stopped("hostcall_limit"),
            control: Honest(|tool| logs(tool, 1, 1 << 10), Completes),
        },
        Row {
            id: "G13a",
            what: "asks for 2^40 random bytes",
            guest: |tool| random(tool, 1 << 40),
            ends: Stopped("hostcall_limit"),
            control: Honest(|tool| random(tool, 16), Completes),
        },
        Row {
            id: "G13b",
            what: "asks for 2^64 - 1 random bytes",
            guest: |tool| random(tool, u64::MAX),
            ends: Stopped("hostcall_limit"),
            control: Honest(|tool| random(tool, 16), Completes),
        },
        Row {
            id: "G13c",
            what: "asks to be woken after the end of time, and does not wait",
            guest: |tool| {
                Guest::named(tool)
                    .wasi(CLOCK, "subscribe-duration", "(param i64) (result i32)")
                    .call("(drop (call $subscribe-duration (i64.const -1))) (i32.const 16)")
            },
            ends: Completes,
            control: None("nothing is wrong: it only must not disturb"),
        },
        Row {
            id: "G13d",
            what: "hands over a list that would be larger than memory",
            guest: |tool| {
                Guest::named(tool)
                    .import("logging", "log", "(param i32 i32 i32 i32 i32 i32)")
                    .call(
                        "(call $log (i32.const 1) (i32.const 64) (i32.const -1)
                            (i32.const 0) (i32.const 0) (i32.const 0))
                         (i32.const 16)",
                    )
            },
            ends: Stopped("abi_error"),
            control: Honest(|tool| logs(tool, 1, 1 << 10), Completes),
        },
    ],
};

fn logs(tool: &str, lines: u32, bytes: u32) -> Vec<u8> {
    let line = format!(
        "(call $log (i32.const 1) (i32.const 65536) (i32.const {bytes})
            (i32.const 0) (i32.const 0) (i32.const 0))"
    );
    let body = times(lines, &line);
    let (locals, rest) = body.split_once('\n').unwrap();
    Guest::named(tool)
        .import("logging", "log", "(param i32 i32 i32 i32 i32 i32)")
        .call(&format!(
            "{locals}
             (if (i32.eq (memory.grow (i32.const 200)) (i32.const -1)) (then unreachable))
             (memory.fill (i32.const 65536) (i32.const 120) (i32.const {bytes}))
             {rest}"
        ))
}

pub(super) fn random(tool: &str, bytes: u64) -> Vec<u8> {
    let bytes = bytes.cast_signed();
    Guest::named(tool)
        .wasi("wasi:random/random", "get-random-bytes", "(param i64 i32)")
        .call(&format!(
            "(call $get-random-bytes (i64.const {bytes}) (i32.const 640)) (i32.const 16)"
        ))
}

#[test]
fn guests_that_call_the_host_without_end_are_stopped() {
    HOST_CALLS.ends_as_it_should();
}

#[test]
fn control_with_a_higher_limit_or_less_at_once_they_come_to_their_end() {
    HOST_CALLS.ends_otherwise_without_the_guard();
}
