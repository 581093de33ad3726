//! From uploaded bytes to something that can be called.
//!
//! First static checks that cost milliseconds, then the compiler. Compiling is not bounded by
//! anything here but the shape of the code; a host that compiles for strangers does it in a
//! process with limits of its own and loads what that made.

mod guard;
mod inspect;
mod shape;

pub use inspect::{ComponentKind, Inspection, inspect};

use crate::{
    bindings::{
        host::types::{CallContext, CallError},
        tools::{CallOutcome, Tool},
    },
    rejection::{Rejection, RejectionKind},
    state::State,
};
use casemate_domain::Digest;
use std::{fmt, sync::Arc};
use wasmtime::{
    Engine, Store,
    component::{
        ComponentExportIndex, ComponentNamedList, InstancePre, Lift, Linker, Lower, TypedFunc,
        types::ComponentItem,
    },
};

/// What a call answers.
pub(crate) type CallResult = Result<CallOutcome, CallError>;

/// The interface that a tool exports, in the newest version that is served.
const TOOLS: &str = "casemate:tool/tools@1.0.0";

type Describe = ((), (Vec<Tool>,));
type Call<'a> = ((&'a str, &'a str, &'a CallContext), (CallResult,));

/// A compiled component, linked to the host. Cheap to clone.
#[derive(Clone)]
pub struct Component {
    inner: Arc<Inner>,
}

struct Inner {
    pre: InstancePre<State>,
    describe: ComponentExportIndex,
    call: ComponentExportIndex,
    digest: Digest,
}

impl Component {
    /// The digest of the uploaded bytes.
    pub fn digest(&self) -> Digest {
        self.inner.digest
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.inner.pre.engine()
    }

    /// Makes a fresh instance in the store and asks it for its tools.
    pub(crate) async fn run_describe(
        &self,
        store: &mut Store<State>,
    ) -> wasmtime::Result<Vec<Tool>> {
        let instance = self.inner.pre.instantiate_async(&mut *store).await?;
        let describe: TypedFunc<(), (Vec<Tool>,)> =
            instance.get_typed_func(&mut *store, &self.inner.describe)?;
        let (tools,) = describe.call_async(store, ()).await?;
        Ok(tools)
    }

    /// Makes a fresh instance in the store and calls a tool of it.
    pub(crate) async fn run_call(
        &self,
        store: &mut Store<State>,
        name: &str,
        arguments: &str,
        context: &CallContext,
    ) -> wasmtime::Result<CallResult> {
        let instance = self.inner.pre.instantiate_async(&mut *store).await?;
        // The generated bindings would look up every export and want a copy of the arguments.
        let call: TypedFunc<(&str, &str, &CallContext), (CallResult,)> =
            instance.get_typed_func(&mut *store, &self.inner.call)?;
        let (result,) = call.call_async(store, (name, arguments, context)).await?;
        Ok(result)
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Component")
            .field("digest", &self.digest())
            .finish_non_exhaustive()
    }
}

/// Checks, compiles and links a component.
pub(crate) fn compile(
    engine: &Engine,
    linker: &Linker<State>,
    wasm: &[u8],
) -> Result<Component, Rejection> {
    let inspection = require_tool(wasm)?;
    let component = wasmtime::component::Component::from_binary(engine, wasm)
        .map_err(|error| too_large(&error))?;
    link(linker, &component, inspection.digest)
}

/// Checks and compiles a component, to be loaded and linked elsewhere.
pub(crate) fn precompile(engine: &Engine, wasm: &[u8]) -> Result<Vec<u8>, Rejection> {
    require_tool(wasm)?;
    engine
        .precompile_component(wasm)
        .map_err(|error| too_large(&error))
}

/// All that can be told about a component before it is compiled.
fn require_tool(wasm: &[u8]) -> Result<Inspection, Rejection> {
    let inspection = inspect(wasm)?;
    inspect::require_tools(&inspection)?;
    inspect::require_offered(&inspection)?;
    Ok(inspection)
}

/// Links a compiled component to the host and checks the types of what it exports.
pub(crate) fn link(
    linker: &Linker<State>,
    component: &wasmtime::component::Component,
    digest: Digest,
) -> Result<Component, Rejection> {
    let pre = linker.instantiate_pre(component).map_err(wrong_type)?;
    let describe = export::<Describe>(&pre, "describe")?;
    let call = export::<Call<'_>>(&pre, "call")?;
    Ok(Component {
        inner: Arc::new(Inner {
            pre,
            describe,
            call,
            digest,
        }),
    })
}

/// What a valid component that the engine does not take is refused with.
pub(crate) fn too_large(error: &wasmtime::Error) -> Rejection {
    Rejection::new(
        RejectionKind::ComponentTooLarge,
        format!("The component asks for more than one sandbox gives: {error:#}"),
    )
}

/// The parameters and results of a function.
trait Signature {
    type Params: ComponentNamedList + Lower;
    type Results: ComponentNamedList + Lift;
}

impl<P: ComponentNamedList + Lower, R: ComponentNamedList + Lift> Signature for (P, R) {
    type Params = P;
    type Results = R;
}

/// Finds a function of the tools interface and checks its type.
fn export<S: Signature>(
    pre: &InstancePre<State>,
    name: &str,
) -> Result<ComponentExportIndex, Rejection> {
    let component = pre.component();
    let interface = component.get_export_index(None, TOOLS);
    let found = interface.and_then(|interface| component.get_export(Some(&interface), name));
    let Some((ComponentItem::ComponentFunc(function), index)) = found else {
        return Err(wrong_type(wasmtime::Error::msg(format!(
            "`{TOOLS}` has no function `{name}`"
        ))));
    };
    function
        .typecheck::<S::Params, S::Results>(&pre.instance_type())
        .map_err(|error| wrong_type(error.context(format!("`{name}` of `{TOOLS}`"))))?;
    Ok(index)
}

fn wrong_type(error: wasmtime::Error) -> Rejection {
    Rejection::new(
        RejectionKind::WrongWorld,
        format!(
            "The component has an import or export of the right name and the wrong type: \
             {error:#}. Build it against the published `casemate:tool` package."
        ),
    )
}
