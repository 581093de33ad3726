//! A compiler without a sandbox, for a process that does nothing else.
//!
//! Its engine reserves no address space for calls, so it works under a limit on that, and makes
//! code that the engine of a [`Runtime`](crate::Runtime) loads.

use crate::{component, engine, rejection::Rejection, runtime::Error};
use std::fmt;
use wasmtime::Engine;

/// Compiles components and runs none.
pub struct Compiler {
    engine: Engine,
}

impl Compiler {
    /// Sets up the engine.
    pub fn new() -> Result<Self, Error> {
        let engine =
            engine::for_compiling().map_err(|error| Error::Engine(error.into_boxed_dyn_error()))?;
        Ok(Self { engine })
    }

    /// Checks and compiles a component, and gives the code to keep in
    /// [`Artifacts`](crate::Artifacts). Whether its functions have the right types is found out
    /// when it is loaded.
    pub fn precompile(&self, wasm: &[u8]) -> Result<Vec<u8>, Rejection> {
        component::precompile(&self.engine, wasm)
    }
}

impl fmt::Debug for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiler").finish_non_exhaustive()
    }
}
