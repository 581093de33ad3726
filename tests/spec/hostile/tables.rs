//! Guests that want table elements: G05.

use super::{
    family::Family,
    row::{
        Control::{Honest, None, With},
        End::{Completes, Refused, Stopped},
        Row,
    },
};
use casemate_guest_forge::{Guest, Part, wat};

pub(super) static TABLES: Family = Family {
    name: "tables",
    settings: &[],
    rows: &[
        Row {
            id: "G05a",
            what: "one table that grows without end",
            guest: |tool| {
                Guest::named(tool).item("(table $a 1 funcref)").call(
                    "(loop $l
                        (if (i32.eq (table.grow $a (ref.null func) (i32.const 1000)) (i32.const -1))
                            (then unreachable))
                        (br $l))
                     (i32.const 16)",
                )
            },
            ends: Stopped("table_limit"),
            control: Honest(|tool| grows(tool, 10_000), Completes),
        },
        Row {
            id: "G05b",
            what: "three tables, each under the limit of one",
            guest: |tool| grows(tool, 15_000),
            ends: Stopped("table_limit"),
            control: With(&[("limits.table_elements", 60_000)], Completes),
        },
        Row {
            id: "G05c",
            what: "tables that start with more together than a call may have",
            guest: |tool| declares(tool, 3, 15_000),
            // It starts once at upload, to be asked what it is.
            ends: Refused("metadata_rejected"),
            control: Honest(|tool| declares(tool, 3, 5_000), Completes),
        },
        Row {
            id: "G05d",
            what: "a table that starts with more than any may have",
            guest: |tool| declares(tool, 1, 9_000_000),
            ends: Refused("component_too_large"),
            control: Honest(|tool| declares(tool, 1, 9_000), Completes),
        },
        Row {
            id: "G05e",
            what: "more tables than a module may have",
            guest: |tool| declares(tool, 9, 1),
            ends: Refused("component_too_large"),
            control: Honest(|tool| declares(tool, 3, 1), Completes),
        },
        Row {
            id: "G05f",
            what: "more tables than a component may have, in many instances",
            guest: |tool| instances(tool, 20),
            ends: Refused("component_too_large"),
            control: Honest(|tool| instances(tool, 5), Completes),
        },
        Row {
            id: "G05g",
            what: "a table with 64-bit indices",
            guest: |_| wat("(component (core module (table i64 1 funcref)))"),
            ends: Refused("feature_refused"),
            control: None("the feature cannot be switched on"),
        },
    ],
};

/// Grows three tables to so many elements each, and crashes when it gets none.
fn grows(tool: &str, elements: u32) -> Vec<u8> {
    let grow = |table: &str| {
        format!(
            "(if (i32.eq (table.grow ${table} (ref.null func) (i32.const {elements})) (i32.const -1))
                (then unreachable))"
        )
    };
    Guest::named(tool)
        .item("(table $a 0 funcref) (table $b 0 funcref) (table $c 0 funcref)")
        .call(&format!(
            "{} {} {} (i32.const 16)",
            grow("a"),
            grow("b"),
            grow("c")
        ))
}

pub(super) fn declares(tool: &str, tables: usize, elements: u32) -> Vec<u8> {
    Guest::named(tool)
        .item(&format!("(table {elements} funcref)").repeat(tables))
        .call("(i32.const 16)")
}

pub(super) fn instances(tool: &str, instances: usize) -> Vec<u8> {
    let items = "(core module $x (table 10 funcref))".to_owned()
        + &"(core instance (instantiate $x))".repeat(instances);
    Guest::named(tool)
        .part(Part::touched(&items))
        .call("(call $touch) (i32.const 16)")
}

#[test]
fn guests_that_want_too_many_table_elements_do_not_get_them() {
    TABLES.ends_as_it_should();
}

#[test]
fn control_with_fewer_or_a_higher_limit_they_come_to_their_end() {
    TABLES.ends_otherwise_without_the_guard();
}
