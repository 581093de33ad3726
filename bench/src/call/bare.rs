//! The bare sandbox: wasmtime with the settings of `runtime/src/engine.rs` and nothing else of
//! Casemate. A fresh store with fuel, a limiter and empty WASI, a fresh instance, one typed call.
//!
//! What a call costs here is what it costs anybody who runs components this way; what
//! `Runtime::call` costs beyond it is Casemate's own.

use anyhow::{Context, Result, anyhow};
use wasmtime::{
    Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store, StoreLimits,
    StoreLimitsBuilder, WasmBacktraceDetails,
    component::{Component, ComponentExportIndex, InstancePre, Linker, ResourceTable, TypedFunc},
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

mod generated {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "tool",
        exports: { default: async },
    });
}

use generated::casemate::tool::types::{CallContext, CallError, Caller};
use generated::exports::casemate::tool::tools::CallOutcome;

type Answered = Result<CallOutcome, CallError>;

const SLOTS: u32 = 1_000;
const STACK: usize = 512 << 10;
/// As `domain` and `runtime` have it.
const FUEL: u64 = 1_000_000_000_000;
const YIELD: u64 = 1_000_000;
const MEMORY: usize = 64 << 20;

/// Whether guests look at an epoch at each branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Epochs {
    On,
    Off,
}

/// What the host knows of a call: nothing.
struct Host {
    wasi: WasiCtx,
    table: ResourceTable,
    limits: StoreLimits,
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// A component that is ready to be called.
pub(super) struct Bare {
    engine: Engine,
    pre: InstancePre<Host>,
    call: ComponentExportIndex,
    context: CallContext,
    epochs: Epochs,
}

impl Bare {
    pub(super) fn new(wasm: &[u8], epochs: Epochs) -> Result<Self> {
        let engine = Engine::new(&settings(epochs))?;
        let component = Component::from_binary(&engine, wasm)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        // The tools that are measured ask the host for nothing.
        linker.define_unknown_imports_as_traps(&component)?;
        let pre = linker.instantiate_pre(&component)?;
        let interface = component
            .get_export_index(None, "casemate:tool/tools@1.0.0")
            .context("the component exports no tools")?;
        let call = component
            .get_export_index(Some(&interface), "call")
            .context("the tools cannot be called")?;
        Ok(Self {
            engine,
            pre,
            call,
            context: context(),
            epochs,
        })
    }

    /// One call in a fresh sandbox.
    pub(super) async fn call(&self, tool: &str, arguments: &str) -> Result<()> {
        let host = Host {
            wasi: WasiCtx::builder().build(),
            table: ResourceTable::new(),
            limits: StoreLimitsBuilder::new().memory_size(MEMORY).build(),
        };
        let mut store = Store::new(&self.engine, host);
        store.limiter(|host| &mut host.limits);
        store.set_fuel(FUEL)?;
        store.fuel_async_yield_interval(Some(YIELD))?;
        if self.epochs == Epochs::On {
            store.set_epoch_deadline(1);
            store.epoch_deadline_async_yield_and_update(1);
        }
        let instance = self.pre.instantiate_async(&mut store).await?;
        let call: TypedFunc<(&str, &str, &CallContext), (Answered,)> =
            instance.get_typed_func(&mut store, self.call)?;
        let (answered,) = call
            .call_async(&mut store, (tool, arguments, &self.context))
            .await?;
        match answered {
            Ok(CallOutcome::Complete(_)) => Ok(()),
            other => Err(anyhow!("the tool did not answer: {other:?}")),
        }
    }
}

/// As much as a call of Casemate tells its tool.
fn context() -> CallContext {
    CallContext {
        call_id: "call_01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
        caller: Caller {
            workspace: "bench".to_owned(),
            server: "bench".to_owned(),
            credential: Some("bench".to_owned()),
            client_name: None,
            client_version: None,
        },
        client_capabilities: Vec::new(),
        progress_wanted: false,
        trace_parent: None,
        trace_state: None,
        answers: Vec::new(),
        state: None,
    }
}

fn settings(epochs: Epochs) -> wasmtime::Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(SLOTS)
        .total_core_instances(SLOTS * 8)
        .total_memories(SLOTS)
        .total_tables(SLOTS * 3)
        .total_stacks(SLOTS)
        .max_unused_warm_slots(SLOTS)
        .max_tables_per_module(4)
        .table_elements(20_000)
        .max_memory_size(256 << 20)
        .linear_memory_keep_resident(1 << 20)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(64 << 10)
        .pagemap_scan(wasmtime::Enabled::Auto);
    let mut settings = wasmtime::Config::new();
    settings
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .consume_fuel(true)
        .epoch_interruption(epochs == Epochs::On)
        .concurrency_support(false)
        .memory_init_cow(true)
        .memory_reservation(4 << 30)
        .async_stack_zeroing(true)
        .max_wasm_stack(STACK)
        .async_stack_size(STACK + (3 << 19))
        .generate_address_map(false)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(1));
    settings
}
