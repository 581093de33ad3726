//! Guests that break the rules of memory, of entering, and of handles: G16, G17, G19.

use super::{
    family::Family,
    row::{
        Control::{Honest, None},
        End::{Completes, Refused, Stopped},
        Row,
    },
};
use casemate_guest_forge::{Guest, Part};

const BLOCK: (&str, &str) = ("[method]pollable.block", "(param i32)");

pub(super) static SEAMS: Family = Family {
    name: "seams",
    settings: &[],
    rows: &[
        Row {
            id: "G16c",
            what: "gives memory that is not aligned",
            guest: |tool| gives(tool, "(i32.const 65537)"),
            ends: Stopped("abi_error"),
            control: Honest(|tool| gives(tool, "(i32.const 65536)"), Completes),
        },
        Row {
            id: "G16d",
            what: "gives memory past the end of memory",
            guest: |tool| gives(tool, "(i32.const -8)"),
            ends: Stopped("abi_error"),
            control: Honest(|tool| gives(tool, "(i32.const 65536)"), Completes),
        },
        Row {
            id: "G16e",
            what: "gives the same memory for everything, at zero",
            guest: |tool| gives(tool, "(i32.const 0)"),
            // It is its own memory that it gives, and its own answer that is overwritten there:
            // what lies at the place of the answer by then is part of the arguments.
            ends: Stopped("abi_error"),
            control: Honest(|tool| gives(tool, "(i32.const 65536)"), Completes),
        },
        Row {
            id: "G16f",
            what: "grows its memory while it is asked for some",
            guest: |tool| gives(tool, "(drop (memory.grow (i32.const 1))) (i32.const 65536)"),
            ends: Completes,
            control: None("nothing is wrong: the host looks at memory anew each time"),
        },
        Row {
            id: "G16g",
            what: "calls the host while it is asked for memory",
            guest: |tool| {
                Guest::named(tool)
                    .import("cancellation", "is-cancelled", "(result i32)")
                    .realloc("(drop (call $is-cancelled)) (i32.const 65536)")
                    .call("(i32.const 16)")
            },
            ends: Stopped("abi_error"),
            control: Honest(
                |tool| {
                    Guest::named(tool)
                        .import("cancellation", "is-cancelled", "(result i32)")
                        .realloc("(i32.const 65536)")
                        .call("(drop (call $is-cancelled)) (i32.const 16)")
                },
                Completes,
            ),
        },
        Row {
            id: "G16h",
            what: "calls the host after its answer was taken",
            guest: |tool| {
                Guest::named(tool)
                    .import("cancellation", "is-cancelled", "(result i32)")
                    .post_return("(drop (call $is-cancelled))")
                    .call("(i32.const 16)")
            },
            ends: Stopped("abi_error"),
            control: Honest(
                |tool| {
                    Guest::named(tool)
                        .import("cancellation", "is-cancelled", "(result i32)")
                        .post_return("")
                        .call("(drop (call $is-cancelled)) (i32.const 16)")
                },
                Completes,
            ),
        },
        Row {
            id: "G17a",
            what: "a component calls one that lies inside it",
            guest: |tool| inside_out(tool, true),
            ends: Stopped("abi_error"),
            control: Honest(|tool| inside_out(tool, false), Completes),
        },
        Row {
            id: "G19a",
            what: "a handle that nobody gave out",
            guest: |tool| with_clock(tool, "(call $pollable-block (i32.const 12345))"),
            ends: Stopped("abi_error"),
            control: Honest(
                |tool| with_clock(tool, "(call $pollable-block (call $soon))"),
                Completes,
            ),
        },
        Row {
            id: "G19b",
            what: "a handle dropped twice",
            guest: |tool| {
                with_clock(
                    tool,
                    "(global.set $h (call $soon))
                     (call $drop-pollable (global.get $h)) (call $drop-pollable (global.get $h))",
                )
            },
            ends: Stopped("abi_error"),
            control: Honest(
                |tool| with_clock(tool, "(call $drop-pollable (call $soon))"),
                Completes,
            ),
        },
        Row {
            id: "G19c",
            what: "a handle used after it was dropped",
            guest: |tool| {
                with_clock(
                    tool,
                    "(global.set $h (call $soon))
                     (call $drop-pollable (global.get $h)) (call $pollable-block (global.get $h))",
                )
            },
            ends: Stopped("abi_error"),
            control: Honest(
                |tool| {
                    with_clock(
                        tool,
                        "(global.set $h (call $soon))
                         (call $pollable-block (global.get $h)) (call $drop-pollable (global.get $h))",
                    )
                },
                Completes,
            ),
        },
        Row {
            id: "G19d",
            what: "a handle of another type",
            guest: |tool| with_stream(tool, "(call $pollable-block (call $get-stdout))"),
            ends: Stopped("abi_error"),
            control: Honest(
                |tool| with_stream(tool, "(drop (call $get-stdout))"),
                Completes,
            ),
        },
        Row {
            id: "G19e",
            what: "a borrowed handle kept past the call it was lent for",
            guest: |tool| lends(tool, ""),
            ends: Stopped("abi_error"),
            control: Honest(|tool| lends(tool, "(call $drop (local.get 0))"), Completes),
        },
        Row {
            id: "G19f",
            what: "a handle of another component dropped twice",
            guest: |tool| {
                Guest::named(tool)
                    .part(Part::with_resource(""))
                    .item("(global $h (mut i32) (i32.const 0))")
                    .call(
                        "(global.set $h (call $new-thing))
                         (call $drop-thing (global.get $h)) (call $drop-thing (global.get $h))
                         (i32.const 16)",
                    )
            },
            ends: Stopped("abi_error"),
            control: Honest(
                |tool| {
                    Guest::named(tool)
                        .part(Part::with_resource(""))
                        .call("(call $drop-thing (call $new-thing)) (i32.const 16)")
                },
                Completes,
            ),
        },
        Row {
            id: "G17b",
            what: "a call that goes on after it has returned",
            guest: |_| {
                casemate_guest_forge::wat(
                    "(component (core func (canon task.return)) (core func (canon backpressure.inc)))",
                )
            },
            ends: Refused("feature_refused"),
            control: None("no component may have it"),
        },
    ],
};

/// Gives memory in its own way. What it gave for the arguments is not looked at.
fn gives(tool: &str, realloc: &str) -> Vec<u8> {
    Guest::named(tool).realloc(realloc).call("(i32.const 16)")
}

fn with_clock(tool: &str, body: &str) -> Vec<u8> {
    let clock = "wasi:clocks/monotonic-clock";
    Guest::named(tool)
        .wasi(clock, "subscribe-duration", "(param i64) (result i32)")
        .wasi("wasi:io/poll", BLOCK.0, BLOCK.1)
        .wasi("wasi:io/poll", "[resource-drop]pollable", "(param i32)")
        .item("(global $h (mut i32) (i32.const 0))")
        .item("(func $soon (result i32) (call $subscribe-duration (i64.const 1)))")
        .call(&format!("{body} (i32.const 16)"))
}

fn with_stream(tool: &str, body: &str) -> Vec<u8> {
    Guest::named(tool)
        .wasi("wasi:io/poll", BLOCK.0, BLOCK.1)
        .wasi("wasi:cli/stdout", "get-stdout", "(result i32)")
        .call(&format!("{body} (i32.const 16)"))
}

/// A component that offers a function of one inside it, directly or through code of its own.
fn inside_out(tool: &str, through_itself: bool) -> Vec<u8> {
    let inner = "(component $inner
            (core module $m (func (export \"go\")))
            (core instance $i (instantiate $m))
            (func (export \"go\") (canon lift (core func $i \"go\"))))
         (instance $inner (instantiate $inner))";
    let component = if through_itself {
        format!(
            "{inner}
             (core func $go (canon lower (func $inner \"go\")))
             (core module $m
                (import \"\" \"go\" (func $go))
                (func (export \"go\") (call $go)))
             (core instance $i (instantiate $m (with \"\" (instance (export \"go\" (func $go))))))
             (func (export \"go\") (canon lift (core func $i \"go\")))"
        )
    } else {
        format!("{inner} (export \"go\" (func $inner \"go\"))")
    };
    Guest::named(tool)
        .part(Part::seam("go: func();", "", &component))
        .call("(call $go) (i32.const 16)")
}

/// Lends a handle of a clock to another component, which does this with it.
fn lends(tool: &str, body: &str) -> Vec<u8> {
    let component = format!(
        "(type $t (resource (rep i32)))
         (core func $new (canon resource.new $t))
         (component $keeper
            (import \"thing\" (type $thing (sub resource)))
            (core func $drop (canon resource.drop $thing))
            (core module $m
                (import \"\" \"drop\" (func $drop (param i32)))
                (func (export \"keep\") (param i32) {body}))
            (core instance $i (instantiate $m (with \"\" (instance (export \"drop\" (func $drop))))))
            (func (export \"keep\") (param \"it\" (borrow $thing)) (canon lift (core func $i \"keep\"))))
         (core module $m
            (import \"\" \"new\" (func $new (param i32) (result i32)))
            (func (export \"make\") (result i32) (call $new (i32.const 7))))
         (core instance $m (instantiate $m (with \"\" (instance (export \"new\" (func $new))))))
         (instance $keeper (instantiate $keeper (with \"thing\" (type $t))))
         (export $named \"thing\" (type $t))
         (func (export \"[constructor]thing\") (result (own $named))
            (canon lift (core func $m \"make\")))
         (export \"keep\" (func $keeper \"keep\") (func (param \"it\" (borrow $named))))"
    );
    let part = Part::new(
        "resource thing { constructor(); } keep: func(it: borrow<thing>);",
        &component,
    )
    .function("[constructor]thing", "(result i32)")
    .function("keep", "(param i32)");
    Guest::named(tool)
        .part(part)
        .call("(call $keep (call $new-thing)) (i32.const 16)")
}

#[test]
fn guests_that_break_the_rules_between_components_are_stopped() {
    SEAMS.ends_as_it_should();
}

#[test]
fn control_guests_that_keep_them_come_to_their_end() {
    SEAMS.ends_otherwise_without_the_guard();
}
