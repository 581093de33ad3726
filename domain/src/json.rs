//! JSON that is passed on byte for byte.

use crate::Invalid;
use serde_json::value::RawValue;
use std::fmt;

/// One JSON value as text, known to be well-formed and kept exactly as it came.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

impl Json {
    /// Takes text that must be one JSON value.
    pub fn parse(text: String) -> Result<Self, Invalid> {
        RawValue::from_string(text)
            .map(Self)
            .map_err(|error| Invalid::new("JSON text", error.to_string()))
    }

    /// The text.
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// The value as a tree.
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::from_str(self.get()).unwrap_or_default()
    }
}

impl From<&serde_json::Value> for Json {
    fn from(value: &serde_json::Value) -> Self {
        let text = value.to_string();
        Self(RawValue::from_string(text).expect("a JSON tree prints as JSON"))
    }
}

impl From<Box<RawValue>> for Json {
    fn from(raw: Box<RawValue>) -> Self {
        Self(raw)
    }
}

impl AsRef<RawValue> for Json {
    fn as_ref(&self) -> &RawValue {
        &self.0
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for Json {}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}
