//! The contract in `wit/` as Rust types, generated.
//!
//! Host functions return `wasmtime::Result`, so that a call that has used up its host calls can be
//! ended from inside any of them. Only `http.send` waits; everything else answers at once.

mod generated {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "full",
        imports: {
            "casemate:tool/http.send": async | trappable,
            default: trappable,
        },
        exports: { default: async },
    });
}

pub(crate) use generated::Full;
pub(crate) use generated::casemate::tool as host;
pub(crate) use generated::exports::casemate::tool::{completion, prompts, resources, tools};
