//! Guests that are hard to compile: G30 to G32. Each is a tool with a module in it that nothing
//! uses and that is compiled all the same.

use super::{
    family::{Bench, Family},
    row::{
        Control::{Honest, None, With},
        End::{Completes, Refused},
        Make, Row, Seen,
    },
};
use casemate_guest_forge::{
    Guest, bombs,
    damage::{with_component, with_module},
    wat,
};
use std::time::{Duration, Instant};

const WHOLE: Make = |tool| Guest::named(tool).call("(i32.const 16)");

/// So long may a refusal take whose reason is seen before anything is compiled. Every one of these
/// takes a compiler ten seconds or minutes.
const MOMENTS: Duration = Duration::from_secs(8);

macro_rules! bombs {
    ($($id:literal, $what:literal, $kind:literal, $part:expr, $honest:expr;)+) => {
        [$(Row {
            id: $id,
            what: $what,
            guest: |tool| with_module(&WHOLE(tool), &$part),
            ends: Refused($kind),
            control: Honest(|tool| with_module(&WHOLE(tool), &$honest), Completes),
        }),+]
    };
}

pub(super) static MODULES: Family = Family {
    name: "bombs",
    settings: &[],
    rows: &bombs! {
        "G30a", "nine hundred thousand additions", "compile_budget",
            bombs::additions(900_000), bombs::additions(900);
        "G30b", "two hundred thousand empty blocks", "compile_budget",
            bombs::blocks(200_000), bombs::blocks(200);
        "G30c", "thousands of locals and branches", "compile_budget",
            bombs::branches(1, 8_000, 24_000), bombs::branches(1, 80, 240);
        "G30d", "many functions with locals and branches, each under the limit", "compile_budget",
            bombs::branches(60, 2_000, 1_200), bombs::branches(1, 200, 120);
        "G30e", "a million functions", "compile_budget",
            bombs::functions(999_999), bombs::functions(900);
        "G30f", "two hundred thousand functions", "compile_budget",
            bombs::functions(200_000), bombs::functions(900);
        "G30g", "a function of seven megabytes", "compile_budget",
            bombs::additions(2_300_000), bombs::additions(900);
        "G30h", "a jump table with a million entries", "compile_budget",
            bombs::jumps(1_000_000), bombs::jumps(1_000);
        "G30i", "two hundred thousand shuffles", "compile_budget",
            bombs::shuffles(200_000), bombs::shuffles(200);
        "G30j", "more types than a module may have", "malformed_component",
            bombs::types(1_000_001), bombs::types(1_000);
        "G30k", "more locals than a function may have", "malformed_component",
            bombs::locals(60_000), bombs::locals(600);
        "G31d", "a section for nobody that is larger than a component may be", "component_too_large",
            bombs::custom(16 << 20), bombs::custom(1 << 20);
        "G32a", "more code alive at once than is compiled in one go", "compile_budget",
            bombs::alive(30, 180_000), bombs::alive(1, 200);
    },
};

pub(super) static SHAPES: Family = Family {
    name: "shapes",
    settings: &[],
    rows: &[
        Row {
            id: "G31a",
            what: "components a thousand deep in each other",
            guest: |tool| with_component(&WHOLE(tool), &bombs::nested(1_000)),
            ends: Refused("compile_budget"),
            control: Honest(
                |tool| with_component(&WHOLE(tool), &bombs::nested(10)),
                Completes,
            ),
        },
        Row {
            id: "G31b",
            what: "a thousand modules side by side",
            guest: |tool| with_component(&WHOLE(tool), &bombs::modules(1_000)),
            ends: Refused("compile_budget"),
            control: Honest(
                |tool| with_component(&WHOLE(tool), &bombs::modules(10)),
                Completes,
            ),
        },
        Row {
            id: "G31c",
            what: "types that double with each level",
            guest: |tool| with_component(&WHOLE(tool), &wat(&bombs::doubling(40))),
            // The validator counts what a type amounts to.
            ends: Refused("malformed_component"),
            control: Honest(
                |tool| with_component(&WHOLE(tool), &wat(&bombs::doubling(4))),
                Completes,
            ),
        },
        Row {
            id: "G31e",
            what: "a name of a megabyte",
            guest: |tool| {
                let name = "x".repeat(1 << 20);
                let text = format!("(module (func (export \"{name}\")))");
                with_module(&WHOLE(tool), &wat(&text))
            },
            ends: Refused("malformed_component"),
            control: Honest(
                |tool| {
                    let name = "x".repeat(1 << 10);
                    let text = format!("(module (func (export \"{name}\")))");
                    with_module(&WHOLE(tool), &wat(&text))
                },
                Completes,
            ),
        },
        Row {
            id: "G31f",
            what: "a thousand instances and aliases in a component that is never made",
            guest: |tool| with_component(&WHOLE(tool), &wat(&bombs::aliases(1_000))),
            ends: Completes,
            control: None("nothing is wrong: what is not instantiated costs nothing"),
        },
        Row {
            id: "G31g",
            what: "fourteen megabytes for nobody",
            guest: |tool| with_module(&WHOLE(tool), &bombs::custom(14 << 20)),
            ends: Completes,
            control: None("nothing is wrong: it is within the size and costs nothing"),
        },
    ],
};

pub(super) static CODE: Family = Family {
    name: "code",
    settings: &[("compile.code_bytes", 1 << 20)],
    rows: &[Row {
        id: "G32b",
        what: "compiles to more code than is kept",
        guest: |tool| with_module(&WHOLE(tool), &bombs::alive(20, 5_000)),
        ends: Refused("compile_budget"),
        control: With(&[("compile.code_bytes", 128 << 20)], Completes),
    }],
};

#[test]
fn a_component_that_compiles_to_too_much_code_is_refused() {
    CODE.ends_as_it_should();
}

#[test]
fn control_with_room_for_the_code_it_is_taken() {
    CODE.ends_otherwise_without_the_guard();
}

#[test]
fn code_that_takes_a_compiler_minutes_is_refused_in_moments() {
    let bench = Bench::start("moments", &[]);
    for row in MODULES.rows {
        let wasm = (row.guest)("moments");
        let start = Instant::now();
        let seen = bench.send("moments", &wasm);
        println!("{} {seen} after {:?}", row.id, start.elapsed());
        assert!(
            start.elapsed() < MOMENTS,
            "{} took {:?}",
            row.id,
            start.elapsed()
        );
    }
    bench.assert_unharmed();
}

#[test]
fn code_that_is_hard_to_compile_is_refused() {
    MODULES.ends_as_it_should();
}

#[test]
fn control_less_of_the_same_is_compiled() {
    MODULES.ends_otherwise_without_the_guard();
}

#[test]
fn components_with_a_difficult_shape_are_refused_or_cost_nothing() {
    SHAPES.ends_as_it_should();
}

#[test]
fn control_less_of_the_same_shape_is_taken() {
    SHAPES.ends_otherwise_without_the_guard();
}

/// What the checks of its shape let pass and still takes long.
fn slow(tool: &str) -> Vec<u8> {
    with_module(&WHOLE(tool), &bombs::branches(38, 2_000, 1_200))
}

#[test]
fn a_compilation_that_takes_too_long_is_ended_and_the_next_one_works() {
    let bench = Bench::start("slow", &[("compile.wall_ms", 1_500)]);
    let start = Instant::now();
    let seen = bench.send("slow", &slow("slow"));
    println!("{seen} after {:?}", start.elapsed());
    assert!(
        matches!(&seen, Seen::Refused(kind) if kind == "compile_budget"),
        "{seen}"
    );
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
    assert!(matches!(
        bench.send("whole", &WHOLE("whole")),
        Seen::Completed { .. }
    ));
    bench.assert_unharmed();
}

#[test]
fn a_compilation_that_takes_too_much_memory_or_cpu_is_ended_and_the_next_one_works() {
    let limits = [
        ("compile.memory_bytes", 256 << 20),
        ("compile.cpu_ms", 1_000),
    ];
    for (key, value) in limits {
        let bench = Bench::start("slow", &[(key, value)]);
        let seen = bench.send("slow", &slow("slow"));
        println!("{key}: {seen}");
        assert!(
            matches!(&seen, Seen::Refused(kind) if kind == "compile_budget"),
            "{key}: {seen}"
        );
        let whole = bench.send("whole", &WHOLE("whole"));
        assert!(matches!(whole, Seen::Completed { .. }), "{key}: {whole}");
        bench.assert_unharmed();
    }
}

#[test]
fn control_the_same_component_compiles_with_time_and_room_to_spare() {
    let bench = Bench::start("slow", &[]);
    let seen = bench.send("slow", &slow("slow"));
    assert!(matches!(seen, Seen::Completed { .. }), "{seen}");
}
