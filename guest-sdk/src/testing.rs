//! Runs tools on the developer's machine, without a server.
//!
//! Call the function itself with [`Cx::test`], or let [`call`] take the way of a client: JSON
//! arguments in, content out, with the same defaults, checks and errors as in the component. What
//! it does not do is check arguments against the schema; that is the host's work.

mod cx;

pub use cx::{Log, Mocked, Progress, TestCx};

use crate::{
    Cx, ToolError,
    arguments::Arguments,
    completion::{Completes, Suggestions},
    prompt::{GetResult, Prompt},
    resource::{ReadResult, Readable},
    texts::Texts,
    tool::{CallResult, Tool},
};
use serde_json::Value;
use std::future::Future;

/// Calls a tool as the component does: `call::<weather>(json!({"city": "Oslo"}), &cx)`.
pub fn call<T: Tool>(arguments: Value, cx: &Cx) -> CallResult {
    T::call(Arguments::new(arguments)?, cx)
}

/// Fills in a prompt as the component does: `get::<review>(&[("code", "…")], &cx)`.
pub fn get<P: Prompt>(arguments: &[(&str, &str)], cx: &Cx) -> GetResult {
    P::get(texts(arguments), cx)
}

/// Reads a resource as the component does: `read::<note>("notes://7", &cx)`. A URI that is not the
/// resource's, or does not fit its template, is not found.
pub fn read<R: Readable>(uri: &str, cx: &Cx) -> ReadResult {
    match R::URI.variables(uri) {
        Some(variables) => R::read(uri, variables, cx),
        None => Err(ToolError::not_found(format!(
            "`{uri}` is not `{}`.",
            R::URI.text
        ))),
    }
}

/// Completes an argument of a prompt, or a variable of a resource, while others are filled in:
/// `complete::<trip>("city", "Os", &[("country", "Norway")], &cx)`.
pub fn complete<C: Completes>(
    argument: &str,
    typed: &str,
    filled: &[(&str, &str)],
    cx: &Cx,
) -> Result<Suggestions, ToolError> {
    C::complete(argument, typed, &texts(filled), cx)
}

fn texts(pairs: &[(&str, &str)]) -> Texts {
    let pairs = pairs.iter().copied();
    Texts(
        pairs
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect(),
    )
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
