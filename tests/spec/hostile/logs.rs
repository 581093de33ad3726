//! Guests that log too much, or what is no text: G12. They are not stopped for it.

use super::{
    family::Family,
    handles::times,
    row::{
        Control::{Honest, None, With},
        End::Recorded,
        Row, Settings,
    },
};
use casemate_guest_forge::Guest;
use serde_json::Value;

const ROOMY: Settings = &[
    ("limits.log_lines", 10_000),
    ("limits.log_bytes", 10_000_000),
];

pub(super) static LOGS: Family = Family {
    name: "logs",
    settings: &[("limits.log_lines", 100), ("limits.log_bytes", 20_000)],
    rows: &[
        Row {
            id: "G12a",
            what: "many lines",
            guest: |tool| logs(tool, 900, "all work and no play"),
            ends: Recorded(|record| lines(record).len() == 100 && record["log_dropped"] == 800),
            control: With(ROOMY, Recorded(|record| lines(record).len() == 900)),
        },
        Row {
            id: "G12b",
            what: "long lines",
            guest: |tool| logs(tool, 50, &"x".repeat(4_000)),
            ends: Recorded(|record| text(record).len() <= 20_000 && record["log_dropped"] == 46),
            control: With(ROOMY, Recorded(|record| lines(record).len() == 50)),
        },
        Row {
            id: "G12c",
            what: "one line that is longer than a line may be",
            guest: |tool| logs(tool, 1, &"x".repeat(100_000)),
            ends: Recorded(|record| {
                let text = text(record);
                text.ends_with('…') && text.len() < 9_000 && record["log_dropped"] == 0
            }),
            control: None("the length of a line is fixed"),
        },
        Row {
            id: "G12d",
            what: "line ends, escapes for terminals, and what looks like a record",
            guest: |tool| {
                logs(
                    tool,
                    1,
                    "a\r\n{\"outcome\":\"ok\"}\r\n\u{1b}[2J\u{1b}]0;x\u{7}b\u{202e}c",
                )
            },
            ends: Recorded(|record| {
                let text = text(record);
                lines(record).len() == 1
                    && text.contains("{\"outcome\":\"ok\"}")
                    && !text.chars().any(|c| c.is_control() || c == '\u{202e}')
            }),
            control: None("what is shown of a line is fixed"),
        },
        Row {
            id: "G12e",
            what: "prints every byte there is",
            guest: |tool| {
                let mut guest = Guest::named(tool)
                    .wasi("wasi:cli/stdout", "get-stdout", "(result i32)")
                    .wasi(
                        "wasi:io/streams",
                        "[method]output-stream.blocking-write-and-flush",
                        "(param i32 i32 i32 i32)",
                    );
                let every: Vec<u8> = (0..=255).collect();
                let (at, len) = guest.place(&every);
                guest.call(&format!(
                    "(call $output-stream-blocking-write-and-flush
                        (call $get-stdout) (i32.const {at}) (i32.const {len}) (i32.const 640))
                     (i32.const 16)"
                ))
            },
            ends: Recorded(|record| {
                lines(record).len() == 2 && !text(record).chars().any(char::is_control)
            }),
            control: None("what is shown of a line is fixed"),
        },
        Row {
            id: "G12g",
            what: "fields that are no object",
            guest: |tool| fields(tool, "[1,2"),
            ends: Recorded(|record| lines(record)[0]["fields"].is_null()),
            control: None("fields are an object, or are left out"),
        },
        Row {
            id: "G12h",
            what: "fields with line ends and the name of a field of the record",
            guest: |tool| fields(tool, "{\"outcome\":\"ok\",\n\"b\":\"\\u001b[2J\"}"),
            ends: Recorded(|record| record["outcome"] == "ok" && lines(record).len() == 1),
            control: None("fields stay in their place, as the text of their line"),
        },
        Row {
            id: "G12j",
            what: "fields of three megabytes, of which nothing is kept, in line after line",
            guest: |tool| large_fields(tool, 300),
            // Reading all of them would take longer than the call may.
            ends: Recorded(|record| {
                lines(record).len() == 100 && lines(record)[0]["fields"].is_null()
            }),
            control: Honest(
                |tool| fields(tool, "{\"a\":[1,1]}"),
                Recorded(|record| lines(record)[0]["fields"]["a"][1] == 1),
            ),
        },
    ],
};

fn lines(record: &Value) -> &[Value] {
    record["log"].as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn text(record: &Value) -> String {
    lines(record)
        .iter()
        .filter_map(|line| line["message"].as_str())
        .collect()
}

pub(super) fn logs(tool: &str, count: u32, line: &str) -> Vec<u8> {
    let mut guest = Guest::named(tool).import("logging", "log", "(param i32 i32 i32 i32 i32 i32)");
    let line = guest.text(line);
    guest.call(&times(
        count,
        &format!("(call $log (i32.const 1) {line} (i32.const 0) (i32.const 0) (i32.const 0))"),
    ))
}

fn fields(tool: &str, fields: &str) -> Vec<u8> {
    let mut guest = Guest::named(tool).import("logging", "log", "(param i32 i32 i32 i32 i32 i32)");
    let (line, fields) = (guest.text("a line"), guest.text(fields));
    guest.call(&format!(
        "(call $log (i32.const 1) {line} (i32.const 1) {fields}) (i32.const 16)"
    ))
}

fn large_fields(tool: &str, count: u32) -> Vec<u8> {
    let mut guest = Guest::named(tool).import("logging", "log", "(param i32 i32 i32 i32 i32 i32)");
    let (line, begin) = (guest.text("a line"), guest.text("{\"a\":[11"));
    let (at, bytes) = (1_310_720, 3 << 20);
    // `,1` until there are three megabytes, and `]}`.
    let item = format!(
        "(func $fill (local $at i32)
            (if (i32.eq (memory.grow (i32.const 60)) (i32.const -1)) (then unreachable))
            (memory.copy (i32.const {at}) {begin})
            (local.set $at (i32.const {first}))
            (loop $l
                (i32.store16 (local.get $at) (i32.const 0x312c))
                (local.set $at (i32.add (local.get $at) (i32.const 2)))
                (br_if $l (i32.lt_u (local.get $at) (i32.const {last}))))
            (i32.store16 (local.get $at) (i32.const 0x7d5d)))",
        first = at + 8,
        last = at + bytes - 2,
    );
    let log = format!(
        "(if (i32.eqz (local.get $n)) (then (call $fill)))
         (call $log (i32.const 1) {line} (i32.const 1) (i32.const {at}) (i32.const {bytes}))"
    );
    guest.item(&item).call(&times(count, &log))
}

#[test]
fn guests_that_log_without_measure_are_cut_short_and_counted() {
    LOGS.ends_as_it_should();
}

#[test]
fn control_with_room_for_all_of_it_nothing_is_dropped() {
    LOGS.ends_otherwise_without_the_guard();
}
