//! Runs tools on the developer's machine, without a server.
//!
//! Call the function itself with [`Cx::test`], or let [`call`] take the way of a client: JSON
//! arguments in, content out, with the same defaults, checks and errors as in the component. What
//! it does not do is check arguments against the schema; that is the host's work.

mod cx;

pub use cx::{Log, Mocked, Progress, TestCx};

use crate::{
    Cx,
    arguments::Arguments,
    tool::{CallResult, Tool},
};
use serde_json::Value;
use std::future::Future;

/// Calls a tool as the component does: `call::<weather>(json!({"city": "Oslo"}), &cx)`.
pub fn call<T: Tool>(arguments: Value, cx: &Cx) -> CallResult {
    T::call(Arguments::new(arguments)?, cx)
}

/// Runs an `async` tool to its end.
///
/// # Panics
///
/// If the future waits for something that is not a host call; a component could not wait for it
/// either.
pub fn block_on<F: Future>(future: F) -> F::Output {
    match crate::future::run(future) {
        Ok(output) => output,
        Err(error) => panic!("{}", error.detail().unwrap_or_default()),
    }
}
