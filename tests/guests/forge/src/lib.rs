//! Makes the bytes of components that no compiler would make.
//!
//! - [`Guest`]: a core module in WebAssembly text that follows the canonical ABI by hand, or breaks
//!   it, wrapped into a component of the contract.
//! - [`Definition`]: what a guest says about its tool, well or badly.
//! - [`Offers`]: what a guest says about its resources and prompts.
//! - [`Part`]: a component within the component, for faults at the seam between two of them.
//! - [`bombs`]: code that is small, valid, and expensive to compile.
//! - [`damage`]: valid bytes, cut, flipped, wrapped.
//! - [`smith`]: components from a seed.
//!
//! It knows the contract (`wit/`) and nothing else of the product. It is for tests, so what cannot
//! be built is a panic.

#![expect(
    clippy::unwrap_used,
    reason = "a guest that cannot be made is a mistake in a test"
)]

pub mod bombs;
pub mod damage;
mod definition;
mod encode;
mod guest;
mod offers;
mod part;
pub mod smith;

pub use definition::Definition;
pub use encode::{component, component_of, wat};
pub use guest::{
    ANSWER_TEXT, Guest, STRUCTURED, answer_structured, answer_text, endless, guest, holding, quick,
};
pub use offers::Offers;
pub use part::Part;
