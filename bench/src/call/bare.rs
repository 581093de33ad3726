//! The bare sandbox: wasmtime with the settings of the runtime's engine and nothing else of
//! Casemate. A fresh store with fuel, a limiter and WASI once it is asked for, a fresh instance, one
//! typed call.
//!
//! What a call costs here is what it costs anybody who runs components this way; what
//! `Runtime::call` costs beyond it is Casemate's own.

use anyhow::{Context, Result, anyhow};
use casemate_domain::Limits;
use casemate_runtime::Config;
use wasmtime::{
    Engine, Store, StoreLimits, StoreLimitsBuilder,
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

/// As the runtime has them in `runtime/src/sandbox.rs`.
const YIELD: u64 = 1_000_000;
const TRANSFER: u64 = 4 << 20;

/// Whether guests look at an epoch at each branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Epochs {
    On,
    Off,
}

/// What the host knows of a call: nothing.
struct Host {
    /// Made with the first call to it, as in the runtime: most compiled tools never make one.
    wasi: Option<Box<WasiCtx>>,
    table: ResourceTable,
    limits: StoreLimits,
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = self
            .wasi
            .get_or_insert_with(|| Box::new(WasiCtx::builder().build()));
        WasiCtxView {
            ctx: wasi,
            table: &mut self.table,
        }
    }
}

/// A component that is ready to be called.
pub(crate) struct Bare {
    engine: Engine,
    pre: InstancePre<Host>,
    call: ComponentExportIndex,
    context: CallContext,
    epochs: Epochs,
    limits: Limits,
}

impl Bare {
    pub(crate) fn new(wasm: &[u8], epochs: Epochs) -> Result<Self> {
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
            limits: Limits::default(),
        })
    }

    /// A fresh store, with the limits of a call of Casemate that wasmtime itself enforces.
    fn store(&self) -> Result<Store<Host>> {
        let limits = &self.limits;
        let memory = size(limits.memory_bytes);
        let mut table = ResourceTable::new();
        table.set_max_capacity(size(limits.handles));
        let host = Host {
            wasi: None,
            table,
            limits: StoreLimitsBuilder::new().memory_size(memory).build(),
        };
        let mut store = Store::new(&self.engine, host);
        store.limiter(|host| &mut host.limits);
        store.set_fuel(limits.fuel)?;
        store.fuel_async_yield_interval(Some(YIELD))?;
        if self.epochs == Epochs::On {
            store.set_epoch_deadline(1);
            store.epoch_deadline_async_yield_and_update(1);
        }
        let transfer = limits.output_bytes.saturating_mul(2).max(TRANSFER);
        store.set_hostcall_fuel(size(transfer));
        store.set_max_component_handles(size(limits.handles));
        Ok(store)
    }

    /// One call in a fresh sandbox.
    pub(crate) async fn call(&self, tool: &str, arguments: &str) -> Result<()> {
        let mut store = self.store()?;
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

/// The settings of the runtime itself, so that the two cannot drift apart.
fn settings(epochs: Epochs) -> wasmtime::Config {
    let mut settings = Config::default().engine_settings();
    settings.epoch_interruption(epochs == Epochs::On);
    settings
}

fn size(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::{TRANSFER, YIELD};

    #[test]
    fn a_store_has_the_constants_of_the_runtime() {
        let runtime = include_str!("../../../runtime/src/sandbox.rs");
        let values: Vec<u64> = ["YIELD", "TRANSFER"]
            .map(|name| value(runtime, name))
            .into();
        assert_eq!(values, [YIELD, TRANSFER]);
    }

    /// The value of a constant in a source text: a number, or one that is shifted.
    fn value(source: &str, name: &str) -> u64 {
        let (_, after) = source.split_once(&format!("const {name}: u64 = ")).unwrap();
        let text = after.split_once(';').unwrap().0.replace('_', "");
        let (number, shift) = text.split_once(" << ").unwrap_or((&text, "0"));
        number.parse::<u64>().unwrap() << shift.parse::<u32>().unwrap()
    }
}
