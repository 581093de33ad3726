//! Runs one tool call inside wasmtime, within grants and limits. Data in, [`Outcome`] out.
//!
//! A [`Runtime`] compiles uploaded bytes into a [`Component`], asks it what it provides, and runs
//! calls. Each call gets a fresh sandbox that is destroyed when the call ends; nothing in it
//! survives. A component reaches nothing but what the grant of its version names, and a tool that
//! traps or passes a limit is an ordinary outcome with a [reason](casemate_domain::StopReason),
//! never an error of the host.
//!
//! ```
//! use casemate_domain::{Call, Limits, Outcome};
//! use casemate_runtime::{Config, Environment, Rejection, Runtime, Unobserved};
//! use std::sync::Arc;
//!
//! async fn run(runtime: &Runtime, wasm: &[u8], call: &Call) -> Result<Outcome, Rejection> {
//!     let component = runtime.compile(wasm)?;
//!     let provided = runtime.describe(&component).await?;
//!     assert!(!provided.tools.is_empty());
//!     let nothing = Environment::default();
//!     let limits = Limits::default();
//!     Ok(runtime.call(&component, call, nothing, &limits, Arc::new(Unobserved)).await)
//! }
//!
//! let runtime = Runtime::new(&Config::default()).unwrap();
//! assert!(runtime.compile(b"not a component").is_err());
//! ```
//!
//! What a guest sees: the interfaces of `casemate:tool`, and of WASI 0.2 only what standard
//! libraries need to start. Its environment, arguments, standard input and file system are empty;
//! what it prints becomes lines of its log; its clocks are real but no finer than a millisecond;
//! its random bytes are good, 64 KiB at a time. There are no sockets.
//!
//! What was compiled once can be kept: [`Compiler`] makes code in a process of its own, [`Artifacts`]
//! keeps it authenticated, and [`Runtime::load`] takes only what was verified.
//!
//! What this crate does not do: queue calls, check arguments against schemas, remember anything
//! else, or bound the time that compiling takes.
//!
//! [`Outcome`]: casemate_domain::Outcome

#![deny(missing_docs)]

mod artifact;
mod aside;
mod bindings;
mod call;
mod clock;
mod compiler;
mod component;
mod control;
mod convert;
mod describe;
mod egress;
mod engine;
mod host;
mod json;
mod limiter;
mod linker;
mod log;
mod redact;
mod rejection;
mod runtime;
mod sandbox;
mod secrets;
mod state;
mod stdio;
mod stop;
mod ticker;
mod turns;

pub use artifact::{ArtifactError, Artifacts, Refusal, VerifiedArtifact};
pub use compiler::Compiler;
pub use component::{Component, ComponentKind, Inspection, inspect};
pub use control::Control;
pub use describe::schema_fits;
pub use rejection::{Rejection, RejectionKind};
pub use runtime::{
    Config, EVENT_INTERVAL, EgressPolicy, Environment, Error, Observer, Runtime, Unobserved,
};
pub use turns::{Meter, Tenant};
