//! The input schema of a tool with parameters, built one by one.

use super::{generator, json, set_range};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings, transform::Transform as _};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::ops::RangeBounds;

/// An input schema in the making.
#[derive(Debug)]
pub struct Inputs {
    generator: SchemaGenerator,
    properties: Map<String, Value>,
    required: Vec<&'static str>,
}

impl Default for Inputs {
    fn default() -> Self {
        Self::new()
    }
}

impl Inputs {
    /// No property yet.
    pub fn new() -> Self {
        Self {
            generator: generator(SchemaSettings::for_deserialize),
            properties: Map::new(),
            required: Vec::new(),
        }
    }

    /// Adds a property that must be there.
    pub fn required<T: JsonSchema>(&mut self, name: &'static str) -> Property<'_> {
        self.required.push(name);
        self.optional::<T>(name)
    }

    /// Adds a property that may be missing.
    pub fn optional<T: JsonSchema>(&mut self, name: &'static str) -> Property<'_> {
        let mut schema = self.generator.subschema_for::<T>();
        super::tidy::Tidy.transform(&mut schema);
        schema.remove("title");
        let empty = Value::Object(Map::new());
        let property = self.properties.entry(name).or_insert(empty);
        *property = std::mem::take(schema.ensure_object()).into();
        Property { schema: property }
    }

    /// The schema.
    pub fn finish(mut self) -> Value {
        let mut schema = json!({
            "type": "object",
            "properties": self.properties,
            "required": self.required,
            "additionalProperties": false,
        });
        let definitions = self.generator.take_definitions(true);
        if !definitions.is_empty() {
            schema["$defs"] = definitions.into();
        }
        schema
    }
}

/// One property, to say more about.
#[derive(Debug)]
pub struct Property<'inputs> {
    schema: &'inputs mut Value,
}

impl Property<'_> {
    /// What it is.
    pub fn description(self, text: &'static str) -> Self {
        self.set("description", text.into())
    }

    /// Where it must lie.
    pub fn range<T: Serialize>(self, range: &impl RangeBounds<T>) -> Self {
        if let Value::Object(schema) = &mut *self.schema {
            set_range(schema, range);
        }
        self
    }

    /// What it is if it is missing.
    pub fn default_value<T: Serialize>(self, value: &T) -> Self {
        self.set("default", json(value))
    }

    /// A value to show.
    pub fn example<T: Serialize>(self, value: &T) -> Self {
        match &mut self.schema["examples"] {
            Value::Array(examples) => examples.push(json(value)),
            none => *none = json!([json(value)]),
        }
        self
    }

    fn set(self, key: &str, value: Value) -> Self {
        self.schema[key] = value;
        self
    }
}
