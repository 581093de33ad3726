//! Guests that want memory: G04.

use super::{
    family::{Bench, Family},
    row::{
        Control::{Honest, None, With},
        End::{Completes, Refused, Stopped},
        Row, Seen, Settings,
    },
    upload::{call, deploy, upload},
};
use casemate_guest_forge::{Guest, Part, wat};
use serde_json::json;
use std::time::Duration;

const ROOMY: Settings = &[("limits.memory_bytes", 128 << 20)];

pub(super) static MEMORY: Family = Family {
    name: "memory",
    settings: &[("limits.memory_bytes", 16 << 20)],
    rows: &[
        Row {
            id: "G04a",
            what: "all that there is at once",
            guest: |tool| grows(tool, 65_000),
            ends: Stopped("memory_limit"),
            control: Honest(|tool| grows(tool, 100), Completes),
        },
        Row {
            id: "G04b",
            what: "a little more than it may have",
            guest: |tool| grows(tool, 400),
            ends: Stopped("memory_limit"),
            control: With(ROOMY, Completes),
        },
        Row {
            id: "G04c",
            what: "page after page",
            guest: |tool| {
                Guest::named(tool).call(
                    "(loop $l
                        (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
                        (br_if $l (i32.lt_u (memory.size) (i32.const 640))))
                     (i32.const 16)",
                )
            },
            ends: Stopped("memory_limit"),
            control: With(ROOMY, Completes),
        },
        Row {
            id: "G04d",
            what: "memories in several instances, each under the limit",
            guest: |tool| beside(tool, 3, 100),
            ends: Stopped("memory_limit"),
            control: With(ROOMY, Completes),
        },
        Row {
            id: "G04e",
            what: "more instances with a memory than a component may have",
            guest: |tool| beside(tool, 6, 1),
            ends: Refused("component_too_large"),
            control: Honest(|tool| beside(tool, 3, 1), Completes),
        },
        Row {
            id: "G04f",
            what: "starts with more than it may have",
            guest: |tool| Guest::named(tool).pages("300").call("(i32.const 16)"),
            ends: Stopped("memory_limit"),
            control: With(ROOMY, Completes),
        },
        Row {
            id: "G04g",
            what: "starts with more than any call may have",
            guest: |tool| Guest::named(tool).pages("5000").call("(i32.const 16)"),
            ends: Refused("component_too_large"),
            control: Honest(
                |tool| Guest::named(tool).pages("50").call("(i32.const 16)"),
                Completes,
            ),
        },
        Row {
            id: "G04h",
            what: "two memories in one module",
            guest: |tool| Guest::named(tool).item("(memory 1)").call("(i32.const 16)"),
            ends: Refused("feature_refused"),
            control: Honest(|tool| Guest::named(tool).call("(i32.const 16)"), Completes),
        },
        Row {
            id: "G04i",
            what: "a memory with 64-bit addresses",
            guest: |_| wat("(component (core module (memory i64 1)))"),
            ends: Refused("feature_refused"),
            control: None("the feature cannot be switched on"),
        },
        Row {
            id: "G04j",
            what: "a memory that threads share",
            guest: |_| wat("(component (core module (memory 1 2 shared)))"),
            ends: Refused("feature_refused"),
            control: None("the feature cannot be switched on"),
        },
        Row {
            id: "G04k",
            what: "more than it said itself that it would want, with the refusal taken well",
            guest: |tool| {
                Guest::named(tool)
                    .pages("20 21")
                    .call("(drop (memory.grow (i32.const 2))) (i32.const 16)")
            },
            ends: Completes,
            control: None("nothing is wrong: a refusal is an answer"),
        },
        Row {
            id: "G04l",
            what: "more instances than a component may have",
            guest: |tool| instances(tool, 49 - OWN_INSTANCES),
            ends: Refused("component_too_large"),
            control: Honest(|tool| instances(tool, 48 - OWN_INSTANCES), Completes),
        },
        Row {
            id: "G04m",
            what: "as many instances as a call may have",
            guest: |tool| instances(tool, 20),
            ends: Completes,
            // Here the guard is in the way in the control.
            control: With(&[("limits.instances", 10)], Stopped("memory_limit")),
        },
    ],
};

/// Grows once, by so many pages, and crashes when it gets none.
fn grows(tool: &str, pages: u32) -> Vec<u8> {
    Guest::named(tool).call(&format!(
        "(if (i32.eq (memory.grow (i32.const {pages})) (i32.const -1)) (then unreachable))
         (i32.const 16)"
    ))
}

/// Has more instances beside it, each with a memory of so many pages.
pub(super) fn beside(tool: &str, instances: usize, pages: u32) -> Vec<u8> {
    let items = format!("(core module $x (memory {pages}))")
        + &"(core instance (instantiate $x))".repeat(instances);
    touches(tool, &items)
}

/// Those that a guest with another component in it has anyway.
const OWN_INSTANCES: usize = 3;

fn instances(tool: &str, instances: usize) -> Vec<u8> {
    let items =
        "(core module $x)".to_owned() + &"(core instance (instantiate $x))".repeat(instances);
    touches(tool, &items)
}

fn touches(tool: &str, items: &str) -> Vec<u8> {
    Guest::named(tool)
        .part(Part::touched(items))
        .call("(call $touch) (i32.const 16)")
}

/// A guest with as many memories as it may have, which waits in its call.
fn hoards(tool: &str) -> Vec<u8> {
    let items =
        "(core module $x (memory 1))".to_owned() + &"(core instance (instantiate $x))".repeat(3);
    Guest::named(tool)
        .part(Part::touched(&items))
        .wasi(
            "wasi:clocks/monotonic-clock",
            "subscribe-duration",
            "(param i64) (result i32)",
        )
        .wasi("wasi:io/poll", "[method]pollable.block", "(param i32)")
        .call(
            "(call $touch)
             (call $pollable-block (call $subscribe-duration (i64.const 3_000_000_000)))
             (i32.const 16)",
        )
}

/// Without memories for all places, two calls would have them all, and the neighbor none.
#[test]
fn whoever_has_a_place_has_all_the_memories_it_needs() {
    let bench = Bench::start("hoarders", &[("sandbox.places", 9)]);
    let digest = upload(&bench.gateway, &hoards("hoards")).unwrap();
    deploy(&bench.gateway, &bench.server, "hoards", &digest, &json!({}));
    let hoard = || call(&bench.gateway, &bench.server, "hoards");
    std::thread::scope(|scope| {
        let hoarders: Vec<_> = (0..6).map(|_| scope.spawn(hoard)).collect();
        std::thread::sleep(Duration::from_millis(1_500));
        bench.assert_unharmed();
        for hoarder in hoarders {
            let seen = hoarder.join().unwrap();
            assert!(matches!(seen, Seen::Completed { .. }), "{seen}");
        }
    });
}

#[test]
fn guests_that_want_too_much_memory_do_not_get_it() {
    MEMORY.ends_as_it_should();
}

#[test]
fn control_with_more_memory_they_come_to_their_end() {
    MEMORY.ends_otherwise_without_the_guard();
}
