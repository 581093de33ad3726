//! Makes tools, prompts and resources a component.
//!
//! `export!` is a macro of its own kind because it has to read words; what it prints are the
//! macros below, one for each interface of the contract.

pub mod completion;
mod convert;
pub mod prompts;
pub mod resources;
#[cfg(test)]
mod tests;
pub mod tools;

use crate::{
    Cx, ToolError,
    arguments::Arguments,
    completion::Suggestions,
    prompt::{self, GetResult},
    resource::{self, ReadResult, Uri},
    texts::Texts,
    tool::{CallResult, Descriptor},
};

type Complete = fn(&str, &str, &Texts, &Cx) -> Result<Suggestions, ToolError>;

/// One tool of a component.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub(crate) name: &'static str,
    pub(crate) describe: fn() -> Descriptor,
    pub(crate) call: fn(Arguments, &Cx) -> CallResult,
}

/// One prompt of a component.
#[derive(Debug, Clone, Copy)]
pub struct PromptEntry {
    pub(crate) name: &'static str,
    pub(crate) describe: fn() -> prompt::Descriptor,
    pub(crate) get: fn(Texts, &Cx) -> GetResult,
    pub(crate) complete: Complete,
}

/// One resource, or family of resources, of a component.
#[derive(Debug, Clone, Copy)]
pub struct ResourceEntry {
    pub(crate) uri: Uri,
    pub(crate) describe: fn() -> resource::Descriptor,
    pub(crate) read: fn(&str, Texts, &Cx) -> ReadResult,
    pub(crate) complete: Complete,
}

/// Whether a name occurs twice.
pub const fn is_repeated(names: &[&str]) -> bool {
    let mut one = 0;
    while one < names.len() {
        let mut other = one + 1;
        while other < names.len() {
            if is_same(names[one], names[other]) {
                return true;
            }
            other += 1;
        }
        one += 1;
    }
    false
}

const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// A panic ends the instance; its words reach the log first.
fn log_panics() {
    #[cfg(target_family = "wasm")]
    std::panic::set_hook(Box::new(|info| {
        let message = info.to_string();
        crate::host::Host.log(crate::log::Level::Error, &message, None);
    }));
}
