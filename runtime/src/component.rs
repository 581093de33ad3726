//! From uploaded bytes to something that can be called.
//!
//! First static checks that cost milliseconds, then the compiler. Compiling is not bounded by
//! anything here but the shape of the code; a host that compiles for strangers does it in a
//! process with limits of its own and loads what that made.

mod exports;
mod guard;
mod inspect;
mod shape;

pub(crate) use exports::Answered;
pub use inspect::{ComponentKind, Inspection, inspect};

use crate::{
    convert::CallContext,
    rejection::{Rejection, RejectionKind},
    state::State,
};
use casemate_domain::{Digest, Request};
use exports::Exports;
use std::{fmt, sync::Arc};
use wasmtime::{
    Engine, Store,
    component::{InstancePre, Linker},
};

/// A compiled component, linked to the host. Cheap to clone.
#[derive(Clone)]
pub struct Component {
    inner: Arc<Inner>,
}

struct Inner {
    pre: InstancePre<State>,
    exports: Exports,
    digest: Digest,
    memory: u64,
}

impl Component {
    /// The digest of the uploaded bytes.
    pub fn digest(&self) -> Digest {
        self.inner.digest
    }

    /// About how much memory it takes while it is loaded, in bytes, calls aside. Code that is mapped
    /// from an artifact hardly counts: the system can drop it and read it again.
    pub fn memory_bytes(&self) -> u64 {
        self.inner.memory
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.inner.pre.engine()
    }

    pub(crate) fn exports(&self) -> &Exports {
        &self.inner.exports
    }

    /// Makes a fresh instance in the store and asks something of it.
    pub(crate) async fn run(
        &self,
        store: &mut Store<State>,
        request: &Request,
        context: &CallContext<'_>,
    ) -> wasmtime::Result<Answered> {
        self.inner.exports.ask(self, store, request, context).await
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
    let image = component.image_range();
    let memory = (image.end as usize).saturating_sub(image.start as usize) as u64;
    link(linker, &component, inspection.digest, memory)
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
    memory: u64,
) -> Result<Component, Rejection> {
    let pre = linker.instantiate_pre(component).map_err(wrong_type)?;
    let exports = Exports::find(&pre)?;
    Ok(Component {
        inner: Arc::new(Inner {
            pre,
            exports,
            digest,
            memory,
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

fn wrong_type(error: wasmtime::Error) -> Rejection {
    Rejection::new(
        RejectionKind::WrongWorld,
        format!(
            "The component has an import or export of the right name and the wrong type: \
             {error:#}. Build it against the published `casemate:tool` package."
        ),
    )
}
