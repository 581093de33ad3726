//! JSON Schemas, in the form that most clients understand.
//!
//! Draft 2020-12 with an object at the root. References are inlined (but for types that contain
//! themselves), `$schema`, titles and number formats are left out, and an enum whose variants are
//! described is one list of words with the descriptions below it.

mod form;
mod inputs;
mod tidy;

pub use inputs::{Inputs, Property};

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde::Serialize;
use serde_json::{Map, Value};
use std::ops::{Bound, RangeBounds};

/// The schema of a type as it is read.
pub fn input<T: JsonSchema>() -> Value {
    let mut schema = generator(SchemaSettings::for_deserialize).into_root_schema_for::<T>();
    schema.remove("title");
    schema.to_value()
}

/// The schema of a type as it is written.
pub fn output<T: JsonSchema>() -> Value {
    let mut schema = generator(SchemaSettings::for_serialize).into_root_schema_for::<T>();
    schema.remove("title");
    schema.to_value()
}

/// The schema of a form with the fields of a type. Forms are flat and have no null: a field that may
/// be missing is one that is not required.
pub fn form<T: JsonSchema>() -> Value {
    form::of(input::<T>())
}

fn generator(contract: fn(SchemaSettings) -> SchemaSettings) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    contract(settings.with_transform(tidy::Tidy)).into_generator()
}

/// Writes a range as `minimum` and `maximum`.
fn set_range<T: Serialize>(schema: &mut Map<String, Value>, range: &impl RangeBounds<T>) {
    let (start, end) = (range.start_bound(), range.end_bound());
    let bounds = [
        (start, "minimum", "exclusiveMinimum"),
        (end, "maximum", "exclusiveMaximum"),
    ];
    for (bound, inclusive, exclusive) in bounds {
        let (key, limit) = match bound {
            Bound::Included(limit) => (inclusive, limit),
            Bound::Excluded(limit) => (exclusive, limit),
            Bound::Unbounded => continue,
        };
        schema.remove(inclusive);
        schema.insert(key.to_owned(), json(limit));
    }
}

/// A range for people: "at least 1 and at most 14".
pub(crate) fn range_in_words<T: Serialize>(range: &impl RangeBounds<T>) -> String {
    let start = match range.start_bound() {
        Bound::Included(limit) => Some(format!("at least {}", json(limit))),
        Bound::Excluded(limit) => Some(format!("more than {}", json(limit))),
        Bound::Unbounded => None,
    };
    let end = match range.end_bound() {
        Bound::Included(limit) => Some(format!("at most {}", json(limit))),
        Bound::Excluded(limit) => Some(format!("less than {}", json(limit))),
        Bound::Unbounded => None,
    };
    let parts: Vec<String> = start.into_iter().chain(end).collect();
    parts.join(" and ")
}

/// A value as JSON; one that is not JSON (a map with odd keys) is left out as null.
fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
