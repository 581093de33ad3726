//! The arguments of a call, on their way into parameters.
//!
//! The host has checked them against the schema; what is refused here is what a schema cannot say,
//! and what a test passes by mistake.

use crate::ToolError;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::ops::RangeBounds;

/// A JSON object whose properties are taken out one by one.
#[derive(Debug)]
pub struct Arguments(Map<String, Value>);

impl Arguments {
    /// Reads the text that the host passes.
    pub(crate) fn parse(text: &str) -> Result<Self, ToolError> {
        let value = serde_json::from_str(text)
            .map_err(|error| ToolError::user(format!("The arguments are not JSON: {error}.")))?;
        Self::new(value)
    }

    /// Takes a value, which must be an object.
    pub(crate) fn new(value: Value) -> Result<Self, ToolError> {
        match value {
            Value::Object(properties) => Ok(Self(properties)),
            _ => Err(ToolError::user("The arguments must be a JSON object.")),
        }
    }

    /// A property that must be there.
    pub fn required<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, ToolError> {
        match self.0.remove(name) {
            Some(value) => read(name, value),
            None => Err(ToolError::invalid_arg(name, "is missing")),
        }
    }

    /// A property that may be missing, or null.
    pub fn optional<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, ToolError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(name, value).map(Some),
        }
    }

    /// A property, or its default.
    pub fn or_else<T: DeserializeOwned>(
        &mut self,
        name: &str,
        default: impl FnOnce() -> T,
    ) -> Result<T, ToolError> {
        match self.0.remove(name) {
            Some(value) => read(name, value),
            None => Ok(default()),
        }
    }

    /// All properties as one value.
    pub fn whole<T: DeserializeOwned>(&mut self) -> Result<T, ToolError> {
        read("", Value::Object(std::mem::take(&mut self.0)))
    }

    /// Refuses what nobody took.
    pub fn finish(self) -> Result<(), ToolError> {
        match self.0.keys().next() {
            Some(name) => Err(ToolError::invalid_arg(name, "is not known")),
            None => Ok(()),
        }
    }
}

fn read<T: DeserializeOwned>(name: &str, value: Value) -> Result<T, ToolError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let inner = error.path().to_string();
        let path = match (name, inner.as_str()) {
            (name, ".") => name.to_owned(),
            ("", inner) => inner.to_owned(),
            (name, inner) if inner.starts_with('[') => format!("{name}{inner}"),
            (name, inner) => format!("{name}.{inner}"),
        };
        let why = error.into_inner().to_string();
        match path.as_str() {
            "" => ToolError::user(format!("The arguments are not valid: {why}."))
                .code("invalid-argument"),
            path => ToolError::invalid_arg(path, format!("is not valid: {why}")),
        }
    })
}

/// Refuses a value that is out of range.
pub fn in_range<T: PartialOrd + Serialize>(
    name: &str,
    value: &T,
    range: &impl RangeBounds<T>,
) -> Result<(), ToolError> {
    if range.contains(value) {
        return Ok(());
    }
    let words = crate::schema::range_in_words(range);
    Err(ToolError::invalid_arg(name, format!("must be {words}")))
}
