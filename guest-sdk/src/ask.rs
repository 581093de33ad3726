//! Asking the person or the model at the far end, and going on with the answer.
//!
//! A tool that needs to know more returns [`Reply::Ask`]. Its instance ends there; when the client
//! has answered, the tool is called again from the start, with the same arguments, the answers
//! ([`Cx::answer`](crate::Cx::answer)) and the state that it left.
//!
//! ```
//! use casemate_guest_sdk::prelude::*;
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct Confirmation {
//!     /// Really delete it?
//!     sure: bool,
//! }
//!
//! /// Deletes a note.
//! #[tool(destructive, client_capabilities = ["elicitation"])]
//! fn delete_note(id: u32, cx: &Cx) -> Result<Reply<String>, ToolError> {
//!     let Some(answer) = cx.answer("confirm") else {
//!         return Ok(Ask::new().form::<Confirmation>("confirm", "This cannot be undone.").into());
//!     };
//!     match answer.form::<Confirmation>()? {
//!         Some(Confirmation { sure: true }) => Ok(Reply::Done(format!("deleted note {id}"))),
//!         _ => Ok(Reply::Done("nothing was deleted".into())),
//!     }
//! }
//! ```

use crate::{
    ToolError,
    output::{Outcome, Output, kind},
    schema,
    tool::CallResult,
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A result, or a question.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply<T> {
    /// The result.
    Done(T),
    /// Questions; with the answers the tool is called again.
    Ask(Ask),
}

impl<T> From<Ask> for Reply<T> {
    fn from(ask: Ask) -> Self {
        Self::Ask(ask)
    }
}

impl<T: Output<K>, K> Output<kind::Asking<K>> for Reply<T> {
    fn schema() -> Option<Value> {
        T::schema()
    }

    fn into_outcome(self) -> CallResult {
        match self {
            Self::Done(result) => result.into_outcome(),
            Self::Ask(ask) => Ok(Outcome::Ask(ask)),
        }
    }
}

/// Questions to the client, and what to remember until they are answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ask {
    pub(crate) questions: Vec<Question>,
    pub(crate) state: Option<Vec<u8>>,
}

/// One question, with a name for the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Unique in its round.
    pub key: String,
    /// What is asked.
    pub body: QuestionBody,
}

/// What can be asked.
#[derive(Debug, Clone, PartialEq)]
pub enum QuestionBody {
    /// A form for the person.
    Form {
        /// What to say above it.
        message: String,
        /// Its schema: an object with flat properties.
        schema: Value,
    },
    /// A page for the person.
    Page {
        /// What to say about it.
        message: String,
        /// Where it is.
        url: String,
        /// By which the page and the call find each other.
        id: String,
    },
    /// A question to the client's model: the parameters of `sampling/createMessage`.
    Sample(Value),
    /// Which roots the client works on.
    Roots,
}

impl Ask {
    /// No question yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the person to fill in a form with the fields of `T`: texts, numbers, `bool`s, enums without
    /// values and lists of such enums, each of them perhaps in an `Option`. Forms do not nest.
    pub fn form<T: JsonSchema>(self, key: impl Into<String>, message: impl Into<String>) -> Self {
        let (message, schema) = (message.into(), schema::form::<T>());
        self.question(key, QuestionBody::Form { message, schema })
    }

    /// The same with a schema of your own, for what no type says: defaults, titled choices.
    pub fn form_with(
        self,
        key: impl Into<String>,
        message: impl Into<String>,
        schema: Value,
    ) -> Self {
        let message = message.into();
        self.question(key, QuestionBody::Form { message, schema })
    }

    /// Sends the person to a page.
    pub fn page(
        self,
        key: impl Into<String>,
        message: impl Into<String>,
        url: impl Into<String>,
        id: impl Into<String>,
    ) -> Self {
        let (message, url, id) = (message.into(), url.into(), id.into());
        self.question(key, QuestionBody::Page { message, url, id })
    }

    /// Asks the client's model; `params` are those of `sampling/createMessage`.
    pub fn sample(self, key: impl Into<String>, params: Value) -> Self {
        self.question(key, QuestionBody::Sample(params))
    }

    /// Asks which roots the client works on.
    pub fn roots(self, key: impl Into<String>) -> Self {
        self.question(key, QuestionBody::Roots)
    }

    /// Remembers something until the next round, at most 64 KiB. Clients cannot read or change it.
    pub fn state(mut self, state: impl Into<Vec<u8>>) -> Self {
        self.state = Some(state.into());
        self
    }

    /// The questions.
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    fn question(mut self, key: impl Into<String>, body: QuestionBody) -> Self {
        self.questions.push(Question {
            key: key.into(),
            body,
        });
        self
    }
}

/// The client's answer to a question: its result object, as the protocol defines it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer<'cx>(pub(crate) &'cx Value);

impl Answer<'_> {
    /// The whole result object.
    pub fn value(&self) -> &Value {
        self.0
    }

    /// The fields of a form, or `None` if the person declined or went away.
    pub fn form<T: DeserializeOwned>(&self) -> Result<Option<T>, ToolError> {
        if self.0["action"] != "accept" {
            return Ok(None);
        }
        T::deserialize(&self.0["content"])
            .map(Some)
            .map_err(|error| {
                ToolError::user(format!("The form was not filled in as asked: {error}."))
                    .code("invalid-answer")
            })
    }

    /// Whether the person agreed, to a form or to a page.
    pub fn is_accepted(&self) -> bool {
        self.0["action"] == "accept"
    }
}
