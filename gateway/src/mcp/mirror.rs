//! Headers that repeat what the body says, so that proxies can route without reading it.
//!
//! Both must say the same: a proxy decided by the header, the call is made by the body.

use super::{
    decimal::Decimal,
    error::{Error, shown},
    object,
    transport::{Single, single},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use casemate_domain::Json;
use http::{HeaderMap, HeaderName};
use serde_json::{Value, value::RawValue};
use std::borrow::Cow;

const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
/// The largest number up to which floating point numbers hold every integer. What is beyond cannot
/// travel in a header: who reads it there may read another number.
const LARGEST: f64 = 9_007_199_254_740_991.0;

/// The version in the headers, if there is one; and no header that must come once comes twice.
pub(super) fn declared_version(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    for name in [METHOD, NAME] {
        once(headers, &name)?;
    }
    once(headers, &VERSION)
}

/// The version in the headers must be that of the body.
pub(super) fn check_version(declared: Option<&str>, version: &str) -> Result<(), Error> {
    compare("MCP-Protocol-Version", declared, version)
}

/// The method in the headers must be that of the body.
pub(super) fn check_method(headers: &HeaderMap, method: &str) -> Result<(), Error> {
    compare("Mcp-Method", once(headers, &METHOD)?, method)
}

/// The name in the headers must be that of the body.
pub(super) fn check_name(headers: &HeaderMap, name: &str) -> Result<(), Error> {
    let value = once(headers, &NAME)?
        .map(|value| decode("Mcp-Name", value))
        .transpose()?;
    compare("Mcp-Name", value.as_deref(), name)
}

/// What handshake clients need not say in headers must be right if they say it.
pub(super) fn check_if_said(
    headers: &HeaderMap,
    method: &str,
    name: Option<&str>,
) -> Result<(), Error> {
    if once(headers, &METHOD)?.is_some() {
        check_method(headers, method)?;
    }
    if once(headers, &NAME)?.is_some() {
        check_name(headers, name.unwrap_or_default())?;
    }
    Ok(())
}

fn once<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Error> {
    match single(headers, name) {
        Single::None => Ok(None),
        Single::One(value) => Ok(Some(value)),
        Single::Unclear => Err(mismatch(
            name.as_str(),
            "must come once, in visible ASCII characters",
        )),
    }
}

fn compare(header: &str, value: Option<&str>, body: &str) -> Result<(), Error> {
    match value {
        Some(value) if value == body => Ok(()),
        Some(value) => Err(mismatch(
            header,
            &format!("says `{}`, the body says `{}`", shown(value), shown(body)),
        )),
        None => Err(mismatch(
            header,
            &format!("is missing; the body says `{}`", shown(body)),
        )),
    }
}

fn mismatch(header: &str, problem: &str) -> Error {
    Error::HeaderMismatch(format!("{header} {problem}"))
}

/// The value of a header that may be encoded because it is not plain ASCII.
fn decode<'a>(header: &str, value: &'a str) -> Result<Cow<'a, str>, Error> {
    let encoded = value
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="));
    let Some(encoded) = encoded else {
        return Ok(Cow::Borrowed(value));
    };
    let bytes = STANDARD.decode(encoded).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .map(Cow::Owned)
        .ok_or_else(|| mismatch(header, "is not valid Base64 of UTF-8 text"))
}

/// An argument that a tool wants repeated in a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mirror {
    header: HeaderName,
    /// The keys that lead to it.
    path: Vec<String>,
}

impl Mirror {
    /// Finds the arguments of a schema that are marked with `x-mcp-header`. Marks that break the
    /// rules of the protocol are not followed: clients drop a tool that has any.
    pub(super) fn all_of(schema: &Json) -> Vec<Self> {
        let mut found = Vec::new();
        if schema.get().contains("x-mcp-header") {
            collect(&schema.to_value(), &mut Vec::new(), &mut found);
        }
        found
    }

    /// The header must say what the arguments say; what is not in the arguments is not expected
    /// in the headers, but must be readable there.
    pub(super) fn check(
        &self,
        headers: &HeaderMap,
        arguments: Option<&RawValue>,
    ) -> Result<(), Error> {
        let name = self.header.as_str();
        let header = once(headers, &self.header)?
            .map(|value| decode(name, value))
            .transpose()?;
        let value = arguments.map(|arguments| self.find(arguments));
        let Some(value) = value.transpose()?.flatten() else {
            return Ok(());
        };
        let header = header.as_deref();
        if let Some(text) = object::string(value) {
            return compare(name, header, &text);
        }
        let text = value.get();
        if text
            .parse::<f64>()
            .is_ok_and(|number| number.abs() > LARGEST)
        {
            let problem = "cannot carry a number beyond ±(2^53 − 1); the argument is one";
            return Err(mismatch(name, problem));
        }
        match header {
            _ if text.starts_with(['{', '[']) => Ok(()),
            Some(header) if is_same_number(header, text) => Ok(()),
            header => compare(name, header, text),
        }
    }

    /// The value in the arguments, unless it is null or not there.
    fn find<'a>(&self, arguments: &'a RawValue) -> Result<Option<&'a RawValue>, Error> {
        let mut value = arguments;
        for key in &self.path {
            if !object::is_object(value) {
                return Ok(None);
            }
            let twice = || {
                mismatch(
                    self.header.as_str(),
                    "belongs to an argument that comes twice",
                )
            };
            match member(value, key).map_err(|Twice| twice())? {
                Some(inner) if inner.get() != "null" => value = inner,
                _ => return Ok(None),
            }
        }
        Ok(Some(value))
    }
}

fn collect(schema: &Value, path: &mut Vec<String>, found: &mut Vec<Mirror>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    for (key, property) in properties {
        path.push(key.clone());
        let marked = property.get("x-mcp-header").and_then(Value::as_str);
        let header = marked
            .filter(|name| !name.is_empty())
            .and_then(|name| format!("mcp-param-{name}").parse().ok());
        if let Some(header) = header {
            found.push(Mirror {
                header,
                path: path.clone(),
            });
        }
        collect(property, path, found);
        path.pop();
    }
}

/// Numbers are compared as numbers: `42` and `42.0` are the same.
fn is_same_number(header: &str, body: &str) -> bool {
    match (Decimal::parse(header), Decimal::parse(body)) {
        (Some(header), Some(body)) => header == body,
        _ => false,
    }
}

struct Twice;

/// One member of arguments, which may be large and are not kept.
fn member<'a>(raw: &'a RawValue, wanted: &str) -> Result<Option<&'a RawValue>, Twice> {
    use serde::de::{Deserializer as _, Error as _, MapAccess, Visitor};

    struct Find<'w>(&'w str);
    impl<'de> Visitor<'de> for Find<'_> {
        type Value = Option<&'de RawValue>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
                if key == self.0 && found.replace(value).is_some() {
                    return Err(A::Error::custom("twice"));
                }
            }
            Ok(found)
        }
    }
    serde_json::Deserializer::from_str(raw.get())
        .deserialize_map(Find(wanted))
        .map_err(|_| Twice)
}

#[cfg(test)]
mod tests;
