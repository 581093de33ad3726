//! Guests that recurse: G06.

use super::{
    family::Family,
    row::{
        Control::{Honest, With},
        End::{Completes, Stopped},
        Row,
    },
};
use casemate_guest_forge::{Guest, Part};

/// Deeper than any stack goes.
const ENDLESS: u32 = u32::MAX;
const FEW: u32 = 20;

pub(super) static STACK: Family = Family {
    name: "stack",
    settings: &[],
    rows: &[
        Row {
            id: "G06a",
            what: "a function that calls itself",
            guest: |tool| recurses(tool, ENDLESS),
            ends: Stopped("stack_overflow"),
            control: Honest(|tool| recurses(tool, FEW), Completes),
        },
        Row {
            id: "G06b",
            what: "a function with a huge frame that calls itself",
            guest: |tool| frames(tool, ENDLESS),
            ends: Stopped("stack_overflow"),
            control: Honest(|tool| frames(tool, FEW), Completes),
        },
        Row {
            id: "G06c",
            what: "a function that calls the host and then itself",
            guest: |tool| through_host(tool, ENDLESS),
            ends: Stopped("stack_overflow"),
            control: Honest(|tool| through_host(tool, FEW), Completes),
        },
        Row {
            id: "G06d",
            what: "recursion while the host asks for memory",
            guest: |tool| in_realloc(tool, ENDLESS),
            ends: Stopped("stack_overflow"),
            control: Honest(|tool| in_realloc(tool, FEW), Completes),
        },
        Row {
            id: "G06e",
            what: "recursion in a component behind the seam of another",
            guest: |tool| behind_seam(tool, ENDLESS),
            ends: Stopped("stack_overflow"),
            control: Honest(|tool| behind_seam(tool, FEW), Completes),
        },
        Row {
            id: "G06f",
            what: "a chain of indirect calls to itself",
            guest: |tool| indirect(tool, ENDLESS),
            ends: Stopped("stack_overflow"),
            control: Honest(|tool| indirect(tool, FEW), Completes),
        },
        Row {
            id: "G06g",
            what: "a depth that a larger stack would have room for",
            guest: |tool| recurses(tool, 20_000),
            ends: Stopped("stack_overflow"),
            control: With(&[("sandbox.stack_bytes", 4 << 20)], Completes),
        },
        Row {
            id: "G06h",
            what: "a depth that the stack has room for",
            guest: |tool| recurses(tool, 3_000),
            ends: Completes,
            // Here the guard is in the way in the control.
            control: With(
                &[("sandbox.stack_bytes", 64 << 10)],
                Stopped("stack_overflow"),
            ),
        },
    ],
};

/// A function that counts down and does something on each level before it goes deeper.
fn down(before: &str, again: &str) -> String {
    format!(
        "(func $down (param i32) (result i32)
            {before}
            (if (result i32) (local.get 0)
                (then (i32.add (i32.const 1) ({again} (i32.sub (local.get 0) (i32.const 1)))))
                (else (i32.const 0))))"
    )
}

const GO: &str = "(drop (call $down (i32.const {depth}))) (i32.const 16)";

fn go(depth: u32) -> String {
    GO.replace("{depth}", &depth.to_string())
}

fn recurses(tool: &str, depth: u32) -> Vec<u8> {
    Guest::named(tool)
        .item(&down("", "call $down"))
        .call(&go(depth))
}

/// Five hundred values that are alive across the call.
fn frames(tool: &str, depth: u32) -> Vec<u8> {
    let locals = "i64 ".repeat(500);
    let each = |what: &dyn Fn(usize) -> String| (1..=500).map(what).collect::<String>();
    let load = each(&|n| format!("(local.set {n} (i64.load (i32.const {})))", n * 8));
    let store = each(&|n| format!("(i64.store (i32.const {}) (local.get {n}))", n * 8));
    let function = format!(
        "(func $down (param i32) (result i32) (local {locals})
            {load}
            (if (local.get 0)
                (then (drop (call $down (i32.sub (local.get 0) (i32.const 1))))))
            {store}
            (i32.const 0))"
    );
    // The answer lies where the values are kept.
    Guest::named(tool).item(&function).call(&go(depth).replace(
        "(i32.const 16)",
        "(memory.fill (i32.const 0) (i32.const 0) (i32.const 4096)) (i32.const 16)",
    ))
}

fn through_host(tool: &str, depth: u32) -> Vec<u8> {
    Guest::named(tool)
        .import("cancellation", "remaining-ms", "(result i64)")
        .item(&down("(drop (call $remaining-ms))", "call $down"))
        .call(&go(depth))
}

fn in_realloc(tool: &str, depth: u32) -> Vec<u8> {
    Guest::named(tool)
        .item(&down("", "call $down"))
        .realloc(&format!(
            "(drop (call $down (i32.const {depth})))
             (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
             (global.set $next (i32.add (local.get $at) (local.get 3)))
             (local.get $at)"
        ))
        .call("(i32.const 16)")
}

fn behind_seam(tool: &str, depth: u32) -> Vec<u8> {
    let component = format!(
        "(core module $m {} (export \"down\" (func $down)))
         (core instance $i (instantiate $m))
         (func (export \"go\") (param \"depth\" u32) (result u32)
            (canon lift (core func $i \"down\")))",
        down("", "call $down")
    );
    Guest::named(tool)
        .part(Part::seam(
            "go: func(depth: u32) -> u32;",
            "(param i32) (result i32)",
            &component,
        ))
        .call(&format!(
            "(drop (call $go (i32.const {depth}))) (i32.const 16)"
        ))
}

fn indirect(tool: &str, depth: u32) -> Vec<u8> {
    let function = "(type $down (func (param i32) (result i32)))
        (func $down (type $down)
            (if (result i32) (local.get 0)
                (then (i32.add (i32.const 1) (call_indirect (type $down)
                    (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))))
                (else (i32.const 0))))
        (table funcref (elem $down))";
    Guest::named(tool).item(function).call(&go(depth))
}

#[test]
fn guests_that_recurse_overflow_their_own_stack_only() {
    STACK.ends_as_it_should();
}

#[test]
fn control_with_a_few_levels_they_come_to_their_end() {
    STACK.ends_otherwise_without_the_guard();
}
