//! Looks for secrets in bytes, in every way that a guest could have written them down simply.

use base64::{Engine, engine::general_purpose};

/// How many ways there are.
pub(super) const ENCODINGS: usize = 12;

/// The ways in which a text can be written, by name: what has to be found if it is there.
pub(super) fn encodings(secret: &str) -> [(&'static str, Vec<u8>); ENCODINGS] {
    let each =
        |what: &dyn Fn(u8) -> String| secret.bytes().map(what).collect::<String>().into_bytes();
    let utf16 = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [
        ("as it is", secret.as_bytes().to_vec()),
        (
            "base64",
            base64_of(&general_purpose::STANDARD_NO_PAD, secret, 0),
        ),
        (
            "base64 behind one byte",
            base64_of(&general_purpose::STANDARD_NO_PAD, secret, 1),
        ),
        (
            "base64 behind two bytes",
            base64_of(&general_purpose::STANDARD_NO_PAD, secret, 2),
        ),
        (
            "base64url",
            base64_of(&general_purpose::URL_SAFE_NO_PAD, secret, 0),
        ),
        (
            "base64url behind one byte",
            base64_of(&general_purpose::URL_SAFE_NO_PAD, secret, 1),
        ),
        (
            "base64url behind two bytes",
            base64_of(&general_purpose::URL_SAFE_NO_PAD, secret, 2),
        ),
        ("hex", each(&|byte| format!("{byte:02x}"))),
        ("capital hex", each(&|byte| format!("{byte:02X}"))),
        ("percent", each(&|byte| format!("%{byte:02X}"))),
        ("JSON escapes", each(&|byte| format!("\\u{byte:04x}"))),
        ("UTF-16", utf16),
    ]
}

/// The characters of base64 that depend on nothing but the secret, when so many bytes are before it.
fn base64_of(engine: &impl Engine, secret: &str, before: usize) -> Vec<u8> {
    let bytes = [&[0; 3][..before], secret.as_bytes()].concat();
    let text = engine.encode(&bytes).into_bytes();
    let first = (before * 8).div_ceil(6);
    let last = bytes.len() * 8 / 6;
    text[first..last].to_vec()
}

/// What is looked for in one go: every secret in every encoding.
pub(super) struct Scanner {
    needles: Vec<(String, Vec<u8>)>,
    /// Which needles begin with a pair of bytes.
    by_begin: Vec<Vec<usize>>,
}

impl Scanner {
    pub(super) fn new(secrets: &[(String, String)]) -> Self {
        let needles = secrets.iter().flat_map(|(name, secret)| {
            let all = encodings(secret).into_iter();
            all.map(move |(how, bytes)| (format!("{name} {how}"), bytes))
        });
        let needles: Vec<_> = needles.collect();
        let mut by_begin = vec![Vec::new(); 1 << 16];
        for (number, (_, needle)) in needles.iter().enumerate() {
            by_begin[begin(needle[0], needle[1])].push(number);
        }
        Self { needles, by_begin }
    }

    /// The names of the secrets that are there, and how.
    pub(super) fn found(&self, bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        let mut before = None;
        for (at, &byte) in bytes.iter().enumerate() {
            let Some(before) = before.replace(byte) else {
                continue;
            };
            for &number in &self.by_begin[begin(before, byte)] {
                let (what, needle) = &self.needles[number];
                if bytes[at - 1..].starts_with(needle) {
                    found.push(what.clone());
                }
            }
        }
        found.sort();
        found.dedup();
        found
    }
}

fn begin(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

#[test]
fn control_a_planted_secret_is_found_in_each_encoding() {
    let secret = "c4n4ry?>~+/=with some ends~?>";
    let scanner = Scanner::new(&[("CANARY".to_owned(), secret.to_owned())]);
    let noise = [0xff, 0, 7, b'"'].repeat(100);
    assert_eq!(scanner.found(&noise), [""; 0]);
    for (how, bytes) in encodings(secret) {
        let planted = [&noise, &bytes[..], &noise].concat();
        let expected = format!("CANARY {how}");
        assert!(scanner.found(&planted).contains(&expected), "{how}");
        let cut = [&noise, &bytes[..bytes.len() - 1], &noise].concat();
        assert!(!scanner.found(&cut).contains(&expected), "{how}, cut");
    }
}

#[test]
fn control_what_a_library_encodes_is_found_wherever_it_stands_in_a_text() {
    let secret = "c4n4ry-in-a-longer-text";
    let scanner = Scanner::new(&[("CANARY".to_owned(), secret.to_owned())]);
    for before in 0..7 {
        let text = format!("{}{secret} and after", "x".repeat(before));
        let encoded = general_purpose::STANDARD.encode(text);
        assert!(
            !scanner.found(encoded.as_bytes()).is_empty(),
            "behind {before} bytes"
        );
    }
}
