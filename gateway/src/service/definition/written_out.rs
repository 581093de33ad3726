//! A schema with what it refers to written in place of the references.
//!
//! Many clients drop or refuse `$ref`, so a schema is listed without. What it accepts stays the same:
//! a reference and the keywords beside it both apply, so they become one schema where that says the
//! same, and `allOf` where it does not. (The validator's library can write references out too, but
//! drops the keywords beside them that its target has as well.)
//!
//! Not here: whether references end, see [`references`](super::references); whether the result is
//! acceptable, which the caller checks like any schema.

mod join;

use casemate_domain::Json;
use indexmap::IndexMap;
use join::join;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How much may be written, in bytes. What is longer would not pass as a schema.
const BYTES: usize = 64 << 10;
/// How deep. References that passed do not nest deeper.
const DEPTH: usize = 128;

/// JSON that keeps the order in which its author wrote it: models read arguments in that order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Part {
    Object(Fields),
    List(Vec<Part>),
    Plain(Value),
}

type Fields = IndexMap<String, Part>;

/// Keywords whose value is a schema, or a list of schemas.
const SCHEMAS: [&str; 16] = [
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "oneOf",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords whose value is schemas by name.
const BY_NAME: [&str; 4] = [
    "dependencies",
    "dependentSchemas",
    "patternProperties",
    "properties",
];

/// Writes a schema out whose references were followed once and end. None if there is nothing to
/// write out, or it does not come out as something that may be listed: too long, or with places that
/// its author gave names to (`$anchor`), which others may know it by.
pub(super) fn write_out(schema: &Json) -> Option<Json> {
    let text = schema.get();
    let refers = ["\"$ref\"", "\"$dynamicRef\""];
    if !refers.iter().any(|keyword| text.contains(keyword)) {
        return None;
    }
    let root: Part = serde_json::from_str(text).ok()?;
    if names_places(&root) {
        return None;
    }
    let mut writer = Writer {
        root: &root,
        left: BYTES,
    };
    let written = writer.schema(&root, DEPTH)?;
    let text = serde_json::to_string(&written).ok()?;
    (written != root).then(|| Json::parse(text).ok()).flatten()
}

fn names_places(part: &Part) -> bool {
    match part {
        Part::Object(fields) => fields.iter().any(|(name, field)| {
            let names = matches!(name.as_str(), "$anchor" | "$dynamicAnchor");
            (names && matches!(field, Part::Plain(Value::String(_)))) || names_places(field)
        }),
        Part::List(items) => items.iter().any(names_places),
        Part::Plain(_) => false,
    }
}

struct Writer<'schema> {
    root: &'schema Part,
    /// Bytes that may still be written.
    left: usize,
}

impl Writer<'_> {
    /// A schema, without references and without what only they led to.
    fn schema(&mut self, part: &Part, depth: usize) -> Option<Part> {
        let depth = depth.checked_sub(1)?;
        let Part::Object(fields) = part else {
            return self.data(part);
        };
        let mut own = Fields::new();
        let mut target = None;
        for (keyword, value) in fields {
            match keyword.as_str() {
                "$ref" | "$dynamicRef" if target.is_some() => return None,
                "$ref" | "$dynamicRef" => {
                    let found = resolve(self.root, value)?;
                    target = Some(self.schema(found, depth)?);
                }
                "$defs" | "definitions" => {}
                name => {
                    self.spend(name.len())?;
                    let value = self.keyword(name, value, depth)?;
                    own.insert(name.to_owned(), value);
                }
            }
        }
        Some(match target {
            Some(target) => join(own, target),
            None => Part::Object(own),
        })
    }

    fn keyword(&mut self, name: &str, value: &Part, depth: usize) -> Option<Part> {
        match value {
            Part::List(items) if SCHEMAS.contains(&name) => {
                let items = items.iter().map(|item| self.schema(item, depth));
                items.collect::<Option<_>>().map(Part::List)
            }
            _ if SCHEMAS.contains(&name) => self.schema(value, depth),
            Part::Object(fields) if BY_NAME.contains(&name) => {
                let mut written = Fields::new();
                for (name, field) in fields {
                    self.spend(name.len())?;
                    let field = match field {
                        Part::List(_) => self.data(field),
                        _ => self.schema(field, depth),
                    };
                    written.insert(name.clone(), field?);
                }
                Some(Part::Object(written))
            }
            _ => self.data(value),
        }
    }

    /// What is not a schema, even if it looks like one.
    fn data(&mut self, part: &Part) -> Option<Part> {
        self.spend(serde_json::to_string(part).ok()?.len())?;
        Some(part.clone())
    }

    fn spend(&mut self, bytes: usize) -> Option<()> {
        self.left = self.left.checked_sub(bytes)?;
        Some(())
    }
}

/// The place that a reference names by its pointer.
fn resolve<'schema>(root: &'schema Part, target: &Part) -> Option<&'schema Part> {
    let Part::Plain(Value::String(target)) = target else {
        return None;
    };
    let pointer = target.strip_prefix("#/")?;
    pointer.split('/').try_fold(root, |part, token| {
        let token = token.replace("~1", "/").replace("~0", "~");
        match part {
            Part::Object(fields) => fields.get(&token),
            Part::List(items) => items.get(token.parse::<usize>().ok()?),
            Part::Plain(_) => None,
        }
    })
}

#[cfg(test)]
mod tests;
