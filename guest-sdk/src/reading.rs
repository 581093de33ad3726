//! How a type is read from text, and which words it consists of.
//!
//! Types that implement [`FromStr`] are read by it, others as a JSON string by serde: so an enum
//! that is an argument of a tool is one of a prompt too. The macros choose by calling a method
//! on a reference to a reference: the compiler takes the first that fits.

use crate::{schema, texts::Reader};
use schemars::JsonSchema;
use serde::{
    de::DeserializeOwned,
    de::{IntoDeserializer, value::StrDeserializer},
};
use serde_json::Value;
use std::{fmt::Display, marker::PhantomData, str::FromStr};

/// A type to be read from text.
#[derive(Debug)]
pub struct Reading<T>(PhantomData<T>);

impl<T> Reading<T> {
    /// Of this type.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Default for Reading<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// The first choice.
pub trait Parsed<T> {
    /// How it is read.
    fn reader(&self) -> Found<T>;
}

impl<T: FromStr<Err: Display>> Parsed<T> for &&Reading<T> {
    fn reader(&self) -> Found<T> {
        Found(|text| text.parse().map_err(|error: T::Err| error.to_string()))
    }
}

/// The second choice.
pub trait Deserialized<T> {
    /// How it is read.
    fn reader(&self) -> Found<T>;
}

impl<T: DeserializeOwned> Deserialized<T> for &Reading<T> {
    fn reader(&self) -> Found<T> {
        Found(|text| {
            let text: StrDeserializer<'_, serde::de::value::Error> = text.into_deserializer();
            T::deserialize(text).map_err(|error| error.to_string())
        })
    }
}

/// No choice: an error that says so.
pub trait Unread<T> {
    /// How it is read: not at all.
    fn reader(&self) -> NotFound<T>;
}

impl<T> Unread<T> for Reading<T> {
    fn reader(&self) -> NotFound<T> {
        NotFound(PhantomData)
    }
}

/// A way to read.
#[derive(Debug)]
pub struct Found<T>(Reader<T>);

impl<T> Found<T> {
    /// Which it is.
    pub fn get(self) -> Reader<T> {
        self.0
    }
}

/// No way to read.
#[derive(Debug)]
pub struct NotFound<T>(PhantomData<T>);

impl<T> NotFound<T> {
    /// Never compiles, because nothing is [`FromText`].
    pub fn get(self) -> Reader<T>
    where
        T: FromText,
    {
        |_| Err(String::new())
    }
}

/// Carries the words of an error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from text",
    label = "not read from text",
    note = "arguments of prompts and variables of resources are text: take a `String`, a type that implements `FromStr`, or an enum that derives `Deserialize`"
)]
pub trait FromText {}

/// The first choice: a type with a schema may have words.
pub trait Described {
    /// All there is to write, if that is known.
    fn words(&self) -> Vec<String>;
}

impl<T: JsonSchema> Described for &Reading<T> {
    fn words(&self) -> Vec<String> {
        let schema = schema::input::<T>();
        if schema["type"] == "boolean" {
            return vec!["true".to_owned(), "false".to_owned()];
        }
        let words = schema["enum"].as_array().into_iter().flatten();
        words.filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

/// The second choice: nothing is known.
pub trait Undescribed {
    /// None.
    fn words(&self) -> Vec<String>;
}

impl<T> Undescribed for Reading<T> {
    fn words(&self) -> Vec<String> {
        Vec::new()
    }
}
