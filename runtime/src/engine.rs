//! The one engine that serves all calls, and how its sandboxes are allocated.
//!
//! Everything that a limit or a promise rests on is set here explicitly, also where it is
//! wasmtime's default today.

use crate::runtime::Config;
use futures_util::FutureExt;
use std::{
    hash::{Hash, Hasher},
    num::NonZeroUsize,
};
use wasmtime::{
    Enabled, Engine, InstanceAllocationStrategy, Module, PoolingAllocationConfig, Result, Store,
    Strategy, WasmBacktraceDetails, WasmFeatures,
};

/// What is left resident between two calls of one slot. Resetting pages beats unmapping them.
const MEMORY_KEEP_RESIDENT: usize = 1 << 20;
const TABLE_KEEP_RESIDENT: usize = 64 << 10;
const STACK_KEEP_RESIDENT: usize = 32 << 10;

/// What host functions may use of a stack behind what the guest may.
const HOST_STACK: usize = 3 << 19;

/// Elements of one table.
const TABLE_ELEMENTS: usize = 20_000;

/// What one component may be made of.
pub(crate) const MEMORIES_PER_COMPONENT: u32 = 4;
const TABLES_PER_COMPONENT: u32 = 16;
const INSTANCES_PER_COMPONENT: u32 = 48;
const TABLES_PER_MODULE: u32 = 4;
/// The host's own bookkeeping for one instance, which grows with its imports and exports.
const INSTANCE_BYTES: usize = 1 << 20;

/// A module with a memory and a start function: instantiating it takes a slot, maps a memory, and
/// runs code on a stack.
const PROBE: &[u8] = b"\0asm\x01\0\0\0\
    \x01\x04\x01\x60\0\0\
    \x03\x02\x01\0\
    \x05\x03\x01\0\x01\
    \x08\x01\0\
    \x0a\x04\x01\x02\0\x0b";

/// The WebAssembly features that components may use. All others are refused at upload: what is
/// not compiled cannot have a bug, and most of the sandbox advisories of recent years sat in them.
pub(crate) const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::COMPONENT_MODEL);

/// What the engine needs besides for code of its own: between two components inside one, it copies
/// from memory to memory. Without this it panics when it compiles them. What components bring
/// along is checked against [`FEATURES`] before the engine sees it.
const FOR_ADAPTERS: WasmFeatures = WasmFeatures::MULTI_MEMORY;

/// How sandboxes are allocated.
#[derive(Debug)]
pub(crate) struct Allocator {
    pub(crate) pooled: bool,
    pub(crate) description: String,
}

/// Builds the engine with a pool, or without one where the system does not allow it.
pub(crate) fn build(config: &Config) -> Result<(Engine, Allocator)> {
    let pool = InstanceAllocationStrategy::Pooling(pool(config));
    match tried(pool, config.stack_bytes) {
        Ok(engine) => Ok((engine, pooled(config))),
        Err(reason) => {
            let engine = tried(InstanceAllocationStrategy::OnDemand, config.stack_bytes)?;
            let description = format!(
                "on demand: each call costs several times as much as with a pool, which could not \
                 be had ({reason:#}); raise the limits on address space and memory maps, or lower \
                 the number of slots"
            );
            let allocator = Allocator {
                pooled: false,
                description,
            };
            Ok((engine, allocator))
        }
    }
}

fn pooled(config: &Config) -> Allocator {
    let slots = config.slots;
    let description = if PoolingAllocationConfig::is_pagemap_scan_available() {
        format!("a pool of {slots} slots, reset with PAGEMAP_SCAN")
    } else {
        format!(
            "a pool of {slots} slots, reset without PAGEMAP_SCAN: each call costs about three \
             times as much; it needs Linux 6.7 and a readable /proc/self/pagemap"
        )
    };
    Allocator {
        pooled: true,
        description,
    }
}

fn tried(strategy: InstanceAllocationStrategy, stack_bytes: usize) -> Result<Engine> {
    let engine = Engine::new(&settings(strategy, stack_bytes))?;
    probe(&engine)?;
    Ok(engine)
}

/// The settings of an engine with a pool.
pub(crate) fn pooled_settings(config: &Config) -> wasmtime::Config {
    let pool = InstanceAllocationStrategy::Pooling(pool(config));
    settings(pool, config.stack_bytes)
}

/// An engine that compiles as the others do and reserves nothing for calls.
pub(crate) fn for_compiling() -> Result<Engine> {
    let stack_bytes = Config::default().stack_bytes;
    Engine::new(&settings(InstanceAllocationStrategy::OnDemand, stack_bytes))
}

/// What compiled code depends on: the settings, the target and its CPU features, and the version
/// of wasmtime. Code goes only into an engine with the same fingerprint.
pub(crate) fn fingerprint(engine: &Engine) -> [u8; 32] {
    let mut hasher = Blake3(blake3::Hasher::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    *hasher.0.finalize().as_bytes()
}

/// The standard library's own hashers give 64 bits, and promise no two processes the same ones.
struct Blake3(blake3::Hasher);

impl Hasher for Blake3 {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("the fingerprint is taken from the digest")
    }
}

fn settings(strategy: InstanceAllocationStrategy, stack_bytes: usize) -> wasmtime::Config {
    let mut settings = wasmtime::Config::new();
    settings
        .strategy(Strategy::Cranelift)
        .allocation_strategy(strategy)
        .consume_fuel(true)
        .epoch_interruption(true)
        .concurrency_support(false)
        .memory_init_cow(true)
        .memory_reservation(4 << 30)
        .signals_based_traps(true)
        .async_stack_zeroing(true)
        .max_wasm_stack(stack_bytes)
        .async_stack_size(stack_bytes.saturating_add(HOST_STACK))
        .generate_address_map(false)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        // One frame is enough to tell a failure inside the guest from one in taking its answer.
        .wasm_backtrace_max_frames(NonZeroUsize::new(1))
        .wasm_features(WasmFeatures::all(), false)
        .wasm_features(FEATURES.union(FOR_ADAPTERS), true);
    settings
}

fn pool(config: &Config) -> PoolingAllocationConfig {
    let slots = config.slots;
    let for_each = |most: u32| slots.saturating_mul(most);
    let mut pool = PoolingAllocationConfig::new();
    // As much as all slots can want: who has a slot must find the rest, whatever is in the others.
    pool.total_component_instances(slots)
        .total_core_instances(for_each(INSTANCES_PER_COMPONENT))
        .total_memories(for_each(MEMORIES_PER_COMPONENT))
        .total_tables(for_each(TABLES_PER_COMPONENT))
        .total_stacks(slots)
        .max_unused_warm_slots(slots)
        .max_core_instances_per_component(INSTANCES_PER_COMPONENT)
        .max_memories_per_component(MEMORIES_PER_COMPONENT)
        .max_tables_per_component(TABLES_PER_COMPONENT)
        .max_tables_per_module(TABLES_PER_MODULE)
        .max_core_instance_size(INSTANCE_BYTES)
        .max_component_instance_size(INSTANCE_BYTES)
        .table_elements(TABLE_ELEMENTS)
        .max_memory_size(usize::try_from(config.max_memory_bytes).unwrap_or(usize::MAX))
        .linear_memory_keep_resident(MEMORY_KEEP_RESIDENT)
        .table_keep_resident(TABLE_KEEP_RESIDENT)
        .async_stack_keep_resident(STACK_KEEP_RESIDENT)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Runs something real, so that a system that refuses memory says so now and not at the first call.
fn probe(engine: &Engine) -> Result<()> {
    let module = Module::from_binary(engine, PROBE)?;
    let mut store = Store::new(engine, ());
    store.set_fuel(1_000_000)?;
    store.set_epoch_deadline(1);
    wasmtime::Instance::new_async(&mut store, &module, &[])
        .now_or_never()
        .ok_or_else(|| wasmtime::Error::msg("the probe did not end at once"))??;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_that_cannot_be_had_is_replaced_and_explained() {
        let impossible = Config {
            slots: u32::MAX / 8,
            ..Config::default()
        };
        let (_, allocator) = build(&impossible).unwrap();
        assert!(!allocator.pooled);
        assert!(
            allocator.description.starts_with("on demand"),
            "{allocator:?}"
        );
    }

    #[test]
    fn the_probe_runs_in_a_pool() {
        let small = Config {
            slots: 2,
            ..Config::default()
        };
        assert!(build(&small).unwrap().1.pooled);
    }

    #[test]
    fn allocation_does_not_change_what_code_fits_and_metering_does() {
        let small = Config {
            slots: 2,
            ..Config::default()
        };
        let compiling = for_compiling().unwrap();
        let (pooled, _) = build(&small).unwrap();
        assert_eq!(fingerprint(&compiling), fingerprint(&pooled));
        let mut unmetered = settings(InstanceAllocationStrategy::OnDemand, 512 << 10);
        unmetered.consume_fuel(false);
        let unmetered = Engine::new(&unmetered).unwrap();
        assert_ne!(fingerprint(&compiling), fingerprint(&unmetered));
    }
}
