//! Collects mistakes, so that an author sees all of them at once.

use syn::Error;

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    /// Adds one.
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Adds one at a token.
    pub(crate) fn at(&mut self, tokens: &dyn quote::ToTokens, message: &str) {
        self.push(Error::new_spanned(tokens.to_token_stream(), message));
    }

    /// Takes the value of a result, or its mistake.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// All of them, if there are any.
    pub(crate) fn into_error(self) -> Option<Error> {
        self.0
    }
}
