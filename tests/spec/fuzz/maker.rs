//! Makes requests: from the grammar of a call with every freedom that JSON and HTTP leave, and by
//! damage to requests that showed something before.

use base64::{Engine as _, prelude::BASE64_STANDARD};

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

/// Pieces that readers disagree about.
const PIECES: [&str; 24] = [
    "\"name\":\"any\",",
    "\"arguments\":{},",
    "\\u0000",
    "\u{0}",
    "\u{feff}",
    "\\ud800",
    "\u{2028}",
    "\"params\":{},",
    "\"method\":\"ping\",",
    "null",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "1e400",
    "-0",
    "9007199254740993",
    "/**/",
    ",",
    "}{",
    "\"\\u006eame\":\"any\",",
    "\"Name\":\"any\",",
    "NaN",
    "'",
    "\"__proto__\":{},",
    "\u{17f}",
    "\"id\":\"1\",",
];

const NUMBERS: [&str; 22] = [
    "0",
    "-0",
    "1",
    "1.0",
    "10e-1",
    "0.1e1",
    "1E0",
    "-1",
    "500",
    "5e2",
    "1001",
    "1e3",
    "1.5",
    "9007199254740992",
    "9007199254740993",
    "9007199254740994",
    "18446744073709551616",
    "1e19",
    "9007199254740992.5",
    "1e400",
    "1e-400",
    "123456789012345678901234567890",
];

const TEXTS: [&str; 12] = [
    "",
    "eu",
    "EU",
    "read",
    "write",
    "Grüße",
    " eu ",
    "=?base64?ZXU=?=",
    "a\u{0}b",
    "a\\b\"c",
    "😀",
    "42",
];

const NAMES: [&str; 8] = [
    "seen",
    "any",
    "Seen",
    "seen ",
    "",
    "s\u{17f}een",
    "seen\u{0}",
    "nothing",
];

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
            self.call()
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

    /// A call that is mostly right.
    fn call(&mut self) -> Request {
        let is_modern = !self.one_in(3);
        let name = if self.one_in(10) {
            self.pick(&NAMES)
        } else {
            self.pick(&NAMES[..2])
        };
        let mut headers = vec![("Mcp-Method".to_owned(), b"tools/call".to_vec())];
        headers.push(("Mcp-Name".to_owned(), self.header(name)));
        let arguments = self.arguments(&mut headers);
        let mut params = vec![("name", self.string(name)), ("arguments", arguments)];
        if is_modern {
            let version = ("MCP-Protocol-Version".to_owned(), b"2026-07-28".to_vec());
            headers.push(version);
            let meta = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;
            params.push(("_meta", meta.to_owned()));
        }
        if self.one_in(8) {
            params.remove(1);
        }
        let params = self.object(params);
        let id = self.pick(&["1", "\"1\"", "\"\\u0031\"", "-1", "12345678901234567890"]);
        let members = vec![
            ("jsonrpc", "\"2.0\"".to_owned()),
            ("id", id.to_owned()),
            ("method", self.string("tools/call")),
            ("params", params),
        ];
        let body = self.object(members).into_bytes();
        Request { headers, body }
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

    fn damage_headers(&mut self, request: &mut Request) {
        if request.headers.is_empty() {
            return;
        }
        let at = self.below(request.headers.len());
        let (name, value) = request.headers[at].clone();
        match self.below(6) {
            0 => drop(request.headers.remove(at)),
            1 => request.headers.push((name, value)),
            2 => request.headers[at].0 = name.to_ascii_uppercase(),
            3 => request.headers[at].1 = self.pick(&TEXTS[1..5]).into(),
            4 => request.headers.push((name, self.pick(&NAMES[..2]).into())),
            _ => {
                let text = String::from_utf8_lossy(&value).into_owned();
                request.headers[at].1 =
                    format!("=?base64?{}?=", BASE64_STANDARD.encode(text)).into();
            }
        }
    }

    fn damage_body(&mut self, body: &mut Vec<u8>, pool: &[Request]) {
        let at = self.below(body.len() + 1);
        match self.below(6) {
            0 => {
                let piece = self.pick(&PIECES);
                body.splice(at..at, piece.bytes());
            }
            // After a bracket or a comma a member fits.
            1 => {
                let fits = body
                    .iter()
                    .enumerate()
                    .filter(|(_, byte)| b"{,".contains(byte));
                let fits: Vec<_> = fits.map(|(at, _)| at + 1).collect();
                if !fits.is_empty() {
                    let (at, piece) = (self.pick(&fits), self.pick(&PIECES));
                    body.splice(at..at, piece.bytes());
                }
            }
            2 if at < body.len() => body[at] = self.random() as u8,
            3 if at < body.len() => drop(body.remove(at)),
            4 if !pool.is_empty() => {
                let other = &pool[self.below(pool.len())].body;
                let from = self.below(other.len() + 1);
                let piece: Vec<_> = other[from..].iter().take(40).copied().collect();
                body.splice(at..at, piece);
            }
            _ => body.truncate(at.max(body.len().saturating_sub(3))),
        }
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
