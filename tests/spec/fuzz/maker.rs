//! Makes requests: from the grammar of a call with every freedom that JSON and HTTP leave, and by
//! damage to requests that showed something before.

mod damage;
mod words;

use super::judge::PROMPT;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use words::{NAMES, NUMBERS, TEXTS, URIS};

/// A call as it is sent, without what is the same for all.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// Reads a file of seeds: lines of headers, an empty line, the body.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let at = bytes.windows(2).position(|two| two == b"\n\n");
        let at = at.expect("an empty line before the body");
        let lines = bytes[..at].split(|byte| *byte == b'\n');
        let header = |line: &[u8]| {
            let colon = line.windows(2).position(|two| two == b": ").unwrap();
            let name = String::from_utf8(line[..colon].to_vec()).unwrap();
            (name, line[colon + 2..].to_vec())
        };
        Self {
            headers: lines.filter(|line| !line.is_empty()).map(header).collect(),
            body: bytes[at + 2..].to_vec(),
        }
    }

    /// As a file of seeds has it.
    pub(super) fn written(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.push(b'\n');
        }
        if bytes.is_empty() {
            bytes.push(b'\n');
        }
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// A method, what it names, and the rest of its parameters.
type Asked = (&'static str, &'static str, Vec<(&'static str, String)>);

/// A source of requests. The same seed makes the same ones.
pub(super) struct Maker {
    state: u64,
}

impl Maker {
    pub(super) fn new(seed: u64) -> Self {
        let state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self { state }
    }

    /// The next request, made from the grammar or from one of these.
    pub(super) fn next(&mut self, pool: &[Request]) -> Request {
        let mut request = if pool.is_empty() || self.one_in(2) {
            self.request()
        } else {
            pool[self.below(pool.len())].clone()
        };
        if self.one_in(3) {
            self.damage_headers(&mut request);
        }
        if self.one_in(3) {
            for _ in 0..=self.below(3) {
                self.damage_body(&mut request.body, pool);
            }
        }
        // Nobody writes a larger one by hand, and the gateway refuses it by its size.
        request.body.truncate(16 << 10);
        request
    }

    fn random(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.random() >> 11) as usize % limit
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// A request that is mostly right.
    fn request(&mut self) -> Request {
        if self.one_in(8) {
            return self.batch();
        }
        let is_modern = !self.one_in(3);
        self.message(is_modern)
    }

    /// Several messages in one body, under headers that name one of them at most.
    fn batch(&mut self) -> Request {
        let all: Vec<_> = (0..=self.below(3)).map(|_| self.message(false)).collect();
        let mut headers = Vec::new();
        if self.one_in(6) {
            headers.clone_from(&all[0].headers);
        }
        if self.one_in(2) {
            let revision = self.pick(&["2025-03-26", "2025-03-26", "2025-06-18"]);
            headers.push(("MCP-Protocol-Version".to_owned(), revision.into()));
        }
        let bodies = all.iter().map(|one| String::from_utf8_lossy(&one.body));
        let bodies: Vec<_> = bodies.collect();
        let body = format!("[{}]", bodies.join(",")).into_bytes();
        Request { headers, body }
    }

    fn message(&mut self, is_modern: bool) -> Request {
        let mut headers = Vec::new();
        let (method, name, mut params) = match self.below(6) {
            0 => self.reading(),
            1 => self.filling_in(),
            _ => self.calling(&mut headers),
        };
        headers.push(("Mcp-Method".to_owned(), method.into()));
        headers.push(("Mcp-Name".to_owned(), self.header(name)));
        if is_modern {
            let version = ("MCP-Protocol-Version".to_owned(), b"2026-07-28".to_vec());
            headers.push(version);
            let meta = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;
            params.push(("_meta", meta.to_owned()));
        }
        let params = self.object(params);
        let id = self.pick(&["1", "\"1\"", "\"\\u0031\"", "-1", "12345678901234567890"]);
        let members = vec![
            ("jsonrpc", "\"2.0\"".to_owned()),
            ("id", id.to_owned()),
            ("method", self.string(method)),
            ("params", params),
        ];
        let body = self.object(members).into_bytes();
        Request { headers, body }
    }

    /// A call of a tool, with what it repeats in headers.
    fn calling(&mut self, headers: &mut Vec<(String, Vec<u8>)>) -> Asked {
        let name = if self.one_in(10) {
            self.pick(&NAMES)
        } else {
            self.pick(&NAMES[..2])
        };
        let arguments = self.arguments(headers);
        let mut params = vec![("name", self.string(name)), ("arguments", arguments)];
        if self.one_in(8) {
            params.pop();
        }
        ("tools/call", name, params)
    }

    /// A prompt to fill in.
    fn filling_in(&mut self) -> Asked {
        let mut arguments = Vec::new();
        for key in ["arg1", "arg2", "arg3"] {
            if self.one_in(12) != (key == "arg3") {
                continue;
            }
            let value = if self.one_in(12) {
                self.value(4)
            } else {
                let text = self.pick(&TEXTS);
                self.string(text)
            };
            arguments.push((key, value));
        }
        let arguments = self.object(arguments);
        let params = vec![("name", self.string(PROMPT)), ("arguments", arguments)];
        ("prompts/get", PROMPT, params)
    }

    /// A resource to read.
    fn reading(&mut self) -> Asked {
        let uri = self.pick(&URIS);
        ("resources/read", uri, vec![("uri", self.string(uri))])
    }

    fn arguments(&mut self, headers: &mut Vec<(String, Vec<u8>)>) -> String {
        let mut members = Vec::new();
        if self.one_in(2) {
            let region = self.pick(&TEXTS);
            headers.push(("Mcp-Param-Region".to_owned(), self.header(region)));
            members.push(("region", self.string(region)));
        }
        if self.one_in(2) {
            let at = self.below(NUMBERS.len());
            let other = if self.one_in(4) {
                self.pick(&NUMBERS)
            } else {
                NUMBERS[at]
            };
            headers.push(("Mcp-Param-Shard".to_owned(), other.into()));
            members.push(("shard", NUMBERS[at].to_owned()));
        }
        if self.one_in(3) {
            let mode = self.pick(&["read", "write", "read", "READ"]);
            members.push(("mode", self.string(mode)));
        }
        if self.one_in(3) {
            members.push(("limit", self.pick(&NUMBERS).to_owned()));
        }
        if self.one_in(4) {
            let items: Vec<_> = (0..self.below(6))
                .map(|_| self.pick(&NUMBERS[..8]))
                .collect();
            members.push(("list", format!("[{}]", items.join(","))));
        }
        if self.one_in(3) {
            members.push(("more", self.value(0)));
        }
        self.object(members)
    }

    fn value(&mut self, depth: usize) -> String {
        match self.below(if depth > 4 { 4 } else { 6 }) {
            0 => self.pick(&["null", "true", "false"]).to_owned(),
            1 | 2 => self.pick(&NUMBERS).to_owned(),
            3 => {
                let text = self.pick(&TEXTS);
                self.string(text)
            }
            4 => {
                let items: Vec<_> = (0..self.below(4)).map(|_| self.value(depth + 1)).collect();
                format!("[{}]", items.join(","))
            }
            _ => {
                let count = self.below(4);
                let keys = ["a", "b", "name", "constructor", ""];
                let members = (0..count).map(|_| (self.pick(&keys), self.value(depth + 1)));
                let members = members.collect();
                self.object(members)
            }
        }
    }

    /// An object with its members in any order and, now and then, one of them twice.
    fn object(&mut self, mut members: Vec<(&'static str, String)>) -> String {
        if !members.is_empty() && self.one_in(4) {
            let at = self.below(members.len());
            members.rotate_left(at);
        }
        if !members.is_empty() && self.one_in(25) {
            let (key, _) = self.pick(&members.iter().map(|(k, _)| (*k, ())).collect::<Vec<_>>());
            let other = self.pick(&["null", "\"any\"", "{}", "1", "\"ping\""]);
            members.insert(self.below(members.len() + 1), (key, other.to_owned()));
        }
        let mut text = String::from("{");
        for (at, (key, value)) in members.into_iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            text += &self.space();
            text += &self.string(key);
            text += &self.space();
            text.push(':');
            text += &value;
        }
        text += &self.space();
        text.push('}');
        text
    }

    fn space(&mut self) -> String {
        if self.one_in(10) {
            self.pick(&[" ", "\n", "\t\r\n "]).to_owned()
        } else {
            String::new()
        }
    }

    /// A string, with escapes where none are needed now and then.
    fn string(&mut self, text: &str) -> String {
        let mut written = String::from("\"");
        let escapes = self.one_in(12);
        for unit in text.chars() {
            let is_special = unit < ' ' || matches!(unit, '"' | '\\');
            if is_special || (escapes && self.one_in(3)) {
                for unit in unit.encode_utf16(&mut [0; 2]) {
                    written += &format!("\\u{unit:04x}");
                }
            } else {
                written.push(unit);
            }
        }
        written.push('"');
        written
    }

    /// A text as the value of a header: as it is, or encoded.
    fn header(&mut self, text: &str) -> Vec<u8> {
        let is_plain = text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) && text.trim() == text;
        if is_plain && !text.starts_with("=?") && !self.one_in(10) {
            return text.into();
        }
        format!("=?base64?{}?=", BASE64_STANDARD.encode(text)).into_bytes()
    }
}

#[test]
fn a_seed_is_written_as_it_is_read() {
    let mut maker = Maker::new(7);
    for _ in 0..200 {
        let request = maker.next(&[]);
        let again = Request::read(&request.written());
        assert_eq!((again.headers, again.body), (request.headers, request.body));
    }
}
