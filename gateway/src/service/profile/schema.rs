//! What clients stumble over in the schema of arguments.

use super::WarningCode;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// How deep lists and objects may be inside of each other.
const DEPTH: usize = 5;
/// Arguments, those inside of others too.
const ARGUMENTS: usize = 40;
/// Places that are named in one warning.
const NAMED: usize = 5;

/// Keywords that mean something to a validator and nothing to most models.
const DROPPED: [&str; 16] = [
    "$anchor",
    "$dynamicAnchor",
    "$schema",
    "allOf",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "not",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// What no model takes at the root.
const UNIONS: [&str; 7] = ["allOf", "anyOf", "enum", "if", "not", "oneOf", "const"];
/// Keywords whose value is a schema, a list of schemas, or schemas by name.
const ONE: [&str; 8] = [
    "items",
    "additionalProperties",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
];
const SEVERAL: [&str; 4] = ["anyOf", "oneOf", "allOf", "prefixItems"];
const BY_NAME: [&str; 4] = [
    "$defs",
    "definitions",
    "patternProperties",
    "dependentSchemas",
];

/// Words in names of what should be in no header.
const SECRETS: [&str; 15] = [
    "apikey",
    "auth",
    "authorization",
    "bearer",
    "cookie",
    "credential",
    "credentials",
    "jwt",
    "key",
    "passphrase",
    "passwd",
    "password",
    "pwd",
    "secret",
    "token",
];

/// What was found, by where.
#[derive(Default)]
struct Findings {
    references: BTreeSet<String>,
    keywords: BTreeSet<&'static str>,
    formats: BTreeSet<String>,
    type_lists: BTreeSet<String>,
    untyped: BTreeSet<String>,
    itemless: BTreeSet<String>,
    secret_headers: BTreeSet<String>,
    arguments: usize,
    depth: usize,
}

/// Whether a schema stands for an argument or only says more about one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Root,
    Argument,
    Part,
}

/// Looks at the schema of all arguments.
pub(super) fn examine(schema: &Value, warn: &mut impl FnMut(WarningCode, String)) {
    let Some(root) = schema.as_object() else {
        return;
    };
    let unions: Vec<_> = UNIONS
        .iter()
        .filter(|key| root.contains_key(**key))
        .collect();
    if !unions.is_empty() {
        let detail = unions.into_iter().map(|key| format!("`{key}`"));
        warn(WarningCode::SchemaRootUnion, join(detail));
    }
    let undescribed: Vec<_> = undescribed(root).map(|name| format!("`{name}`")).collect();
    if !undescribed.is_empty() {
        let detail = join(undescribed.into_iter());
        warn(WarningCode::ArgumentUndescribed, detail);
    }
    let mut found = Findings::default();
    found.schema(schema, "", 0, Role::Root);
    found.tell(warn);
}

fn undescribed(root: &Map<String, Value>) -> impl Iterator<Item = &String> {
    let properties = root.get("properties").and_then(Value::as_object);
    let is_bare = |property: &Value| {
        let description = property.get("description").and_then(Value::as_str);
        description.is_none_or(|text| text.trim().is_empty())
    };
    let bare = properties
        .into_iter()
        .flatten()
        .filter(move |(_, one)| is_bare(one));
    bare.map(|(name, _)| name)
}

impl Findings {
    fn schema(&mut self, schema: &Value, place: &str, depth: usize, role: Role) {
        let Some(fields) = schema.as_object() else {
            if role == Role::Argument && schema.as_bool() == Some(true) {
                self.untyped.insert(place.to_owned());
            }
            return;
        };
        let holds_others = fields.contains_key("properties") || fields.contains_key("items");
        let depth = depth + usize::from(holds_others);
        self.depth = self.depth.max(depth);
        self.keywords(fields, place, role);
        for (name, property) in objects(fields, "properties") {
            self.arguments += 1;
            let place = below(place, name);
            let header = property.get("x-mcp-header").and_then(Value::as_str);
            if header.is_some_and(|header| is_secret(name) || is_secret(header)) {
                self.secret_headers.insert(place.clone());
            }
            self.schema(property, &place, depth, Role::Argument);
        }
        for key in ONE {
            if let Some(inner) = fields.get(key) {
                let role = if key == "items" {
                    Role::Argument
                } else {
                    Role::Part
                };
                self.schema(inner, place, depth, role);
            }
        }
        for inner in SEVERAL
            .iter()
            .filter_map(|key| fields.get(*key)?.as_array())
        {
            for schema in inner {
                self.schema(schema, place, depth, Role::Part);
            }
        }
        for (name, schema) in BY_NAME.iter().flat_map(|key| objects(fields, key)) {
            self.schema(schema, &below(place, name), depth, Role::Part);
        }
    }

    fn keywords(&mut self, fields: &Map<String, Value>, place: &str, role: Role) {
        let refers = |key: &str| fields.contains_key(key);
        if refers("$ref") || refers("$dynamicRef") {
            self.references.insert(shown(place));
        }
        self.keywords
            .extend(DROPPED.iter().filter(|key| refers(key)));
        let kind = fields.get("type");
        if let Some(format) = fields.get("format").and_then(Value::as_str)
            && is_width(format)
        {
            self.formats.insert(format.to_owned());
        }
        if kind.is_some_and(Value::is_array) {
            self.type_lists.insert(shown(place));
        }
        let says_type = ["type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref"];
        if role == Role::Argument && !says_type.iter().any(|key| refers(key)) {
            self.untyped.insert(shown(place));
        }
        let is_list = kind.and_then(Value::as_str) == Some("array");
        if is_list && !refers("items") && !refers("prefixItems") {
            self.itemless.insert(shown(place));
        }
    }

    fn tell(self, warn: &mut impl FnMut(WarningCode, String)) {
        let keywords = self.keywords.iter().map(|key| (*key).to_owned());
        for (code, places) in [
            (WarningCode::SchemaReference, self.references),
            (WarningCode::SchemaKeyword, keywords.collect()),
            (WarningCode::SchemaFormat, self.formats),
            (WarningCode::SchemaTypeList, self.type_lists),
            (WarningCode::SchemaUntyped, self.untyped),
            (WarningCode::SchemaItems, self.itemless),
            (WarningCode::HeaderSecret, self.secret_headers),
        ] {
            if !places.is_empty() {
                let places = places.into_iter().map(|place| format!("`{place}`"));
                warn(code, join(places));
            }
        }
        if self.depth > DEPTH {
            warn(WarningCode::SchemaDeep, format!("{} deep", self.depth));
        }
        if self.arguments > ARGUMENTS {
            let detail = format!("{} arguments", self.arguments);
            warn(WarningCode::SchemaWide, detail);
        }
    }
}

fn objects<'a>(
    fields: &'a Map<String, Value>,
    key: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let object = fields.get(key).and_then(Value::as_object);
    object.into_iter().flatten()
}

fn below(place: &str, name: &str) -> String {
    if place.is_empty() {
        name.to_owned()
    } else {
        format!("{place}.{name}")
    }
}

fn shown(place: &str) -> String {
    if place.is_empty() { "/" } else { place }.to_owned()
}

/// `int32`, `uint8`, `float`, `double`: how wide a number is, and nothing that a model could use.
fn is_width(format: &str) -> bool {
    let digits = format.trim_start_matches('u').strip_prefix("int");
    digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
        || matches!(format, "float" | "double")
}

/// Whether one of the words of a name is one for secrets: `api_key`, `apiKey`, `X-Auth`.
fn is_secret(name: &str) -> bool {
    let mut spaced = String::with_capacity(name.len());
    let mut was_lower = false;
    for c in name.chars() {
        if was_lower && c.is_uppercase() {
            spaced.push(' ');
        }
        was_lower = c.is_lowercase();
        spaced.extend(c.to_lowercase());
    }
    let mut words = spaced.split(|c: char| !c.is_alphanumeric());
    words.any(|word| SECRETS.contains(&word))
}

fn join(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<_> = names.collect();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let listed = names.join(", ");
    match more {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}
