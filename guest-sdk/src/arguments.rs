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

/// `2.0` is an integer for JSON Schema and not for serde, so a value that does not fit is read once
/// more with such numbers written as integers.
fn read<T: DeserializeOwned>(name: &str, value: Value) -> Result<T, ToolError> {
    let with_integers = with_integers(&value);
    match (read_as_it_is(name, value), with_integers) {
        (Err(_), Some(value)) => read_as_it_is(name, value),
        (read, _) => read,
    }
}

/// The value with every whole number as an integer, if it holds one that is written otherwise.
fn with_integers(value: &Value) -> Option<Value> {
    match value {
        Value::Number(number) => {
            // As far as every integer is a number of its own.
            const EXACT: f64 = 9_007_199_254_740_991.0;
            let float = number.as_f64().filter(|_| number.is_f64())?;
            let is_whole = float.fract() == 0.0 && float.abs() <= EXACT;
            is_whole.then(|| Value::from(float as i64))
        }
        Value::Array(items) => {
            let changed: Vec<_> = items.iter().map(with_integers).collect();
            changed.iter().any(Option::is_some).then(|| {
                let pairs = changed.into_iter().zip(items);
                pairs
                    .map(|(new, old)| new.unwrap_or_else(|| old.clone()))
                    .collect()
            })
        }
        Value::Object(fields) => {
            let mut changed = fields.clone();
            let mut any = false;
            for (name, field) in fields {
                if let Some(new) = with_integers(field) {
                    changed.insert(name.clone(), new);
                    any = true;
                }
            }
            any.then_some(Value::Object(changed))
        }
        _ => None,
    }
}

fn read_as_it_is<T: DeserializeOwned>(name: &str, value: Value) -> Result<T, ToolError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read<T: DeserializeOwned>(value: Value) -> Result<T, ToolError> {
        super::read("n", value)
    }

    #[test]
    fn a_whole_number_is_an_integer_however_it_is_written() {
        assert_eq!(read::<u8>(json!(2.0)).unwrap(), 2);
        assert_eq!(read::<Vec<i64>>(json!([1, -2.0])).unwrap(), [1, -2]);
        assert_eq!(
            read::<(u8, String)>(json!([2.0, "a"])).unwrap(),
            (2, "a".to_owned())
        );
        for wrong in [
            json!(2.5),
            json!(-1.0),
            json!(256.0),
            json!("2"),
            json!(1e300),
        ] {
            assert!(read::<u8>(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_fits_is_left_as_it_is() {
        assert_eq!(read::<Value>(json!([2.0])).unwrap().to_string(), "[2.0]");
        assert_eq!(read::<f64>(json!(2.0)).unwrap().to_string(), "2");
    }
}
