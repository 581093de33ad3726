//! Guests that take long for little fuel, with as much memory as the profile `large` gives: G02.
//!
//! An instruction that fills or copies memory is not interrupted, so how late such a guest is stopped
//! grows with its memory.

use super::{
    family::Family,
    row::{Control::With, End::Stopped, Row, Settings},
    time::assert_within,
};
use casemate_guest_forge::Guest;
use std::time::Duration;

/// Many times what one such instruction takes of the CPU: how much it takes by the clock depends on
/// what else the machine does, which nothing here can make up for.
const BOUND: Duration = Duration::from_secs(2);

const WALL_MS: u64 = 1_000;

const TIME_TO_SPARE: Settings = &[("limits.fuel", 5_000_000), ("limits.wall_ms", 60_000)];

macro_rules! hogs {
    ($($id:literal, $what:literal, $body:literal;)+) => {
        [$(Row {
            id: $id,
            what: $what,
            guest: |tool| Guest::named(tool)
                .item("(global $at (mut i32) (i32.const 0))")
                .call(concat!("(drop (memory.grow (i32.const 4000)))", $body, "(i32.const 16)")),
            ends: Stopped("deadline_exceeded"),
            control: With(TIME_TO_SPARE, Stopped("fuel_exhausted")),
        }),+]
    };
}

pub(super) static ROOMY: Family = Family {
    name: "roomy",
    settings: &[
        ("limits.memory_bytes", 256 << 20),
        ("limits.wall_ms", WALL_MS),
        ("limits.fuel", 10_000_000_000_000),
    ],
    rows: &hogs! {
        "G02k", "fills of 256 MiB",
            "(loop $l (memory.fill (i32.const 65536) (i32.const 1) (i32.const 262000000)) (br $l))";
        "G02l", "copies of 256 MiB",
            "(loop $l (memory.copy (i32.const 65536) (i32.const 65537) (i32.const 262000000)) (br $l))";
        "G02m", "one byte in each page of 256 MiB",
            "(loop $l
                (i32.store8 (global.get $at) (i32.const 1))
                (global.set $at (i32.rem_u (i32.add (global.get $at) (i32.const 4096))
                    (i32.const 262000000)))
                (br $l))";
    },
};

#[test]
fn guests_with_four_times_the_memory_are_stopped_later_in_proportion() {
    assert_within(&ROOMY, WALL_MS, BOUND);
}

#[test]
fn control_with_time_to_spare_they_use_up_their_fuel() {
    ROOMY.ends_otherwise_without_the_guard();
}
