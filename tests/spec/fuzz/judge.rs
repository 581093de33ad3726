//! Whether what the gateway checked is what ran, by a reader of our own.

use super::{
    TOOLS,
    line::Answer,
    maker::Request,
    reader::{Kind, Node, number},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;

/// What `seen` takes. All of it is checked here once more, on the text that the tool got.
pub(super) const SCHEMA: &str = r#"{
    "type": "object",
    "properties": {
        "region": { "type": "string", "x-mcp-header": "Region" },
        "shard": { "type": "integer", "minimum": -5, "maximum": 1000, "x-mcp-header": "Shard" },
        "mode": { "enum": ["read", "write"] },
        "limit": { "type": "integer", "maximum": 9007199254740993 },
        "list": { "type": "array", "items": { "type": "integer" }, "maxItems": 4 },
        "more": {}
    },
    "additionalProperties": false
}"#;

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// The keys that decide something: of a message, of its parameters, and of their metadata.
const KNOWN: [&[&str]; 3] = [
    &["jsonrpc", "id", "method", "params", "result", "error"],
    &[
        "_meta",
        "name",
        "arguments",
        "inputResponses",
        "requestState",
    ],
    &[
        VERSION,
        "io.modelcontextprotocol/clientCapabilities",
        "io.modelcontextprotocol/clientInfo",
        "io.modelcontextprotocol/logLevel",
        "progressToken",
    ],
];
const DEEPEST: usize = 64;

/// What came of a request in which nothing is wrong.
pub(super) struct Verdict {
    /// What kind of answer it is: status, code, and words without what the request said.
    pub(super) kind: String,
    /// Whether a tool ran.
    pub(super) ran: bool,
}

/// Judges an answer.
pub(super) fn judge(request: &Request, answer: &Answer) -> Result<Verdict, String> {
    let status = answer.status;
    if !(200..500).contains(&status) {
        return Err(format!("answered with status {status}"));
    }
    if answer.body.is_empty() {
        let kind = format!("{status}, nothing");
        return Ok(Verdict { kind, ran: false });
    }
    let text = std::str::from_utf8(&answer.body).map_err(|_| "an answer that is no text")?;
    let message: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    // Node and serde must agree on our own words too.
    if Node::read(text).is_none_or(|node| node.twice().is_some()) {
        return Err(format!("an answer that cannot be read: {text}"));
    }
    if message["error"]["code"] == -32603 {
        return Err(format!("a fault of the gateway: {text}"));
    }
    let result = &message["result"];
    let said = result["content"][0]["text"].as_str();
    let (Some(said), Some(false) | None) = (said, result["isError"].as_bool()) else {
        let error = message["error"]["message"]
            .as_str()
            .or(said)
            .unwrap_or(text);
        let kind = format!("{status} {} {}", message["error"]["code"], words(error));
        return Ok(Verdict { kind, ran: false });
    };
    let node = std::str::from_utf8(&request.body).ok().and_then(Node::read);
    let node = node.ok_or("ran although the body cannot be read")?;
    check_message(&node)?;
    let params = node.one("params").ok_or("ran without params")?;
    let name = params
        .one("name")
        .and_then(Node::as_text)
        .ok_or("ran without a name")?;
    check_headers(request, params, name)?;
    check_arguments(request, params, name, said)?;
    let kind = format!(
        "{status} {name} ran, {} members",
        said.matches(':').count().min(8)
    );
    Ok(Verdict { kind, ran: true })
}

/// An error without what it quotes.
fn words(error: &str) -> String {
    let quoted = error.split(['`', '"']).step_by(2);
    let plain: String = quoted.collect::<Vec<_>>().join("…");
    let plain = plain.chars().filter(|char| !char.is_ascii_digit());
    plain.take(70).collect()
}

/// The envelope means one thing only.
fn check_message(message: &Node<'_>) -> Result<(), String> {
    if message.depth() > DEEPEST {
        return Err(format!("ran although it nests {} deep", message.depth()));
    }
    let params = message.one("params").ok_or("ran without params")?;
    let meta = params.one("_meta");
    let objects = [Some(message), Some(params), meta];
    for (object, known) in objects.into_iter().zip(KNOWN) {
        let Some(object) = object else { continue };
        let Kind::Object(members) = &object.kind else {
            return Err("ran although its envelope is no object".to_owned());
        };
        for (at, (key, _)) in members.iter().enumerate() {
            let key = key.as_deref().ok_or("ran with a key that is no text")?;
            if members[at + 1..]
                .iter()
                .any(|(other, _)| other.as_deref() == Some(key))
            {
                return Err(format!("ran although `{key}` comes twice in the envelope"));
            }
            let bare: String = key
                .chars()
                // What some readers skip, or stop at, is left out.
                .filter(|char| matches!(char, '!'..='~') || char.is_alphanumeric())
                .collect();
            let bare = bare
                .to_lowercase()
                .replace('ſ', "s")
                .replace('\u{212a}', "k");
            let alike = known.iter().find(|known| known.to_lowercase() == bare);
            if alike.is_some_and(|known| *known != key) {
                return Err(format!("ran although `{key}` only looks known"));
            }
        }
    }
    let is = |name: &str, wanted: &str| message.one(name).and_then(Node::as_text) == Some(wanted);
    if !is("jsonrpc", "2.0") || !is("method", "tools/call") {
        return Err("ran although it is no call".to_owned());
    }
    Ok(())
}

/// What the headers say is what the body says, decoded by our own hand.
fn check_headers(request: &Request, params: &Node<'_>, name: &str) -> Result<(), String> {
    let version = params
        .one("_meta")
        .and_then(|meta| meta.one(VERSION))
        .and_then(Node::as_text);
    let wanted = [
        ("mcp-method", Some("tools/call")),
        ("mcp-name", Some(name)),
        ("mcp-protocol-version", version),
    ];
    for (header, wanted) in wanted {
        match (&all(request, header)?[..], wanted) {
            ([], _) if version.is_none() => {}
            ([said], Some(wanted)) if said == wanted => {}
            // After a handshake it names any handshake version.
            ([said], None) if said.starts_with("202") => {}
            (said, _) => return Err(format!("ran although {header} says {said:?}")),
        }
    }
    Ok(())
}

/// All values of a header.
fn all(request: &Request, wanted: &str) -> Result<Vec<String>, String> {
    let headers = request.headers.iter();
    let named = headers.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
    named.map(|(_, value)| decoded(value)).collect()
}

fn decoded(value: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(value).map_err(|_| "ran with a header that is no text")?;
    let inner = text
        .trim()
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="));
    let Some(inner) = inner else {
        return Ok(text.trim().to_owned());
    };
    let bytes = BASE64_STANDARD
        .decode(inner)
        .map_err(|_| "ran with broken base64")?;
    String::from_utf8(bytes).map_err(|_| "ran with base64 of no text".to_owned())
}

/// The tool got the arguments of the message, and they are what was checked.
fn check_arguments(
    request: &Request,
    params: &Node<'_>,
    name: &str,
    got: &str,
) -> Result<(), String> {
    let sent = params.one("arguments").map_or("{}", |node| node.text);
    if sent != got {
        return Err(format!("the tool got `{got}`, the message has `{sent}`"));
    }
    let node = Node::read(got).ok_or("the tool got what cannot be read")?;
    if let Some(key) = node.twice() {
        return Err(format!("ran although {key} comes twice in the arguments"));
    }
    if node.has_no_text() {
        return Err("ran with a string that is no text".to_owned());
    }
    let other: Value = serde_json::from_str(got).map_err(|error| error.to_string())?;
    agree(&node, &other)?;
    if !TOOLS.iter().any(|(known, _)| *known == name) {
        return Err(format!("`{name}` ran and is no tool"));
    }
    if name == "seen" {
        check_schema(&node)?;
        if params
            .one("_meta")
            .is_some_and(|meta| meta.one(VERSION).is_some())
        {
            check_mirrors(request, &node)?;
        }
    }
    Ok(())
}

/// Two readers read the same.
fn agree(node: &Node<'_>, value: &Value) -> Result<(), String> {
    let same = match (&node.kind, value) {
        (Kind::Null, Value::Null) => true,
        (Kind::Bool, Value::Bool(other)) => (node.text == "true") == *other,
        // The tree of the other reader holds what a 64-bit number holds; that is compared.
        (Kind::Number, Value::Number(other)) => match other.as_f64() {
            Some(other) if !value.is_i64() && !value.is_u64() => node.text.parse() == Ok(other),
            _ => number(node.text) == number(&other.to_string()),
        },
        (Kind::Text(text), Value::String(other)) => text.as_ref() == Some(other),
        (Kind::List(items), Value::Array(others)) => {
            for (item, other) in items.iter().zip(others) {
                agree(item, other)?;
            }
            items.len() == others.len()
        }
        (Kind::Object(members), Value::Object(others)) => {
            for (key, member) in members {
                let key = key.as_deref().unwrap_or_default();
                agree(member, others.get(key).unwrap_or(&Value::Null))?;
            }
            members.len() == others.len()
        }
        _ => false,
    };
    if same {
        Ok(())
    } else {
        Err(format!("readers disagree: `{}`, {value}", node.text))
    }
}

/// The schema once more, with exact numbers.
fn check_schema(arguments: &Node<'_>) -> Result<(), String> {
    let Kind::Object(members) = &arguments.kind else {
        return Err("the arguments are no object".to_owned());
    };
    for (key, value) in members {
        let key = key.as_deref().unwrap_or_default();
        let fits = match key {
            "region" => value.as_text().is_some(),
            "shard" => is_integer(value.text) && within(value.text, -5, 1000),
            "mode" => matches!(value.as_text(), Some("read" | "write")),
            "limit" => {
                is_integer(value.text) && within(value.text, i128::MIN, 9_007_199_254_740_993)
            }
            "list" => match &value.kind {
                Kind::List(items) => items.len() <= 4 && items.iter().all(|it| is_integer(it.text)),
                _ => false,
            },
            "more" => true,
            _ => false,
        };
        if !fits {
            return Err(format!("ran although `{key}` does not fit: {}", value.text));
        }
    }
    Ok(())
}

fn is_integer(text: &str) -> bool {
    number(text).is_some_and(|(_, _, power)| power >= 0)
}

fn within(text: &str, least: i128, most: i128) -> bool {
    let Some((is_negative, digits, power)) = number(text) else {
        return false;
    };
    // Beyond all bounds in one direction, which only one of them may have.
    if digits.len() as i128 + power > 30 {
        return is_negative && least == i128::MIN;
    }
    let zeros = usize::try_from(power).unwrap_or_default();
    let value: i128 = format!("{digits}{}", "0".repeat(zeros))
        .parse()
        .unwrap_or(0);
    let value = if is_negative { -value } else { value };
    (least..=most).contains(&value)
}

/// Headers that repeat arguments say the same.
fn check_mirrors(request: &Request, arguments: &Node<'_>) -> Result<(), String> {
    for (key, header) in [("region", "mcp-param-region"), ("shard", "mcp-param-shard")] {
        let Some(value) = arguments.one(key) else {
            continue;
        };
        let said = all(request, header)?;
        let [said] = &said[..] else {
            return Err(format!("ran although {header} says {said:?}"));
        };
        let same = match value.as_text() {
            Some(text) => said == text,
            None => number(said).is_some() && number(said) == number(value.text),
        };
        if !same {
            return Err(format!(
                "ran although {header} says `{said}`, not {}",
                value.text
            ));
        }
    }
    Ok(())
}

/// Requests with the answers of a gateway that lets them through, and what is wrong with that.
pub(super) const CARELESS: [(&str, &str); 7] = [
    (
        "Mcp-Name: seen\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"seen\",\"arguments\":{\"mode\":\"read\",\"mode\":\"write\"}}}\n===\n{\"mode\":\"read\",\"mode\":\"write\"}",
        "comes twice in the arguments",
    ),
    (
        "Mcp-Name: any\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"seen\"}}\n===\n{}",
        "mcp-name says",
    ),
    (
        "Mcp-Name: seen\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"seen\",\"arguments\":{\"mode\":\"read\"}}}\n===\n{\"mode\":\"write\"}",
        "the message has",
    ),
    (
        "Mcp-Name: seen\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"seen\",\"n\\u0061me\":\"any\"}}\n===\n{}",
        "comes twice in the envelope",
    ),
    (
        "Mcp-Name: seen\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"seen\",\"Arguments\":{}}}\n===\n{}",
        "only looks known",
    ),
    (
        "Mcp-Name: seen\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"seen\",\"arguments\":{\"limit\":9007199254740994}}}\n===\n{\"limit\":9007199254740994}",
        "does not fit",
    ),
    (
        "Mcp-Name: seen\nMcp-Method: tools/call\nMCP-Protocol-Version: 2026-07-28\nMcp-Param-Shard: 9\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"},\"name\":\"seen\",\"arguments\":{\"shard\":8}}}\n===\n{\"shard\":8}",
        "mcp-param-shard says",
    ),
];
