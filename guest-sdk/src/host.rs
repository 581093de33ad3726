//! The other side of the contract: the real host in a component, a fake one in tests.
//!
//! It is chosen when compiling and not behind a trait, so that a component imports only the
//! interfaces that its tools use.

#[cfg(target_family = "wasm")]
mod component;
#[cfg(not(target_family = "wasm"))]
mod fake;

#[cfg(target_family = "wasm")]
pub(crate) use component::Component as Host;
#[cfg(not(target_family = "wasm"))]
pub(crate) use fake::Fake as Host;
