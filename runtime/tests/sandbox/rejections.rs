//! What is refused at upload, and with which word.

use crate::support::{
    guest::{component, component_of, guest, quick},
    runtime,
};
use casemate_runtime::{ComponentKind, RejectionKind, inspect};

#[track_caller]
fn refused(wasm: &[u8]) -> (RejectionKind, String) {
    let rejection = runtime().compile(wasm).unwrap_err();
    (rejection.kind, rejection.message)
}

#[test]
fn what_is_no_component_is_refused_with_its_own_word() {
    use RejectionKind::{MalformedComponent, NotAComponent, PrecompiledRefused};
    let module = wat::parse_str("(module)").unwrap();
    let whole = quick();
    let cases: [(&str, &[u8], RejectionKind); 11] = [
        ("empty", b"", MalformedComponent),
        ("one byte", b"\0", MalformedComponent),
        ("header only in part", &whole[..6], MalformedComponent),
        ("text form", b"  (component)", MalformedComponent),
        ("script", b"#!/bin/sh\n", MalformedComponent),
        ("gzip", b"\x1f\x8b\x08\0\0\0\0\0", MalformedComponent),
        ("unknown version", b"\0asm\x0c\0\x01\0", MalformedComponent),
        ("core module", &module, NotAComponent),
        (
            "program",
            b"\x7fELF\x02\x01\x01\0\0\0\0\0",
            PrecompiledRefused,
        ),
        (
            "precompiled",
            b"\x7fELF\x02\x01\x01\xc8\0\0\0\0",
            PrecompiledRefused,
        ),
        ("truncated", &whole[..whole.len() / 2], MalformedComponent),
    ];
    for (what, wasm, kind) in cases {
        assert_eq!(refused(wasm).0, kind, "{what}");
    }
}

#[test]
fn a_component_cut_anywhere_is_refused_and_nothing_panics() {
    let whole = quick();
    let mut compiled = 0;
    for end in 0..whole.len() {
        if runtime().compile(&whole[..end]).is_ok() {
            // Names and producers stand at the end and may be missing.
            let inspection = casemate_runtime::inspect(&whole[..end]).unwrap();
            assert_eq!(inspection.exports, ["casemate:tool/tools@1.0.0"]);
            compiled += 1;
        }
    }
    assert!(compiled <= 2, "{compiled}");
}

#[test]
fn a_component_with_flipped_bits_is_refused_or_compiles() {
    let whole = quick();
    for at in (0..whole.len()).step_by(23) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        if let Err(rejection) = runtime().compile(&flipped) {
            assert_ne!(rejection.kind, RejectionKind::Internal, "{at}");
        }
    }
}

#[test]
fn code_that_the_platform_compiled_itself_is_refused_as_an_upload() {
    // Any engine's artifact is an ELF file with this mark.
    assert_eq!(
        refused(b"\x7fELF\x02\x01\x01\xc8").0,
        RejectionKind::PrecompiledRefused
    );
}

#[test]
fn another_world_is_refused_and_says_what_it_exports() {
    let other = component_of(
        "package a:b; world w { export greet: func(); }",
        "w",
        r#"(module (func (export "greet")))"#,
    );
    let (kind, message) = refused(&other);
    assert_eq!(kind, RejectionKind::WrongWorld);
    assert!(message.contains("`greet`"), "{message}");
    assert_eq!(inspect(&other).unwrap().kind, ComponentKind::Exports);
}

/// A component of a made-up version of the contract.
fn tools_with(version: &str, call: &str) -> Vec<u8> {
    component_of(
        &format!(
            "package casemate:tool@{version};
             interface tools {{ describe: func() -> string; call: {call}; }}
             world w {{ export tools; }}"
        ),
        "w",
        &format!(
            r#"(module
                (memory (export "memory") 1)
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
                (func (export "casemate:tool/tools@{version}#describe") (result i32) unreachable)
                (func (export "casemate:tool/tools@{version}#call")))"#
        ),
    )
}

#[test]
fn the_right_names_with_wrong_types_or_versions_are_refused() {
    let (kind, message) = refused(&tools_with("1.0.0", "func()"));
    assert_eq!(kind, RejectionKind::WrongWorld);
    assert!(message.contains("wrong type"), "{message}");
    let (kind, message) = refused(&tools_with("2.0.0", "func()"));
    assert_eq!(kind, RejectionKind::WrongWorld);
    assert!(message.contains("casemate:tool/tools@2.0.0"), "{message}");
}

#[test]
fn every_import_that_is_not_offered_is_named() {
    let wit = "package a:b;
        world w { import wasi:sockets/tcp@0.2.6; import my:pkg/thing; import wasi:clocks/wall@0.3.0;
                  export casemate:tool/tools@1.0.0; }
        package wasi:sockets@0.2.6 { interface tcp { go: func(); } }
        package wasi:clocks@0.3.0 { interface wall { go: func(); } }
        package my:pkg { interface thing { go: func(); } }
        package casemate:tool@1.0.0 { interface tools { describe: func(); } }";
    let module = r#"(module
        (import "wasi:sockets/tcp@0.2.6" "go" (func))
        (import "wasi:clocks/wall@0.3.0" "go" (func))
        (import "my:pkg/thing" "go" (func))
        (func (export "casemate:tool/tools@1.0.0#describe")))"#;
    let (kind, message) = refused(&component_of(wit, "w", module));
    assert_eq!(kind, RejectionKind::ForbiddenImport);
    for name in [
        "wasi:sockets/tcp@0.2.6",
        "wasi:clocks/wall@0.3.0",
        "my:pkg/thing",
    ] {
        assert!(message.contains(name), "{name}: {message}");
    }
}

/// A component around code that needs a feature.
fn with_items(items: &str) -> Vec<u8> {
    let module = format!(
        r#"(module
            (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "casemate:tool/tools@1.0.0#describe") (result i32) unreachable)
            (func (export "casemate:tool/tools@1.0.0#call") (param i32) (result i32) unreachable)
            {items})"#
    );
    component("tool", &module)
}

#[test]
fn features_that_are_switched_off_are_refused_by_name() {
    for (items, says) in [
        ("(func $f (return_call $f))", "tail calls"),
        ("(memory 1)", "multiple memories"),
        ("(table i64 1 funcref)", "memory64"),
        ("(type (struct))", "gc"),
        ("(tag)", "exceptions"),
        (
            "(func (drop (i8x16.relaxed_swizzle (v128.const i64x2 0 0) (v128.const i64x2 0 0))))",
            "relaxed SIMD",
        ),
    ] {
        let (kind, message) = refused(&with_items(items));
        assert_eq!(kind, RejectionKind::FeatureRefused, "{items}: {message}");
        assert!(message.contains(says), "{items}: {message}");
    }
}

#[test]
fn shared_memory_is_refused() {
    let wasm = wat::parse_str("(component (core module (memory 1 2 shared)))").unwrap();
    let (kind, message) = refused(&wasm);
    assert_eq!(kind, RejectionKind::FeatureRefused, "{message}");
    assert!(message.contains("threads"), "{message}");
}

#[test]
fn simd_and_bulk_memory_are_allowed() {
    let items = "(func (drop (i8x16.add (v128.const i64x2 0 0) (v128.const i64x2 0 0)))
                       (memory.copy (i32.const 0) (i32.const 0) (i32.const 0)))";
    assert!(runtime().compile(&with_items(items)).is_ok());
}

#[test]
fn code_that_takes_a_compiler_minutes_is_refused_in_moments() {
    let chain = format!(
        "(func (result i32) i32.const 0 {})",
        "i32.const 1 i32.add ".repeat(200_000)
    );
    let blocks = format!("(func {})", "block end ".repeat(40_000));
    let branches = format!(
        "(func (local {}) {})",
        "i32 ".repeat(2_000),
        "i32.const 0 if else end ".repeat(3_000)
    );
    let functions = "(func)".repeat(50_001);
    for (what, items) in [
        ("bytes in one function", chain),
        ("blocks in one function", blocks),
        ("locals times branches in one function", branches),
        ("functions", functions),
    ] {
        let wasm = with_items(&items);
        let started = std::time::Instant::now();
        let (kind, message) = refused(&wasm);
        assert_eq!(kind, RejectionKind::CompileBudget, "{what}");
        assert!(message.contains(what), "{what}: {message}");
        assert!(
            started.elapsed().as_secs() < 5,
            "{what}: {:?}",
            started.elapsed()
        );
    }
}

#[test]
fn a_component_over_the_size_cap_is_refused_unread() {
    let mut huge = quick();
    huge.resize((128 << 20) + 1, 0);
    assert_eq!(refused(&huge).0, RejectionKind::ComponentTooLarge);
}

#[test]
fn a_component_that_declares_more_than_a_sandbox_has_is_refused() {
    let wasm = component(
        "tool",
        r#"(module
            (memory (export "memory") 5000)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "casemate:tool/tools@1.0.0#describe") (result i32) unreachable)
            (func (export "casemate:tool/tools@1.0.0#call") (param i32) (result i32) unreachable))"#,
    );
    assert_eq!(refused(&wasm).0, RejectionKind::ComponentTooLarge);
}

#[test]
fn inspection_tells_imports_exports_size_and_digest() {
    let wasm = guest("(i32.const 16)");
    let inspection = inspect(&wasm).unwrap();
    assert_eq!(inspection.kind, ComponentKind::Tools);
    assert_eq!(inspection.exports, ["casemate:tool/tools@1.0.0"]);
    assert_eq!(inspection.size, wasm.len() as u64);
    assert_eq!(inspection.digest.as_bytes(), blake3::hash(&wasm).as_bytes());
    assert_eq!(
        runtime().compile(&wasm).unwrap().digest(),
        inspection.digest
    );
}
