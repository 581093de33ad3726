//! Resources: what clients read by URI. [`#[resource]`](macro@crate::resource) makes one.
//!
//! ```
//! use casemate_guest_sdk::prelude::*;
//!
//! /// What the letters stand for.
//! #[resource("glossary://{term}", title = "Glossary")]
//! fn definition(
//!     /// The term.
//!     #[arg(complete = ["MCP", "WIT"])]
//!     term: String,
//! ) -> Result<&'static str, ToolError> {
//!     match term.as_str() {
//!         "MCP" => Ok("Model Context Protocol"),
//!         "WIT" => Ok("WebAssembly Interface Types"),
//!         _ => Err(ToolError::not_found("There is no such term.")),
//!     }
//! }
//!
//! casemate_guest_sdk::export!(resource definition);
//!
//! let outcome = testing::read::<definition>("glossary://WIT", &Cx::test()).unwrap();
//! assert_eq!(outcome.text(), "WebAssembly Interface Types");
//! ```
//!
//! | a function returns | the client gets |
//! |---|---|
//! | `String`, `&'static str` | text; `text/plain` if nothing else is said |
//! | `Vec<u8>`, [`Blob`], [`Image`], [`Audio`] | bytes |
//! | any other type with `Serialize` | JSON, as `application/json` if nothing else is said |
//! | [`Resource`], `Vec<Resource>` | what is in it: other URIs, several pieces |
//! | [`Reply<T>`](crate::ask::Reply) | the above, or a question |
//! | `Result<T, ToolError>` of any of these | the same, or the failure |
//!
//! What is not there is [`ToolError::not_found`], and so is `None`, and anything else that
//! serializes as `null`.

mod template;

pub use template::{Piece, Uri};

use crate::{
    Cx, ToolError,
    ask::{Ask, Reply},
    completion::Completes,
    content::{Audio, Blob, Image, Resource, ResourceBody},
    export::ResourceEntry,
    output::kind,
    texts::Texts,
};
use serde::Serialize;
use std::any::{Any, TypeId};

/// A resource, or a family of them: the type with the name of a function that carries
/// [`#[resource]`](macro@crate::resource).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a resource",
    label = "not a resource",
    note = "a resource is a function with `#[resource]` on it"
)]
pub trait Readable: Completes {
    /// Where it is.
    const URI: Uri;

    /// What it says about itself.
    fn describe() -> Descriptor;

    /// Reads it.
    #[doc(hidden)]
    fn read(uri: &str, variables: Texts, cx: &Cx) -> ReadResult;

    /// All of it, for `export!`.
    #[doc(hidden)]
    const ENTRY: ResourceEntry = ResourceEntry {
        uri: Self::URI,
        describe: Self::describe,
        read: Self::read,
        complete: Self::complete,
    };
}

/// How reading ends.
pub type ReadResult = Result<ReadOutcome, ToolError>;

/// What a resource says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// What programs call it.
    pub name: &'static str,
    /// A name for people.
    pub title: Option<&'static str>,
    /// What it is.
    pub description: &'static str,
    /// Such as `text/plain`.
    pub mime_type: Option<&'static str>,
}

/// How a resource answers.
#[derive(Debug, Clone, PartialEq)]
pub enum ReadOutcome {
    /// With what is in it.
    Contents(Vec<Resource>),
    /// With a question.
    Ask(Ask),
}

impl ReadOutcome {
    /// What is in it, if it is no question.
    pub fn contents(&self) -> &[Resource] {
        match self {
            Self::Contents(contents) => contents,
            Self::Ask(_) => &[],
        }
    }

    /// All text, pieces on lines of their own.
    pub fn text(&self) -> String {
        let bodies = self.contents().iter().map(|piece| &piece.body);
        let texts: Vec<&str> = bodies
            .filter_map(|body| match body {
                ResourceBody::Text(text) => Some(text.as_str()),
                ResourceBody::Blob(_) => None,
            })
            .collect();
        texts.join("\n")
    }

    /// The bytes of the first piece that has any.
    pub fn bytes(&self) -> Option<&[u8]> {
        let mut bodies = self.contents().iter().map(|piece| &piece.body);
        bodies.find_map(|body| match body {
            ResourceBody::Text(_) => None,
            ResourceBody::Blob(bytes) => Some(bytes.as_slice()),
        })
    }
}

/// What is being read.
#[derive(Debug, Clone, Copy)]
pub struct Place<'read> {
    /// Where it is.
    pub uri: &'read str,
    /// The type that the author named.
    pub mime_type: Option<&'static str>,
}

impl Place<'_> {
    fn holds(self, body: ResourceBody, standard: Option<&str>) -> ReadResult {
        let mime_type = self.mime_type.or(standard).map(str::to_owned);
        Ok(ReadOutcome::Contents(vec![Resource {
            uri: self.uri.to_owned(),
            mime_type,
            body,
        }]))
    }
}

/// What a resource may return; the [module](self) lists it.
///
/// `Kind` tells the kinds apart for the compiler, which finds it by itself.
#[diagnostic::on_unimplemented(
    message = "a resource cannot return `{Self}`",
    note = "return text, bytes, or a type that derives `Serialize`; or a `Result` of these with `ToolError`"
)]
pub trait ResourceOutput<Kind> {
    /// The type of what is returned, if the author names none.
    fn mime_type() -> Option<&'static str>;

    /// What the client gets.
    fn into_outcome(self, place: Place<'_>) -> ReadResult;
}

/// Types that serialize: JSON, but for text and bytes.
impl<T: Serialize + 'static> ResourceOutput<kind::Value> for T {
    fn mime_type() -> Option<&'static str> {
        if is_one_of::<T, String>() || is_one_of::<T, &'static str>() {
            Some("text/plain")
        } else if is_one_of::<T, Vec<u8>>() {
            None
        } else {
            Some("application/json")
        }
    }

    fn into_outcome(self, place: Place<'_>) -> ReadResult {
        let standard = <T as ResourceOutput<kind::Value>>::mime_type();
        let value: &dyn Any = &self;
        let body = if let Some(text) = inner::<String>(value) {
            ResourceBody::Text(text.clone())
        } else if let Some(text) = inner::<&'static str>(value) {
            ResourceBody::Text((*text).to_owned())
        } else if let Some(bytes) = inner::<Vec<u8>>(value) {
            ResourceBody::Blob(bytes.clone())
        } else {
            let json = serde_json::to_string(&self)?;
            if json == "null" {
                return Err(ToolError::not_found("There is nothing at this URI."));
            }
            ResourceBody::Text(json)
        };
        place.holds(body, standard)
    }
}

fn is_one_of<T: 'static, Wanted: 'static>() -> bool {
    [TypeId::of::<Wanted>(), TypeId::of::<Option<Wanted>>()].contains(&TypeId::of::<T>())
}

/// The value of a type, or of an option of it.
fn inner<Wanted: 'static>(value: &dyn Any) -> Option<&Wanted> {
    match value.downcast_ref::<Option<Wanted>>() {
        Some(option) => option.as_ref(),
        None => value.downcast_ref(),
    }
}

impl<T: ResourceOutput<K>, K> ResourceOutput<kind::Fallible<K>> for Result<T, ToolError> {
    fn mime_type() -> Option<&'static str> {
        T::mime_type()
    }

    fn into_outcome(self, place: Place<'_>) -> ReadResult {
        self?.into_outcome(place)
    }
}

impl<T: ResourceOutput<K>, K> ResourceOutput<kind::Asking<K>> for Reply<T> {
    fn mime_type() -> Option<&'static str> {
        T::mime_type()
    }

    fn into_outcome(self, place: Place<'_>) -> ReadResult {
        match self {
            Self::Done(output) => output.into_outcome(place),
            Self::Ask(ask) => Ok(ReadOutcome::Ask(ask)),
        }
    }
}

impl ResourceOutput<kind::Content> for Vec<Resource> {
    fn mime_type() -> Option<&'static str> {
        None
    }

    fn into_outcome(self, _: Place<'_>) -> ReadResult {
        Ok(ReadOutcome::Contents(self))
    }
}

impl ResourceOutput<kind::Content> for Resource {
    fn mime_type() -> Option<&'static str> {
        None
    }

    fn into_outcome(self, place: Place<'_>) -> ReadResult {
        vec![self].into_outcome(place)
    }
}

macro_rules! media {
    ($($kind:ty),+ $(,)?) => {$(
        impl ResourceOutput<kind::Content> for $kind {
            fn mime_type() -> Option<&'static str> {
                None
            }

            fn into_outcome(self, place: Place<'_>) -> ReadResult {
                place.holds(ResourceBody::Blob(self.data), Some(&self.mime_type))
            }
        }
    )+};
}

media!(Blob, Image, Audio);
