//! Tools with input schemas that no Rust type says.

use casemate_guest_sdk::{
    __private::Arguments,
    output::Outcome,
    prelude::*,
    tool::{CallResult, Descriptor, Tool},
};

/// A tool with much of JSON Schema 2020-12 in its arguments.
#[derive(Debug)]
#[expect(non_camel_case_types, reason = "tools are named like functions")]
pub enum json_schema_2020_12_tool {}

impl Tool for json_schema_2020_12_tool {
    const NAME: &'static str = "json_schema_2020_12_tool";

    fn describe() -> Descriptor {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "$defs": {
                "address": {
                    "$anchor": "addressDef",
                    "type": "object",
                    "properties": {
                        "street": { "type": "string" },
                        "city": { "type": "string" },
                    },
                },
            },
            "properties": {
                "name": { "type": "string" },
                "address": { "$ref": "#/$defs/address" },
                "contactMethod": { "type": "string", "enum": ["phone", "email"] },
                "phone": { "type": "string" },
                "email": { "type": "string" },
            },
            "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
            "if": {
                "properties": { "contactMethod": { "const": "phone" } },
                "required": ["contactMethod"],
            },
            "then": { "required": ["phone"] },
            "else": { "required": ["email"] },
            "additionalProperties": false,
        });
        Descriptor::new(
            Self::NAME,
            "Tool with JSON Schema 2020-12 features",
            schema,
            None,
        )
    }

    fn call(_arguments: Arguments, _cx: &Cx) -> CallResult {
        Ok(Outcome::Complete(ToolResult::new().text("valid")))
    }
}

/// A tool with arguments that are repeated in headers.
#[derive(Debug)]
#[expect(non_camel_case_types, reason = "tools are named like functions")]
pub enum test_header {}

impl Tool for test_header {
    const NAME: &'static str = "test_header";

    fn describe() -> Descriptor {
        let schema = json!({
            "type": "object",
            "properties": {
                "region": { "type": "string", "x-mcp-header": "Region" },
                "shard": { "type": "integer", "x-mcp-header": "Shard" },
            },
            "additionalProperties": false,
        });
        let description = "Answers if headers and arguments agree.";
        Descriptor::new(Self::NAME, description, schema, None)
    }

    fn call(_arguments: Arguments, _cx: &Cx) -> CallResult {
        Ok(Outcome::Complete(ToolResult::new().text("they agree")))
    }
}
