//! Guests that want what there is not, and components of another kind: G21 to G23, G34.

use super::{
    family::Family,
    row::{
        Control::{Honest, None},
        End::{Completes, Refused, Stopped},
        Make, Row,
    },
};
use casemate_guest_forge::{Guest, component_of, wat};

const ORDINARY: Make = |tool| Guest::named(tool).call("(i32.const 16)");

macro_rules! wishes {
    ($($id:literal, $interface:literal;)+) => {
        [$(Row {
            id: $id,
            what: concat!("imports ", $interface),
            guest: |_| wishes($interface),
            ends: Refused("forbidden_import"),
            control: Honest(ORDINARY, Completes),
        }),+]
    };
}

pub(super) static WISHES: Family = Family {
    name: "wishes",
    settings: &[],
    rows: &wishes! {
        "G23a", "wasi:sockets/tcp@0.2.6";
        "G23b", "wasi:sockets/udp@0.2.6";
        "G23c", "wasi:sockets/ip-name-lookup@0.2.6";
        "G23d", "wasi:sockets/instance-network@0.2.6";
        "G23e", "wasi:http/outgoing-handler@0.2.6";
        "G23f", "wasi:cli/environment@0.3.0";
        "G23g", "wasi:threads/spawn@0.2.6";
        "G23h", "wasi:process/spawn@0.2.6";
        "G23i", "casemate:tool/admin@1.0.0";
        "G23j", "casemate:tool/secrets@2.0.0";
        "G23k", "casemate:toolbox/secrets@1.0.0";
        "G23l", "my:pkg/thing";
    },
};

pub(super) static KINDS: Family = Family {
    name: "kinds",
    settings: &[],
    rows: &[
        Row {
            id: "G21a",
            what: "looks for folders",
            guest: |tool| {
                Guest::named(tool)
                    .wasi("wasi:filesystem/preopens", "get-directories", "(param i32)")
                    .call(
                        "(call $get-directories (i32.const 640))
                         (if (i32.load (i32.const 644)) (then unreachable))
                         (i32.const 16)",
                    )
            },
            // There are none, and without one there is no path to try.
            ends: Completes,
            control: None("it crashes if there is a folder"),
        },
        Row {
            id: "G21b",
            what: "makes up a handle of a file",
            guest: |tool| opened(tool, "(i32.const 1)"),
            ends: Stopped("abi_error"),
            control: Honest(ORDINARY, Completes),
        },
        Row {
            id: "G21c",
            what: "says that standard output is a file",
            guest: |tool| opened(tool, "(call $get-stdout)"),
            ends: Stopped("abi_error"),
            control: Honest(ORDINARY, Completes),
        },
        Row {
            id: "G22c",
            what: "looks for variables and arguments",
            guest: |tool| {
                Guest::named(tool)
                    .wasi("wasi:cli/environment", "get-environment", "(param i32)")
                    .wasi("wasi:cli/environment", "get-arguments", "(param i32)")
                    .call(
                        "(call $get-environment (i32.const 640)) (call $get-arguments (i32.const 648))
                         (if (i32.or (i32.load (i32.const 644)) (i32.load (i32.const 652)))
                            (then unreachable))
                         (i32.const 16)",
                    )
            },
            ends: Completes,
            control: None("it crashes if there is one"),
        },
        Row {
            id: "G22d",
            what: "reads standard input",
            guest: |tool| {
                Guest::named(tool)
                    .wasi("wasi:cli/stdin", "get-stdin", "(result i32)")
                    .wasi(
                        "wasi:io/streams",
                        "[method]input-stream.blocking-read",
                        "(param i32 i64 i32)",
                    )
                    .call(
                        "(call $input-stream-blocking-read (call $get-stdin) (i64.const 10) (i32.const 640))
                         (if (i32.eqz (i32.load8_u (i32.const 640)))
                            (then (if (i32.load (i32.const 648)) (then unreachable))))
                         (i32.const 16)",
                    )
            },
            ends: Completes,
            control: None("it crashes if there is something to read"),
        },
        Row {
            id: "G23m",
            what: "starts a thread",
            guest: |_| {
                wat(
                    "(component (core type $f (shared (func (param i32)))) (core func (canon thread.spawn-ref $f)))",
                )
            },
            ends: Refused("feature_refused"),
            control: Honest(ORDINARY, Completes),
        },
        Row {
            id: "G23n",
            what: "a module for the first WASI",
            guest: |_| {
                wat("(module
                    (import \"wasi_snapshot_preview1\" \"fd_write\" (func (param i32 i32 i32 i32) (result i32)))
                    (func (export \"_start\")))")
            },
            ends: Refused("not_a_component"),
            control: Honest(ORDINARY, Completes),
        },
        Row {
            id: "G34a",
            what: "a module",
            guest: |_| wat("(module)"),
            ends: Refused("not_a_component"),
            control: Honest(ORDINARY, Completes),
        },
        Row {
            id: "G34b",
            what: "a component with nothing in it",
            guest: |_| wat("(component)"),
            ends: Refused("wrong_world"),
            control: Honest(ORDINARY, Completes),
        },
        Row {
            id: "G34c",
            what: "a component of another world",
            guest: |_| {
                component_of(
                    "package a:b; world w { export greet: func(); }",
                    "w",
                    "(module (func (export \"greet\")))",
                )
            },
            ends: Refused("wrong_world"),
            control: Honest(ORDINARY, Completes),
        },
        Row {
            id: "G34d",
            what: "the right name with nothing behind it",
            guest: |_| {
                wat(
                    "(component (instance $i) (export \"casemate:tool/tools@1.0.0\" (instance $i)))",
                )
            },
            ends: Refused("wrong_world"),
            control: Honest(ORDINARY, Completes),
        },
        Row {
            id: "G34e",
            what: "the right names with wrong types",
            guest: |_| tools("1.0.0"),
            ends: Refused("wrong_world"),
            control: Honest(ORDINARY, Completes),
        },
        Row {
            id: "G34f",
            what: "a version of the contract that is to come",
            guest: |_| tools("2.0.0"),
            ends: Refused("wrong_world"),
            control: Honest(ORDINARY, Completes),
        },
        Row {
            id: "G34i",
            what: "exports more than the contract has",
            guest: |tool| {
                Guest::named(tool)
                    .exporting("more: func() -> u32;")
                    .exporting("evil: interface { run: func(); }")
                    .item("(func (export \"more\") (result i32) unreachable)")
                    .item("(func (export \"evil#run\") (loop $l (br $l)))")
                    .call("(i32.const 16)")
            },
            // Nobody asks for it.
            ends: Completes,
            control: None("there is nothing to stop"),
        },
        Row {
            id: "G34g",
            what: "the right import with a wrong type",
            guest: |_| imports_log("log: func(level: u64);", "(param i64)"),
            ends: Refused("wrong_world"),
            control: Honest(ORDINARY, Completes),
        },
        Row {
            id: "G34h",
            what: "a function of the right import that there is not",
            guest: |_| imports_log("burn: func(level: u64);", "(param i64)"),
            ends: Refused("wrong_world"),
            control: Honest(ORDINARY, Completes),
        },
    ],
};

/// A component that would be a tool but for one import.
fn wishes(interface: &str) -> Vec<u8> {
    let (package, name) = interface.split_once('/').unwrap();
    let (name, version) = name.split_once('@').unwrap_or((name, ""));
    let package = if version.is_empty() {
        package.to_owned()
    } else {
        format!("{package}@{version}")
    };
    let own = "casemate:tool@1.0.0";
    let tools = "interface tools { describe: func(); }";
    // A package can be written down once.
    let wit = if package == own {
        format!("package {own} {{ {tools} interface {name} {{ go: func(); }} }}")
    } else {
        format!(
            "package {own} {{ {tools} }} package {package} {{ interface {name} {{ go: func(); }} }}"
        )
    };
    component_of(
        &format!(
            "package a:b; world w {{ import {interface}; export casemate:tool/tools@1.0.0; }} {wit}"
        ),
        "w",
        &format!(
            "(module (import \"{interface}\" \"go\" (func $go))
                (func (export \"casemate:tool/tools@1.0.0#describe\") (call $go)))"
        ),
    )
}

/// Uses this as the handle of a file.
fn opened(tool: &str, handle: &str) -> Vec<u8> {
    Guest::named(tool)
        .wasi("wasi:cli/stdout", "get-stdout", "(result i32)")
        .wasi(
            "wasi:filesystem/types",
            "[method]descriptor.is-same-object",
            "(param i32 i32) (result i32)",
        )
        .call(&format!(
            "(local $file i32)
             (local.set $file {handle})
             (drop (call $descriptor-is-same-object (local.get $file) (local.get $file)))
             (i32.const 16)"
        ))
}

fn tools(version: &str) -> Vec<u8> {
    component_of(
        &format!(
            "package casemate:tool@{version};
             interface tools {{ describe: func(); call: func(); }}
             world w {{ export tools; }}"
        ),
        "w",
        &format!(
            "(module
                (func (export \"casemate:tool/tools@{version}#describe\"))
                (func (export \"casemate:tool/tools@{version}#call\")))"
        ),
    )
}

fn imports_log(function: &str, ty: &str) -> Vec<u8> {
    let name = function.split(':').next().unwrap();
    component_of(
        &format!(
            "package casemate:tool@1.0.0;
             interface logging {{ {function} }}
             interface tools {{ describe: func(); }}
             world w {{ import logging; export tools; }}"
        ),
        "w",
        &format!(
            "(module (import \"casemate:tool/logging@1.0.0\" \"{name}\" (func $f {ty}))
                (func (export \"casemate:tool/tools@1.0.0#describe\") (call $f (i64.const 0))))"
        ),
    )
}

#[test]
fn guests_that_import_what_is_not_offered_are_refused() {
    WISHES.ends_as_it_should();
}

#[test]
fn control_a_guest_without_the_import_is_taken() {
    WISHES.ends_otherwise_without_the_guard();
}

#[test]
fn what_is_no_tool_is_refused_and_a_tool_finds_an_empty_world() {
    KINDS.ends_as_it_should();
}

#[test]
fn control_a_tool_is_taken() {
    KINDS.ends_otherwise_without_the_guard();
}
