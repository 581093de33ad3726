//! The headers that repeat what a message says, so that proxies can route without reading it.
//!
//! Which arguments a tool wants repeated stands in its schema, so what lists of tools say passes
//! through here.

use super::message::Message;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use std::collections::HashMap;

const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");

/// What is known of the tools.
#[derive(Debug, Default)]
pub(super) struct Mirrors {
    tools: HashMap<String, Vec<Mirror>>,
}

#[derive(Debug)]
struct Mirror {
    header: HeaderName,
    path: Vec<String>,
}

impl Mirrors {
    /// The headers of a message of the stateless revision.
    pub(super) fn headers(&self, message: &Message<'_>, version: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        add(&mut headers, VERSION, version);
        let Some(method) = message.method.as_deref() else {
            return headers;
        };
        add(&mut headers, METHOD, method);
        let params = &message.params;
        let name = match method {
            "tools/call" | "prompts/get" => params.name.as_deref(),
            "resources/read" => params.uri.as_deref(),
            method if method.starts_with("tasks/") => params.task.as_deref(),
            _ => None,
        };
        if let Some(name) = name {
            add(&mut headers, NAME, name);
        }
        let mirrors = match (method, name) {
            ("tools/call", Some(name)) => self.tools.get(name),
            _ => None,
        };
        if let (Some(mirrors), Some(arguments)) = (mirrors, params.arguments) {
            let arguments: Value = serde_json::from_str(arguments.get()).unwrap_or_default();
            for mirror in mirrors {
                if let Some(text) = mirror.text(&arguments) {
                    add(&mut headers, mirror.header.clone(), &text);
                }
            }
        }
        headers
    }

    /// Learns from the answer to `tools/list`.
    pub(super) fn learn(&mut self, answer: &str) {
        let Ok(answer) = serde_json::from_str::<Value>(answer) else {
            return;
        };
        for tool in answer["result"]["tools"].as_array().into_iter().flatten() {
            if let Some(name) = tool["name"].as_str() {
                let mut mirrors = Vec::new();
                collect(&tool["inputSchema"], &mut Vec::new(), &mut mirrors);
                self.tools.insert(name.to_owned(), mirrors);
            }
        }
    }
}

impl Mirror {
    fn text(&self, arguments: &Value) -> Option<String> {
        let value = self
            .path
            .iter()
            .try_fold(arguments, |value, key| value.get(key))?;
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }
}

fn collect(schema: &Value, path: &mut Vec<String>, found: &mut Vec<Mirror>) {
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        path.push(key.clone());
        let name = property["x-mcp-header"]
            .as_str()
            .filter(|name| !name.is_empty());
        if let Some(header) = name.and_then(|name| format!("mcp-param-{name}").parse().ok()) {
            found.push(Mirror {
                header,
                path: path.clone(),
            });
        }
        collect(property, path, found);
        path.pop();
    }
}

fn add(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    let value = HeaderValue::try_from(encoded(text)).expect("what is encoded is visible ASCII");
    headers.insert(name, value);
}

/// A text that a header cannot carry as it is, is wrapped.
fn encoded(text: &str) -> String {
    let is_plain = text.bytes().all(|b| (0x20..0x7f).contains(&b));
    let is_trimmed = text.trim() == text && !text.is_empty();
    if is_plain && is_trimmed && !text.starts_with("=?base64?") {
        return text.to_owned();
    }
    format!("=?base64?{}?=", STANDARD.encode(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn headers(mirrors: &Mirrors, message: &Value) -> Vec<(String, String)> {
        let line = message.to_string();
        let headers = mirrors.headers(&Message::read(&line), "2026-07-28");
        let pair = |(name, value): (&HeaderName, &HeaderValue)| {
            (name.to_string(), value.to_str().unwrap().to_owned())
        };
        headers.iter().map(pair).skip(1).collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn each_method_names_what_it_is_about() {
        let mirrors = Mirrors::default();
        let of = |method: &str| {
            let params = json!({ "name": "Größe", "uri": "file:///a", "taskId": "t1" });
            headers(
                &mirrors,
                &json!({ "id": 1, "method": method, "params": params }),
            )
        };
        assert_eq!(
            of("tools/call")[1],
            pair("mcp-name", "=?base64?R3LDtsOfZQ==?=")
        );
        assert_eq!(of("resources/read")[1], pair("mcp-name", "file:///a"));
        assert_eq!(of("tasks/get")[1], pair("mcp-name", "t1"));
        assert_eq!(of("tools/list"), [pair("mcp-method", "tools/list")]);
    }

    #[test]
    fn arguments_are_repeated_where_the_schema_wants_it() {
        let mut mirrors = Mirrors::default();
        let schema = json!({ "properties": {
            "region": { "type": "string", "x-mcp-header": "Region" },
            "deep": { "properties": { "count": { "x-mcp-header": "Count" } } },
            "plain": { "type": "string" },
        } });
        let list = json!({ "result": { "tools": [{ "name": "t", "inputSchema": schema }] } });
        mirrors.learn(&list.to_string());
        let arguments = json!({ "region": " eu", "deep": { "count": 3 }, "plain": "x" });
        let call = json!({ "id": 1, "method": "tools/call", "params": { "name": "t", "arguments": arguments } });
        let found = headers(&mirrors, &call);
        assert!(
            found.contains(&pair("mcp-param-region", "=?base64?IGV1?=")),
            "{found:?}"
        );
        assert!(found.contains(&pair("mcp-param-count", "3")), "{found:?}");
        assert_eq!(found.len(), 4);
    }
}
