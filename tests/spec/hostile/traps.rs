//! Guests that crash: G14, G15, G22.

use super::{
    family::Family,
    row::{
        Control::Honest,
        End::{Completes, Refused, Stopped},
        Row,
    },
};
use casemate_guest_forge::{Guest, Part};

/// Rows of guests that differ from an honest one in the body of `call`.
macro_rules! bodies {
    ($($id:literal, $what:literal, $items:literal, $body:literal, $honest:literal, $ends:expr;)+) => {
        [$(Row {
            id: $id,
            what: $what,
            guest: |tool| Guest::named(tool).item($items).call(concat!($body, "(i32.const 16)")),
            ends: $ends,
            control: Honest(
                |tool| Guest::named(tool).item($items).call(concat!($honest, "(i32.const 16)")),
                Completes,
            ),
        }),+]
    };
}

pub(super) static CRASHES: Family = Family {
    name: "crashes",
    settings: &[],
    rows: &bodies! {
        "G14a", "reaches what is marked unreachable", "",
            "(unreachable)", "(nop)", Stopped("trap");
        "G14b", "divides by zero", "",
            "(drop (i32.div_u (i32.const 1) (i32.load (i32.const 0))))",
            "(drop (i32.div_u (i32.const 1) (i32.const 1)))", Stopped("trap");
        "G14c", "divides the smallest number by minus one", "",
            "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
            "(drop (i32.div_s (i32.const 0x80000000) (i32.const 1)))", Stopped("trap");
        "G14d", "reads past its memory", "",
            "(drop (i64.load (i32.const -4)))", "(drop (i64.load (i32.const 4)))", Stopped("trap");
        "G14e", "writes past its memory", "",
            "(memory.fill (i32.const 65536) (i32.const 0) (i32.const -1))",
            "(memory.fill (i32.const 65536) (i32.const 0) (i32.const 1))", Stopped("trap");
        "G14f", "calls a function that is not there", "(table 2 funcref)",
            "(call_indirect (i32.const 1))", "(nop)", Stopped("trap");
        "G14g", "calls past its table", "(table 2 funcref)",
            "(call_indirect (i32.const 7))", "(nop)", Stopped("trap");
        "G14h", "calls a function of another type", "(func $f (param i32)) (table funcref (elem $f))",
            "(call_indirect (i32.const 0))",
            "(call_indirect (param i32) (i32.const 1) (i32.const 0))", Stopped("trap");
        "G14i", "turns what is no number into a number", "",
            "(drop (i32.trunc_f32_u (f32.const nan)))",
            "(drop (i32.trunc_f32_u (f32.const 1)))", Stopped("trap");
        "G14j", "turns too large a number into a smaller one", "",
            "(drop (i64.trunc_f64_s (f64.const 1e300)))",
            "(drop (i64.trunc_f64_s (f64.const 1e3)))", Stopped("trap");
        "G14k", "uses an element segment after it was dropped",
            "(func $f) (table 4 funcref) (elem $e func $f)",
            "(elem.drop $e) (table.init $e (i32.const 0) (i32.const 0) (i32.const 1))",
            "(table.init $e (i32.const 0) (i32.const 0) (i32.const 1)) (elem.drop $e)",
            Stopped("trap");
        "G14l", "an atomic access that is not aligned", "",
            "(drop (i32.atomic.load (i32.const 1)))", "(drop (i32.load (i32.const 1)))",
            Refused("feature_refused");
        "G14m", "a cast that fails", "",
            "(drop (ref.cast (ref i31) (ref.null i31)))", "(drop (ref.null func))",
            Refused("feature_refused");
        "G14n", "throws an exception", "",
            "(throw_ref (ref.null exn))", "(drop (ref.null func))",
            Refused("feature_refused");
    },
};

pub(super) static IN_BETWEEN: Family = Family {
    name: "between",
    settings: &[],
    rows: &[
        Row {
            id: "G15a",
            what: "crashes when it is asked for memory",
            guest: |tool| {
                Guest::named(tool)
                    .realloc("(unreachable)")
                    .call("(i32.const 16)")
            },
            ends: Stopped("trap"),
            control: Honest(|tool| Guest::named(tool).call("(i32.const 16)"), Completes),
        },
        Row {
            id: "G15b",
            what: "crashes after its answer was taken",
            guest: |tool| {
                Guest::named(tool)
                    .post_return("(unreachable)")
                    .call("(i32.const 16)")
            },
            ends: Stopped("trap"),
            control: Honest(
                |tool| Guest::named(tool).post_return("").call("(i32.const 16)"),
                Completes,
            ),
        },
        Row {
            id: "G15c",
            what: "crashes when the host wants memory for an answer to it",
            guest: |tool| answered(tool, "(then unreachable)"),
            ends: Stopped("trap"),
            control: Honest(|tool| answered(tool, "(then)"), Completes),
        },
        Row {
            id: "G15d",
            what: "crashes in a destructor",
            guest: |tool| destroys(tool, "(unreachable)"),
            ends: Stopped("trap"),
            control: Honest(|tool| destroys(tool, ""), Completes),
        },
        Row {
            id: "G15e",
            what: "crashes while it holds resources whose destructor crashes",
            guest: |tool| {
                Guest::named(tool)
                    .part(Part::with_resource("(unreachable)"))
                    .call("(drop (call $new-thing)) (unreachable)")
            },
            ends: Stopped("trap"),
            control: Honest(|tool| destroys(tool, ""), Completes),
        },
        Row {
            id: "G15f",
            what: "crashes in a component behind the seam of another",
            guest: |tool| behind(tool, "(unreachable)"),
            ends: Stopped("trap"),
            control: Honest(|tool| behind(tool, ""), Completes),
        },
        Row {
            id: "G22a",
            what: "ends itself with success",
            guest: |tool| exits(tool, "(call $exit (i32.const 0))"),
            ends: Stopped("trap"),
            control: Honest(|tool| exits(tool, ""), Completes),
        },
        Row {
            id: "G22b",
            what: "ends itself with failure",
            guest: |tool| exits(tool, "(call $exit (i32.const 1))"),
            ends: Stopped("trap"),
            control: Honest(|tool| exits(tool, ""), Completes),
        },
        Row {
            id: "G10f",
            what: "waits for nothing at all",
            guest: |tool| {
                polls(
                    tool,
                    "(call $poll (i32.const 0) (i32.const 0) (i32.const 640))",
                )
            },
            // WASI forbids it, which is told like every other break of an interface.
            ends: Stopped("abi_error"),
            control: Honest(|tool| polls(tool, ""), Completes),
        },
    ],
};

/// Crashes, or not, once the host hands over settings.
fn answered(tool: &str, then: &str) -> Vec<u8> {
    Guest::named(tool)
        .import("config", "get-all", "(param i32)")
        .item("(global $asked (mut i32) (i32.const 0))")
        .realloc(&format!(
            "(if (global.get $asked) {then})
             (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
             (global.set $next (i32.add (local.get $at) (local.get 3)))
             (local.get $at)"
        ))
        .call("(global.set $asked (i32.const 1)) (call $get-all (i32.const 640)) (i32.const 16)")
}

fn destroys(tool: &str, destructor: &str) -> Vec<u8> {
    Guest::named(tool)
        .part(Part::with_resource(destructor))
        .call("(call $drop-thing (call $new-thing)) (i32.const 16)")
}

fn behind(tool: &str, body: &str) -> Vec<u8> {
    let component = format!(
        "(core module $m (func (export \"go\") {body}))
         (core instance $i (instantiate $m))
         (func (export \"go\") (canon lift (core func $i \"go\")))"
    );
    Guest::named(tool)
        .part(Part::seam("go: func();", "", &component))
        .call("(call $go) (i32.const 16)")
}

fn exits(tool: &str, body: &str) -> Vec<u8> {
    Guest::named(tool)
        .wasi("wasi:cli/exit", "exit", "(param i32)")
        .call(&format!("{body} (i32.const 16)"))
}

fn polls(tool: &str, body: &str) -> Vec<u8> {
    Guest::named(tool)
        .wasi("wasi:io/poll", "poll", "(param i32 i32 i32)")
        .call(&format!("{body} (i32.const 16)"))
}

#[test]
fn guests_that_crash_are_told_apart() {
    CRASHES.ends_as_it_should();
}

#[test]
fn control_those_that_do_not_crash_come_to_their_end() {
    CRASHES.ends_otherwise_without_the_guard();
}

#[test]
fn guests_that_crash_where_the_host_waits_for_them_are_told_apart() {
    IN_BETWEEN.ends_as_it_should();
}

#[test]
fn control_those_that_do_not_crash_there_come_to_their_end() {
    IN_BETWEEN.ends_otherwise_without_the_guard();
}
