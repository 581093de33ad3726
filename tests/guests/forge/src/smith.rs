//! Components from a seed: the same seed gives the same bytes.
//!
//! Three kinds take turns. In the first, random code runs beside an ordinary guest, which calls it
//! with a few arguments, so that it is sure to run. In the second, random code is the guest, with
//! the host's functions at hand; it runs when it is asked what it is, and rarely says so well. In
//! the third, an ordinary guest has a few bytes changed.

use crate::{
    Guest, Part,
    damage::{Random, mutated},
    encode,
};
use arbitrary::Unstructured;
use wasm_smith::{Config, Module};

/// How a component came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Random code beside an ordinary guest.
    Beside,
    /// Random code as the guest.
    Alone,
    /// An ordinary guest with a few bytes changed.
    Mutated,
}

/// The component of a seed. Those with a tool that was not changed call it `generated`.
pub fn component(seed: u64) -> (Kind, Vec<u8>) {
    let mut random = Random::new(seed);
    match seed % 3 {
        0 => (Kind::Beside, beside(&mut random)),
        1 => (Kind::Alone, alone(&mut random)),
        _ => (Kind::Mutated, mutated(&ordinary(), &mut random)),
    }
}

/// The host's functions as a module imports them, those of which a guest can do most with.
const HOST: &str = r#"
    (import "casemate:tool/cancellation@1.0.0" "is-cancelled" (func (result i32)))
    (import "casemate:tool/cancellation@1.0.0" "remaining-ms" (func (result i64)))
    (import "casemate:tool/logging@1.0.0" "log" (func (param i32 i32 i32 i32 i32 i32)))
    (import "casemate:tool/progress@1.0.0" "report" (func (param f64 i32 f64 i32 i32 i32)))
    (import "casemate:tool/secrets@1.0.0" "reveal" (func (param i32 i32 i32)))
    (import "casemate:tool/secrets@1.0.0" "placeholder" (func (param i32 i32 i32)))
    (import "casemate:tool/config@1.0.0" "get" (func (param i32 i32 i32)))
    (import "casemate:tool/config@1.0.0" "get-all" (func (param i32)))"#;

const GO: &str = r#"(module (func (export "go") (param i32 i64) (result i32) unreachable))"#;

fn beside(random: &mut Random) -> Vec<u8> {
    let exports = encode::wat(GO);
    let module = module(random, |config| config.exports = Some(exports));
    let text = wasmprinter::print_bytes(module).unwrap();
    let module = text.replacen("(module", "(core module $m", 1);
    let component = format!(
        "{module}
         (core instance $i (instantiate $m))
         (func (export \"go\") (param \"a\" u32) (param \"b\" u64) (result u32)
            (canon lift (core func $i \"go\")))"
    );
    let wit = "go: func(a: u32, b: u64) -> u32;";
    let part = Part::seam(wit, "(param i32 i64) (result i32)", &component);
    let calls = [(0_i32, 0_i64), (1, -1), (-1, 1 << 40)]
        .map(|(a, b)| format!("(drop (call $go (i32.const {a}) (i64.const {b})))"));
    Guest::named("generated")
        .part(part)
        .call(&format!("{} (i32.const 16)", calls.concat()))
}

fn alone(random: &mut Random) -> Vec<u8> {
    let shape = format!(
        r#"(module {HOST}
            (memory (export "memory") 4)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "casemate:tool/tools@1.0.0#describe") (result i32) unreachable)
            (func (export "casemate:tool/tools@1.0.0#call") (param i32) (result i32) unreachable))"#
    );
    let shape = encode::wat(&shape);
    let module = module(random, |config| config.module_shape = Some(shape));
    encode::component_around("tool", &module)
}

/// A guest of which a few changes may leave a guest.
fn ordinary() -> Vec<u8> {
    let mut guest = Guest::named("generated")
        .import("logging", "log", "(param i32 i32 i32 i32 i32 i32)")
        .wasi("wasi:clocks/monotonic-clock", "now", "(result i64)")
        .item("(global $count (mut i32) (i32.const 0)) (table 4 funcref)");
    let text = guest.text("something to change");
    guest.call(&format!(
        "(loop $l
            (drop (call $now))
            (call $log (i32.const 1) {text} (i32.const 0) (i32.const 0) (i32.const 0))
            (global.set $count (i32.add (global.get $count) (i32.const 1)))
            (br_if $l (i32.lt_u (global.get $count) (i32.const 20))))
         (i32.const 16)"
    ))
}

fn module(random: &mut Random, shape: impl FnOnce(&mut Config)) -> Vec<u8> {
    let mut config = Config {
        // The features that are refused. Seeds are for what is taken.
        exceptions_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        // They come with references to objects of the host, which need the collector.
        reference_types_enabled: false,
        relaxed_simd_enabled: false,
        shared_everything_threads_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        max_memories: 1,
        max_memory32_bytes: 4 << 20,
        max_tables: 2,
        max_table_elements: 5_000,
        max_instructions: 300,
        max_funcs: 20,
        max_imports: 0,
        ..Config::default()
    };
    shape(&mut config);
    let bytes = random.bytes(16 << 10);
    let module = Module::new(config, &mut Unstructured::new(&bytes));
    module.unwrap().to_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmparser::{Validator, WasmFeatures};

    #[test]
    fn the_same_seed_gives_the_same_component() {
        for seed in 0..6 {
            assert_eq!(component(seed), component(seed), "{seed}");
        }
    }

    #[test]
    fn code_from_seeds_is_valid() {
        for seed in 0..30 {
            let (kind, wasm) = component(seed);
            let valid = Validator::new_with_features(WasmFeatures::all()).validate_all(&wasm);
            let valid = valid.map(|_| ());
            assert!(kind == Kind::Mutated || valid.is_ok(), "{seed}: {valid:?}");
        }
    }
}
