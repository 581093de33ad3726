//! Which types a schema allows.

use serde_json::Value;

/// The types that a value may have.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Types {
    pub(super) null: bool,
    pub(super) boolean: bool,
    pub(super) integer: bool,
    pub(super) number: bool,
    pub(super) array: bool,
    pub(super) object: bool,
    pub(super) string: bool,
}

impl Types {
    /// The types that a schema names, in any of its branches.
    pub(super) fn of(schema: &Value) -> Self {
        let mut types = Self::default();
        types.collect(schema);
        types
    }

    fn collect(&mut self, schema: &Value) {
        match &schema["type"] {
            Value::String(name) => self.add(name),
            Value::Array(names) => names
                .iter()
                .filter_map(Value::as_str)
                .for_each(|name| self.add(name)),
            _ => {}
        }
        for branches in ["anyOf", "oneOf", "allOf"] {
            for branch in schema[branches].as_array().into_iter().flatten() {
                self.collect(branch);
            }
        }
        if schema["type"].is_null() {
            let constants = schema["enum"]
                .as_array()
                .into_iter()
                .flatten()
                .chain(schema.get("const"));
            for constant in constants {
                self.add(type_of(constant));
            }
        }
    }

    fn add(&mut self, name: &str) {
        match name {
            "null" => self.null = true,
            "boolean" => self.boolean = true,
            "integer" => self.integer = true,
            "number" => self.number = true,
            "array" => self.array = true,
            "object" => self.object = true,
            "string" => self.string = true,
            _ => {}
        }
    }

    /// What to say that a value must be.
    pub(super) fn expected(self) -> Option<&'static str> {
        let named = [
            (self.integer, "an integer"),
            (self.number, "a number"),
            (self.boolean, "true or false"),
            (self.object, "a JSON object"),
            (self.array, "a list"),
            (self.null, "null"),
        ];
        named
            .into_iter()
            .find(|(is_accepted, _)| *is_accepted)
            .map(|(_, name)| name)
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
