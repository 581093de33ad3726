//! The harness of the specification: everything that tests share, so that a test is about fifteen
//! lines of arrange, act and assert.
//!
//! It starts the real `casemate` binary with its own data on free ports, speaks to it through the
//! real command line and over HTTP, and ends it when the test ends. It knows the product only from
//! outside: it depends on none of the product's crates.
//!
//! A step of the harness that fails is a failed test, so the functions here panic with what they
//! saw instead of returning errors that every test would have to unwrap.

mod artifacts;
mod cargo;
mod cli;
mod fixture;
mod gateway;
pub mod http;
pub mod mcp;
mod prompt;
mod shared;

pub use artifacts::{casemate, guest, root, sample};
pub use cargo::{becomes_component, metadata};
pub use cli::Output;
pub use fixture::{Fixture, Recorded, Reply};
pub use gateway::{ADMIN_TOKEN, Builder, Gateway, Server};
pub use prompt::{SOON, least_delay};
pub use shared::Shared;
