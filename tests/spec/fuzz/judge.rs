//! Whether what the gateway checked is what ran, by a reader of our own.

mod batch;
mod call;
mod careless;
mod offered;

pub(super) use careless::CARELESS;
pub(super) use offered::PROMPT;

use super::{
    line::Answer,
    maker::Request,
    reader::{Kind, Node},
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
        "cursor",
        "uri",
        "ref",
        "argument",
        "context",
        "inputResponses",
        "requestState",
        "taskId",
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
    let node = std::str::from_utf8(&request.body).ok().and_then(Node::read);
    if let Some(answers) = message.as_array() {
        return batch::judge(request, node.as_ref(), status, answers);
    }
    if message["error"]["code"] == -32603 {
        return Err(format!("a fault of the gateway: {text}"));
    }
    let Some(said) = Said::of(&message["result"]) else {
        let kind = format!("{status} {}", refusal(&message));
        return Ok(Verdict { kind, ran: false });
    };
    let node = node.ok_or("ran although the body cannot be read")?;
    check(request, &node, &said)?;
    Ok(Verdict {
        kind: format!("{status} {}", said.kind()),
        ran: true,
    })
}

/// What ran, by what came of it.
enum Said<'a> {
    Tool(&'a str),
    Prompt(&'a str),
    Resource { uri: &'a str, text: &'a str },
}

impl<'a> Said<'a> {
    fn of(result: &'a Value) -> Option<Self> {
        let text = |path: &str| result.pointer(path).and_then(Value::as_str);
        if let Some(text) = text("/messages/0/content/text") {
            return Some(Self::Prompt(text));
        }
        if let (Some(uri), Some(text)) = (text("/contents/0/uri"), text("/contents/0/text")) {
            return Some(Self::Resource { uri, text });
        }
        let is_error = result["isError"].as_bool().unwrap_or(false);
        text("/content/0/text")
            .filter(|_| !is_error)
            .map(Self::Tool)
    }

    fn method(&self) -> &'static str {
        match self {
            Self::Tool(_) => "tools/call",
            Self::Prompt(_) => "prompts/get",
            Self::Resource { .. } => "resources/read",
        }
    }

    fn kind(&self) -> String {
        let members = match self {
            Self::Tool(text) => text.matches(':').count().min(8),
            Self::Prompt(_) | Self::Resource { .. } => 0,
        };
        format!("{} ran, {members} members", self.method())
    }
}

/// Why nothing ran.
fn refusal(message: &Value) -> String {
    let error = message["error"]["message"].as_str();
    let said = message["result"]["content"][0]["text"].as_str();
    let all = message.to_string();
    let error = words(error.or(said).unwrap_or(&all));
    format!("{} {error}", message["error"]["code"])
}

/// One message and what came of it fit together.
fn check(request: &Request, node: &Node<'_>, said: &Said<'_>) -> Result<(), String> {
    check_message(node, said.method())?;
    let params = node.one("params").ok_or("ran without params")?;
    let key = match said {
        Said::Tool(_) | Said::Prompt(_) => "name",
        Said::Resource { .. } => "uri",
    };
    let name = params.one(key).and_then(Node::as_text);
    let name = name.ok_or("ran without a name")?;
    check_headers(request, params, said.method(), name)?;
    match said {
        Said::Tool(text) => call::check_arguments(request, params, name, text),
        Said::Prompt(text) => offered::check_prompt(params, name, text),
        Said::Resource { uri, text } => offered::check_resource(name, uri, text),
    }
}

/// An error without what it quotes.
fn words(error: &str) -> String {
    let quoted = error.split(['`', '"']).step_by(2);
    let plain: String = quoted.collect::<Vec<_>>().join("…");
    let plain = plain.chars().filter(|char| !char.is_ascii_digit());
    plain.take(70).collect()
}

/// The envelope means one thing only.
fn check_message(message: &Node<'_>, method: &str) -> Result<(), String> {
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
    if !is("jsonrpc", "2.0") || !is("method", method) {
        return Err(format!("ran although it is no {method}"));
    }
    Ok(())
}

/// What the headers say is what the body says, decoded by our own hand.
fn check_headers(
    request: &Request,
    params: &Node<'_>,
    method: &str,
    name: &str,
) -> Result<(), String> {
    let version = params
        .one("_meta")
        .and_then(|meta| meta.one(VERSION))
        .and_then(Node::as_text);
    let wanted = [
        ("mcp-method", Some(method)),
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
