//! What is uploaded and is no component, or is one no more: G33.

use super::{
    family::{Bench, Family},
    row::{
        Control::Honest,
        End::{Completes, Refused},
        Make, Row, Seen,
    },
    upload::upload,
};
use casemate_guest_forge::{
    Guest,
    damage::{Random, boundaries, flipped, with_section},
};

const WHOLE: Make = |tool| Guest::named(tool).call("(i32.const 16)");

macro_rules! files {
    ($($id:literal, $what:literal, $kind:literal, $bytes:expr;)+) => {
        [$(Row {
            id: $id,
            what: $what,
            guest: $bytes,
            ends: Refused($kind),
            control: Honest(WHOLE, Completes),
        }),+]
    };
}

pub(super) static FILES: Family = Family {
    name: "files",
    settings: &[],
    rows: &files! {
        "G33a", "nothing", "malformed_component", |_| Vec::new();
        "G33b", "one byte", "malformed_component", |_| vec![0];
        "G33c", "half a header", "malformed_component", |tool| WHOLE(tool)[..6].to_vec();
        "G33d", "a header of no version there is", "malformed_component",
            |_| b"\0asm\x0c\0\x01\0".to_vec();
        "G33e", "WebAssembly as text", "malformed_component", |_| b" ;; hello\n(component)".to_vec();
        "G33f", "a program for this machine", "precompiled_refused",
            |_| std::fs::read(casemate_tests::casemate()).unwrap()[..65536].to_vec();
        "G33g", "code that an engine compiled", "precompiled_refused", |_| {
            // The file that wasmtime writes is an ELF file of an operating system of its own.
            let mut file = b"\x7fELF\x02\x01\x01\xc8\x01\0\0\0\0\0\0\0\x01\0\x3e\0".to_vec();
            file.resize(4_096, 0);
            file
        };
        "G33h", "a compressed file", "malformed_component",
            |tool| [b"\x1f\x8b\x08\0\0\0\0\0\0\x03".as_slice(), &WHOLE(tool)].concat();
        "G33i", "an archive", "malformed_component",
            |tool| [b"PK\x03\x04\x14\0\0\0\x08\0".as_slice(), &WHOLE(tool)].concat();
        "G33j", "a file compressed in another way", "malformed_component",
            |tool| [b"\x28\xb5\x2f\xfd".as_slice(), &WHOLE(tool)].concat();
        "G33k", "a script", "malformed_component", |_| b"#!/bin/sh\nexit 0\n".to_vec();
        "G33l", "noise", "malformed_component", |_| Random::new(33).bytes(10_000);
        "G33m", "noise behind a header", "malformed_component", |_| {
            let noise = Random::new(34).bytes(10_000);
            [b"\0asm\x0d\0\x01\0".as_slice(), &noise].concat()
        };
        "G33n", "a byte too many", "malformed_component",
            |tool| [WHOLE(tool), vec![1]].concat();
        "G33o", "a second component behind the first", "malformed_component",
            |tool| [WHOLE(tool), WHOLE(tool)].concat();
        "G33p", "a section that there is not", "malformed_component",
            |tool| with_section(&WHOLE(tool), 99, b"x");
        "G33q", "a section that says it is longer than the file", "malformed_component",
            |tool| [WHOLE(tool), vec![0, 0xff, 0xff, 0xff, 0x7f]].concat();
        "G33r", "a length that takes more bytes than a length may", "malformed_component",
            |tool| [WHOLE(tool), vec![0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]].concat();
        "G33s", "a custom section whose name is no text", "malformed_component",
            |tool| with_section(&WHOLE(tool), 0, b"\x02\xff\xff");
        "G33t", "more bytes than a component may have", "component_too_large",
            |_| vec![0; (16 << 20) + 1];
    },
};

/// The kinds with which a component can be refused that was whole once.
const KINDS: &[&str] = &[
    "malformed_component",
    "not_a_component",
    "wrong_world",
    "forbidden_import",
    "feature_refused",
    "component_too_large",
    "compile_budget",
    "schema_rejected",
    "metadata_rejected",
];

/// A whole one is larger than one that is only asked what it is, so that more of it is damaged.
fn whole() -> Vec<u8> {
    Guest::named("damaged")
        .wasi("wasi:clocks/monotonic-clock", "now", "(result i64)")
        .import("logging", "log", "(param i32 i32 i32 i32 i32 i32)")
        .item("(table 4 funcref)")
        .call("(drop (call $now)) (i32.const 16)")
}

#[test]
fn files_that_are_no_component_are_refused_with_their_kind() {
    FILES.ends_as_it_should();
}

#[test]
fn control_the_file_without_the_damage_is_taken() {
    FILES.ends_otherwise_without_the_guard();
}

#[test]
fn a_component_cut_at_any_boundary_of_its_sections_is_refused() {
    let bench = Bench::start("cut", &[]);
    let whole = whole();
    let places = boundaries(&whole);
    println!("{} boundaries in {} bytes", places.len(), whole.len());
    for place in places {
        for end in [place.saturating_sub(1), place, place + 1] {
            let cut = &whole[..end.min(whole.len())];
            match upload(&bench.gateway, cut) {
                // What stands at the end, names and who made it, may be missing.
                Ok(_) => assert!(end > whole.len() * 4 / 5, "taken when cut at {end}"),
                Err(kind) => assert!(KINDS.contains(&kind.as_str()), "{kind} when cut at {end}"),
            }
        }
    }
    assert!(matches!(
        bench.send("damaged", &whole),
        Seen::Completed { .. }
    ));
    bench.assert_unharmed();
}

#[test]
fn a_component_with_a_flipped_bit_is_refused_or_runs_within_its_sandbox() {
    let bench = Bench::start("flipped", &[("limits.wall_ms", 500)]);
    let whole = whole();
    let mut random = Random::new(0xf11b);
    let mut ends = std::collections::BTreeMap::<String, u32>::new();
    for _ in 0..150 {
        let bit = random.below(whole.len() * 8);
        let end = match upload(&bench.gateway, &flipped(&whole, bit)) {
            Ok(_) => "taken".to_owned(),
            Err(kind) => kind,
        };
        assert!(
            end == "taken" || KINDS.contains(&end.as_str()),
            "{end} with bit {bit} flipped"
        );
        *ends.entry(end).or_default() += 1;
    }
    println!("{ends:?}");
    bench.assert_unharmed();
}
