//! Suggestions while a person types an argument of a prompt or a variable of a URI template.
//!
//! `#[arg(complete = …)]` on a parameter says where they come from:
//!
//! | | |
//! |---|---|
//! | `complete = ["draft", "final"]` | these |
//! | `complete = cities` | what `cities(typed)` gives, `typed` being what is there so far |
//! | `complete = cities(country)` | what `cities(typed, country)` gives, the latter being an `Option<&str>`: the argument `country`, if it is filled in already |
//! | `complete = cities(cx)` | what `cities(typed, cx)` gives, `cx` being the context |
//!
//! Enums and `bool` need none of it. A function gives everything, in the order in which people
//! should see it, and need not look at what is typed: of anything that can be iterated, the SDK
//! keeps what begins with it (`A` and `a` being the same), each once, and at most 100. A function
//! that matches in another way returns [`Suggestions`], which are left as they are.

use crate::{Cx, ToolError, output::kind, texts::Texts};

/// As many as the protocol allows.
const MOST: usize = 100;

/// What could be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suggestions {
    pub(crate) values: Vec<String>,
    pub(crate) total: Option<u32>,
    pub(crate) has_more: bool,
}

impl Suggestions {
    /// Exactly these, best first; of more than 100 the first 100.
    pub fn new(values: impl IntoIterator<Item: Into<String>>) -> Self {
        let mut values: Vec<String> = values.into_iter().map(Into::into).collect();
        let total = u32::try_from(values.len()).ok();
        let has_more = values.len() > MOST;
        values.truncate(MOST);
        Self {
            values,
            total,
            has_more,
        }
    }

    /// Says that these are not all.
    pub fn and_more(mut self) -> Self {
        self.total = None;
        self.has_more = true;
        self
    }

    /// What they are.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// Whether there are more than these.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    fn beginning_with(typed: &str, values: impl IntoIterator<Item: Into<String>>) -> Self {
        let typed = typed.to_lowercase();
        let mut kept: Vec<String> = Vec::new();
        for value in values {
            let value = value.into();
            if value.to_lowercase().starts_with(&typed) && !kept.contains(&value) {
                kept.push(value);
            }
        }
        Self::new(kept)
    }
}

/// What a function for completion may return: [`Suggestions`], or anything that gives texts; or a
/// `Result` of these with [`ToolError`].
///
/// `Kind` tells the kinds apart for the compiler, which finds it by itself.
#[diagnostic::on_unimplemented(
    message = "a completion cannot be `{Self}`",
    note = "return `Suggestions`, or anything that iterates over texts, such as `Vec<String>`"
)]
pub trait Completion<Kind> {
    /// What fits to what is typed.
    fn suggest(self, typed: &str) -> Result<Suggestions, ToolError>;
}

impl Completion<kind::Content> for Suggestions {
    fn suggest(self, _: &str) -> Result<Suggestions, ToolError> {
        Ok(self)
    }
}

impl<I: IntoIterator<Item: Into<String>>> Completion<kind::Value> for I {
    fn suggest(self, typed: &str) -> Result<Suggestions, ToolError> {
        Ok(Suggestions::beginning_with(typed, self))
    }
}

impl<C: Completion<K>, K> Completion<kind::Fallible<K>> for Result<C, ToolError> {
    fn suggest(self, typed: &str) -> Result<Suggestions, ToolError> {
        self?.suggest(typed)
    }
}

/// Something with arguments that are completed: a prompt, or a resource with a template.
pub trait Completes {
    /// The suggestions for an argument; an argument without any has none.
    #[doc(hidden)]
    fn complete(
        argument: &str,
        typed: &str,
        filled: &Texts,
        cx: &Cx,
    ) -> Result<Suggestions, ToolError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggested(values: impl IntoIterator<Item = String>, typed: &str) -> Suggestions {
        let values: Vec<String> = values.into_iter().collect();
        values.suggest(typed).unwrap()
    }

    #[test]
    fn what_begins_with_what_is_typed_is_kept_in_its_order_and_once() {
        let values = ["Paris", "Oslo", "paris", "Parma", "Paris"];
        let kept = suggested(values.map(str::to_owned), "pAr");
        assert_eq!(kept.values(), ["Paris", "paris", "Parma"]);
        assert_eq!((kept.total, kept.has_more), (Some(3), false));
    }

    #[test]
    fn more_than_a_hundred_are_counted_and_cut() {
        let kept = suggested((0..250).map(|n| format!("n{n}")), "N");
        assert_eq!(kept.values().len(), 100);
        assert_eq!((kept.total, kept.has_more), (Some(250), true));
    }

    #[test]
    fn suggestions_are_left_as_they_are() {
        let suggestions = Suggestions::new(["Göteborg", "Oslo"]).and_more();
        assert_eq!(suggestions.clone().suggest("x").unwrap(), suggestions);
    }
}
