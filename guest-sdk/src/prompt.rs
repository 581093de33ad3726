//! Prompts: messages that a person picks from a menu. [`#[prompt]`](macro@crate::prompt) makes one.
//!
//! ```
//! use casemate_guest_sdk::prelude::*;
//!
//! /// Asks for a review of some code.
//! #[prompt(title = "Review")]
//! fn review(
//!     /// The code.
//!     code: String,
//!     /// What to look at.
//!     #[arg(complete = ["style", "speed", "safety"])]
//!     focus: Option<String>,
//! ) -> String {
//!     match focus {
//!         Some(focus) => format!("Please review this code for {focus}:\n\n{code}"),
//!         None => format!("Please review this code:\n\n{code}"),
//!     }
//! }
//!
//! casemate_guest_sdk::export!(prompt review);
//!
//! let outcome = testing::get::<review>(&[("code", "fn main() {}")], &Cx::test()).unwrap();
//! assert_eq!(outcome.text(), "Please review this code:\n\nfn main() {}");
//! ```
//!
//! A function may return a text (one message of the user), a [`Message`], any content (the same),
//! `Vec<Message>`, [`Messages`], [`Reply`] of these if it has to ask first, and `Result` of all that
//! with [`ToolError`].

use crate::{
    Cx, ToolError,
    ask::{Ask, Reply},
    completion::Completes,
    content::{Audience, Audio, Content, Image, Resource, ResourceLink},
    export::PromptEntry,
    texts::Texts,
};

/// A prompt: the type with the name of a function that carries
/// [`#[prompt]`](macro@crate::prompt).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a prompt",
    label = "not a prompt",
    note = "a prompt is a function with `#[prompt]` on it"
)]
pub trait Prompt: Completes {
    /// As clients call it.
    const NAME: &'static str;

    /// What it says about itself.
    fn describe() -> Descriptor;

    /// Fills it in.
    #[doc(hidden)]
    fn get(arguments: Texts, cx: &Cx) -> GetResult;

    /// All of it, for `export!`.
    #[doc(hidden)]
    const ENTRY: PromptEntry = PromptEntry {
        name: Self::NAME,
        describe: Self::describe,
        get: Self::get,
        complete: Self::complete,
    };
}

/// How a prompt ends.
pub type GetResult = Result<PromptOutcome, ToolError>;

/// What a prompt says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// As clients call it.
    pub name: &'static str,
    /// A name for people.
    pub title: Option<&'static str>,
    /// For people.
    pub description: &'static str,
    /// What to fill in.
    pub arguments: Vec<Argument>,
}

/// An argument of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// As clients call it.
    pub name: &'static str,
    /// A name for people.
    pub title: Option<&'static str>,
    /// What it is.
    pub description: Option<&'static str>,
    /// Whether it must be filled in.
    pub required: bool,
}

/// One message of a prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Who says it.
    pub role: Audience,
    /// What is said.
    pub content: Content,
}

impl Message {
    /// The user says it.
    pub fn user(content: impl Into<Content>) -> Self {
        Self {
            role: Audience::User,
            content: content.into(),
        }
    }

    /// The model says it.
    pub fn assistant(content: impl Into<Content>) -> Self {
        Self {
            role: Audience::Assistant,
            content: content.into(),
        }
    }
}

/// The messages of a prompt, built one by one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Messages {
    pub(crate) description: Option<String>,
    pub(crate) messages: Vec<Message>,
}

impl Messages {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Describes this filling, if it differs from what the prompt says about itself.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Adds what the user says.
    pub fn user(mut self, content: impl Into<Content>) -> Self {
        self.messages.push(Message::user(content));
        self
    }

    /// Adds what the model says.
    pub fn assistant(mut self, content: impl Into<Content>) -> Self {
        self.messages.push(Message::assistant(content));
        self
    }
}

/// How a prompt answers.
#[derive(Debug, Clone, PartialEq)]
pub enum PromptOutcome {
    /// With messages.
    Complete(Messages),
    /// With a question.
    Ask(Ask),
}

impl PromptOutcome {
    /// The messages, if it is any.
    pub fn messages(&self) -> &[Message] {
        match self {
            Self::Complete(messages) => &messages.messages,
            Self::Ask(_) => &[],
        }
    }

    /// All text, messages on lines of their own.
    pub fn text(&self) -> String {
        let contents = self.messages().iter().map(|message| &message.content);
        let texts: Vec<&str> = contents.filter_map(Content::as_text).collect();
        texts.join("\n")
    }

    /// The question, if it is one.
    pub fn ask(&self) -> Option<&Ask> {
        match self {
            Self::Complete(_) => None,
            Self::Ask(ask) => Some(ask),
        }
    }
}

/// What a prompt may return; the [module](self) lists it.
#[diagnostic::on_unimplemented(
    message = "a prompt cannot return `{Self}`",
    note = "return text, content, a `Message`, `Vec<Message>`, or `Messages`; or a `Result` of these with `ToolError`"
)]
pub trait PromptOutput {
    /// What the client gets.
    fn into_outcome(self) -> GetResult;
}

impl PromptOutput for Messages {
    fn into_outcome(self) -> GetResult {
        Ok(PromptOutcome::Complete(self))
    }
}

impl PromptOutput for Vec<Message> {
    fn into_outcome(self) -> GetResult {
        let messages = Messages {
            description: None,
            messages: self,
        };
        messages.into_outcome()
    }
}

impl PromptOutput for Message {
    fn into_outcome(self) -> GetResult {
        vec![self].into_outcome()
    }
}

macro_rules! one_message {
    ($($kind:ty),+ $(,)?) => {$(
        impl PromptOutput for $kind {
            fn into_outcome(self) -> GetResult {
                Message::user(self).into_outcome()
            }
        }
    )+};
}

one_message!(
    String,
    &'static str,
    Content,
    Image,
    Audio,
    Resource,
    ResourceLink
);

impl<T: PromptOutput> PromptOutput for Result<T, ToolError> {
    fn into_outcome(self) -> GetResult {
        self?.into_outcome()
    }
}

impl<T: PromptOutput> PromptOutput for Reply<T> {
    fn into_outcome(self) -> GetResult {
        match self {
            Self::Done(output) => output.into_outcome(),
            Self::Ask(ask) => Ok(PromptOutcome::Ask(ask)),
        }
    }
}
