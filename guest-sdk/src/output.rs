//! What a tool may return.
//!
//! | a function returns | the client gets |
//! |---|---|
//! | `String`, `&'static str` | text |
//! | `()` | the text "done" |
//! | a type with `Serialize` and `JsonSchema` | structured content, the same JSON as text, an output schema |
//! | [`Image`], [`Audio`], [`ResourceLink`], [`Resource`], [`Content`] | that content |
//! | `Vec<Content>` | all of it |
//! | [`ToolResult`] | what was built |
//! | [`Reply<T>`](crate::ask::Reply) | the above, or a question |
//! | `Result<T, ToolError>` of any of these | the same, or the failure |
//!
//! Structured content must be an object. A type that is none, such as `Vec<Row>` or `u64`, goes
//! out as `{"result": …}`; the text is the bare value. Of a type that is only sometimes an object,
//! the objects go out as they are and the rest as `{"result": …}`.

mod wrap;

use crate::{
    ToolError,
    ask::Ask,
    content::{Audio, Content, Image, Resource, ResourceLink},
    schema,
    tool::CallResult,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::any::{Any, TypeId};

/// What a tool may return; the [module](self) lists it.
///
/// `Kind` tells the kinds apart for the compiler, which finds it by itself.
#[diagnostic::on_unimplemented(
    message = "a tool cannot return `{Self}`",
    note = "return text, content, or a type that derives `Serialize` and `JsonSchema`; or a `Result` of these with `ToolError`"
)]
pub trait Output<Kind> {
    /// The schema of the structured content, if there is any.
    fn schema() -> Option<Value>;

    /// What the client gets.
    fn into_outcome(self) -> CallResult;
}

/// The kinds of [`Output`]. Without them the compiler would have to fear that `Result` and `Vec`
/// serialize too.
pub mod kind {
    use std::marker::PhantomData;

    /// A type that serializes.
    #[derive(Debug)]
    pub struct Value;

    /// Content as it is.
    #[derive(Debug)]
    pub struct Content;

    /// Of another kind, or a failure.
    #[derive(Debug)]
    pub struct Fallible<K>(PhantomData<K>);

    /// Of another kind, or a question.
    #[derive(Debug)]
    pub struct Asking<K>(PhantomData<K>);
}

/// How a tool answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// With a result.
    Complete(ToolResult),
    /// With a question.
    Ask(Ask),
}

impl Outcome {
    /// The result, if it is one.
    pub fn result(&self) -> Option<&ToolResult> {
        match self {
            Self::Complete(result) => Some(result),
            Self::Ask(_) => None,
        }
    }

    /// All text of the result, pieces on lines of their own.
    pub fn text(&self) -> String {
        let pieces = self.result().into_iter().flat_map(|result| &result.content);
        let texts: Vec<&str> = pieces.filter_map(Content::as_text).collect();
        texts.join("\n")
    }

    /// The structured content of the result, if it has any.
    pub fn structured(&self) -> Option<Value> {
        serde_json::from_str(self.result()?.structured.as_ref()?).ok()
    }
}

/// A result, built piece by piece.
///
/// Its structured content should say the same as its text: some clients show the model one, some
/// the other. A tool that returns it has no output schema.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ToolResult {
    pub(crate) content: Vec<Content>,
    pub(crate) structured: Option<String>,
    pub(crate) meta: Option<String>,
}

impl ToolResult {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds text.
    pub fn text(self, text: impl Into<String>) -> Self {
        self.content(text.into())
    }

    /// Adds any content.
    pub fn content(mut self, content: impl Into<Content>) -> Self {
        self.content.push(content.into());
        self
    }

    /// Sets the structured content and adds the same as text.
    pub fn structured(mut self, value: &impl Serialize) -> Result<Self, ToolError> {
        let (text, structured) = wrap::serialized(value)?;
        self.structured = Some(structured);
        Ok(self.text(text))
    }

    /// The pieces so far.
    pub fn contents(&self) -> &[Content] {
        &self.content
    }

    /// Sets protocol metadata, a JSON object.
    pub fn meta(mut self, meta: &Value) -> Self {
        self.meta = Some(meta.to_string());
        self
    }
}

/// Types that serialize: structured content, but for text and nothing.
impl<T: Serialize + JsonSchema + 'static> Output<kind::Value> for T {
    fn schema() -> Option<Value> {
        let plain = [
            TypeId::of::<String>(),
            TypeId::of::<&'static str>(),
            TypeId::of::<()>(),
        ];
        if plain.contains(&TypeId::of::<T>()) {
            return None;
        }
        Some(wrap::schema(schema::output::<T>()))
    }

    fn into_outcome(self) -> CallResult {
        let value: &dyn Any = &self;
        let text = if let Some(text) = value.downcast_ref::<String>() {
            text.clone()
        } else if let Some(text) = value.downcast_ref::<&'static str>() {
            (*text).to_owned()
        } else if value.is::<()>() {
            "done".to_owned()
        } else {
            return complete(ToolResult::new().structured(&self)?);
        };
        complete(ToolResult::new().text(text))
    }
}

impl<T: Output<K>, K> Output<kind::Fallible<K>> for Result<T, ToolError> {
    fn schema() -> Option<Value> {
        T::schema()
    }

    fn into_outcome(self) -> CallResult {
        self?.into_outcome()
    }
}

impl Output<kind::Content> for ToolResult {
    fn schema() -> Option<Value> {
        None
    }

    fn into_outcome(self) -> CallResult {
        complete(self)
    }
}

impl Output<kind::Content> for Vec<Content> {
    fn schema() -> Option<Value> {
        None
    }

    fn into_outcome(self) -> CallResult {
        complete(ToolResult {
            content: self,
            ..ToolResult::default()
        })
    }
}

macro_rules! one_piece {
    ($($kind:ty),+ $(,)?) => {$(
        impl Output<kind::Content> for $kind {
            fn schema() -> Option<Value> {
                None
            }

            fn into_outcome(self) -> CallResult {
                complete(ToolResult::new().content(self))
            }
        }
    )+};
}

one_piece!(Content, Image, Audio, ResourceLink, Resource);

fn complete(result: ToolResult) -> CallResult {
    Ok(Outcome::Complete(result))
}
