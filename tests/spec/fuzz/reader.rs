//! A reader of JSON of its own, written from RFC 8259 alone and sharing nothing with the one under
//! test: it keeps all that is written, every member of an object however often its key comes, and
//! numbers as their text.

/// A value, with the text that it was read from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node<'a> {
    pub(super) text: &'a str,
    pub(super) kind: Kind<'a>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind<'a> {
    Null,
    Bool,
    Number,
    /// `None` if it is no text: half a surrogate pair.
    Text(Option<String>),
    List(Vec<Node<'a>>),
    Object(Vec<(Option<String>, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// Reads a whole text.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let mut reader = Reader { text, at: 0 };
        reader.space();
        let node = reader.value(0)?;
        reader.space();
        (reader.at == text.len()).then_some(node)
    }

    /// The members of this name, however many.
    pub(super) fn all(&self, name: &str) -> Vec<&Node<'a>> {
        let Kind::Object(members) = &self.kind else {
            return Vec::new();
        };
        let named = members
            .iter()
            .filter(|(key, _)| key.as_deref() == Some(name));
        named.map(|(_, value)| value).collect()
    }

    /// The one member of this name, if there is one and it is not null.
    pub(super) fn one(&self, name: &str) -> Option<&Node<'a>> {
        match self.all(name)[..] {
            [node] if node.kind != Kind::Null => Some(node),
            _ => None,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => text.as_deref(),
            _ => None,
        }
    }

    /// A key that comes twice in one object, at any depth.
    pub(super) fn twice(&self) -> Option<String> {
        match &self.kind {
            Kind::List(items) => items.iter().find_map(Self::twice),
            Kind::Object(members) => {
                let mut keys: Vec<_> = members.iter().map(|(key, _)| key).collect();
                keys.sort();
                let pair = keys.windows(2).find(|pair| pair[0] == pair[1]);
                pair.map(|pair| format!("{:?}", pair[0]))
                    .or_else(|| members.iter().find_map(|(_, value)| value.twice()))
            }
            _ => None,
        }
    }

    /// Whether there is half a surrogate pair anywhere.
    pub(super) fn has_no_text(&self) -> bool {
        match &self.kind {
            Kind::Text(text) => text.is_none(),
            Kind::List(items) => items.iter().any(Self::has_no_text),
            Kind::Object(members) => members
                .iter()
                .any(|(key, value)| key.is_none() || value.has_no_text()),
            _ => false,
        }
    }

    /// How deep it nests.
    pub(super) fn depth(&self) -> usize {
        match &self.kind {
            Kind::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Kind::Object(members) => {
                1 + members
                    .iter()
                    .map(|(_, node)| node.depth())
                    .max()
                    .unwrap_or(0)
            }
            _ => 0,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, wanted: &str) -> Option<()> {
        self.text[self.at..]
            .starts_with(wanted)
            .then(|| self.at += wanted.len())
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Option<Node<'a>> {
        // Our own stack; what is deeper than any reader goes is nothing to compare.
        if depth > 1_000 {
            return None;
        }
        let start = self.at;
        let kind = match self.peek()? {
            b'n' => self.take("null").map(|()| Kind::Null)?,
            b't' => self.take("true").map(|()| Kind::Bool)?,
            b'f' => self.take("false").map(|()| Kind::Bool)?,
            b'"' => Kind::Text(self.string()?),
            b'[' => Kind::List(self.list(depth)?),
            b'{' => Kind::Object(self.object(depth)?),
            _ => self.number().map(|()| Kind::Number)?,
        };
        let text = &self.text[start..self.at];
        Some(Node { text, kind })
    }

    fn list(&mut self, depth: usize) -> Option<Vec<Node<'a>>> {
        self.take("[")?;
        self.space();
        let mut items = Vec::new();
        if self.take("]").is_some() {
            return Some(items);
        }
        loop {
            self.space();
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take("]").is_some() {
                return Some(items);
            }
            self.take(",")?;
        }
    }

    fn object(&mut self, depth: usize) -> Option<Vec<(Option<String>, Node<'a>)>> {
        self.take("{")?;
        self.space();
        let mut members = Vec::new();
        if self.take("}").is_some() {
            return Some(members);
        }
        loop {
            self.space();
            let key = self.string()?;
            self.space();
            self.take(":")?;
            self.space();
            members.push((key, self.value(depth + 1)?));
            self.space();
            if self.take("}").is_some() {
                return Some(members);
            }
            self.take(",")?;
        }
    }

    fn number(&mut self) -> Option<()> {
        let _ = self.take("-");
        if self.take("0").is_none() {
            self.digits()?;
        }
        if self.take(".").is_some() {
            self.digits()?;
        }
        if self.take("e").or_else(|| self.take("E")).is_some() {
            let _ = self.take("+").or_else(|| self.take("-"));
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// The units of a string as UTF-16, which is what its escapes are in; then as text.
    #[expect(
        clippy::option_option,
        reason = "no string, and a string that is no text"
    )]
    fn string(&mut self) -> Option<Option<String>> {
        self.take("\"")?;
        let mut units = Vec::new();
        loop {
            let char = self.text[self.at..].chars().next()?;
            self.at += char.len_utf8();
            match char {
                '"' => return Some(String::from_utf16(&units).ok()),
                '\\' => units.push(self.escaped()?),
                '\0'..='\x1f' => return None,
                other => units.extend(other.encode_utf16(&mut [0; 2]).iter()),
            }
        }
    }

    fn escaped(&mut self) -> Option<u16> {
        let char = self.peek()?;
        self.at += 1;
        let unit = match char {
            b'"' | b'\\' | b'/' => u16::from(char),
            b'b' => 8,
            b'f' => 12,
            b'n' => 10,
            b'r' => 13,
            b't' => 9,
            b'u' => {
                let digits = self.text.as_bytes().get(self.at..self.at + 4)?;
                if !digits.iter().all(u8::is_ascii_hexdigit) {
                    return None;
                }
                self.at += 4;
                u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?
            }
            _ => return None,
        };
        Some(unit)
    }
}

/// A number by what it says: sign, digits without zeros at the ends, and the power of ten behind
/// them. Nothing is said about exponents that nobody could mean.
pub(super) fn number(text: &str) -> Option<(bool, String, i128)> {
    let mut reader = Reader { text, at: 0 };
    reader.number()?;
    if reader.at != text.len() {
        return None;
    }
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i128 = exponent.parse().ok()?;
    let (is_negative, unsigned) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_end_matches('0');
    let power = exponent - fraction.len() as i128 + (all.len() - digits.len()) as i128;
    let digits = digits.trim_start_matches('0').to_owned();
    Some(if digits.is_empty() {
        (false, digits, 0)
    } else {
        (is_negative, digits, power)
    })
}

#[test]
fn the_reader_keeps_what_others_drop() {
    let text = r#" {"a":1e2,"\u0061":[null,"\ud83d\ude00","\ud800"]} "#;
    let node = Node::read(text).unwrap();
    assert_eq!(node.all("a").len(), 2);
    assert!(node.twice().is_some() && node.has_no_text() && node.one("a").is_none());
    assert_eq!((node.depth(), node.all("a")[0].text), (2, "1e2"));
    for broken in [
        "{",
        "01",
        "1.",
        "+1",
        "\"\u{1}\"",
        "[1,]",
        "{} {}",
        "nul",
        "\"\\x\"",
        "",
    ] {
        assert_eq!(Node::read(broken), None, "{broken}");
    }
    assert_eq!(number("100"), number("1.0e2"));
    assert_ne!(number("9007199254740993"), number("9007199254740992"));
}
