//! Headers that the host fills in, and headers that only it may set.

use crate::Invalid;
use std::{fmt, str::FromStr};

/// Headers that belong to the connection or to the host, never to a tool or a grant.
const RESERVED: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Whether a header, named in lower case, is set by the host alone.
pub fn is_reserved_header(name: &str) -> bool {
    RESERVED.contains(&name) || name.starts_with("proxy-")
}

/// The longest name or form, in bytes.
const LONGEST: usize = 256;
/// Where the value of the secret goes.
const PLACE: &str = "{}";

/// A header with a place for a secret: `Authorization: Bearer {}`.
///
/// The host adds it to requests to the hosts that the secret is bound to, and the tool never sees
/// as much as a stand-in.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SecretHeader {
    /// As it was written, for people; compared without regard to case.
    name: Box<str>,
    before: Box<str>,
    after: Box<str>,
}

impl SecretHeader {
    /// The name of the header.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What stands before and behind the value of the secret.
    pub fn form(&self) -> (&str, &str) {
        (&self.before, &self.after)
    }
}

impl FromStr for SecretHeader {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = |problem: String| Invalid::new("header of a secret", problem);
        let (name, form) = text.split_once(':').ok_or_else(|| {
            invalid("must be a name and a form, such as `Authorization: Bearer {}`".to_owned())
        })?;
        let (name, form) = (name.trim(), form.trim());
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || name.len() > LONGEST || !name.bytes().all(is_token) {
            return Err(invalid(format!(
                "has the name `{}`, which no header can have",
                name.escape_debug()
            )));
        }
        if is_reserved_header(&name.to_ascii_lowercase()) {
            return Err(invalid(format!(
                "cannot be {name}: the host sets it itself"
            )));
        }
        let (before, after) = form
            .split_once(PLACE)
            .filter(|(_, after)| !after.contains(PLACE))
            .ok_or_else(|| {
                invalid(format!(
                    "has the form `{}`, which must have {PLACE} once, where the value goes",
                    form.escape_debug()
                ))
            })?;
        let is_printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        if form.len() > LONGEST || !form.bytes().all(is_printable) {
            return Err(invalid(format!(
                "must have a form of printable ASCII, at most {LONGEST} bytes"
            )));
        }
        Ok(Self {
            name: name.into(),
            before: before.into(),
            after: after.into(),
        })
    }
}

impl fmt::Display for SecretHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}{PLACE}{}", self.name, self.before, self.after)
    }
}

impl fmt::Debug for SecretHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for SecretHeader {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for SecretHeader {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        text.parse::<SecretHeader>().unwrap_err().to_string()
    }

    #[test]
    fn a_header_has_a_name_and_a_place_for_the_value() {
        let header: SecretHeader = "Authorization:Bearer {}".parse().unwrap();
        assert_eq!(header.name(), "Authorization");
        assert_eq!(header.form(), ("Bearer ", ""));
        assert_eq!(header.to_string(), "Authorization: Bearer {}");
        let header: SecretHeader = "X-Api-Key: {}".parse().unwrap();
        assert_eq!(header.form(), ("", ""));
        let header: SecretHeader = "authorization: Token token=\"{}\"".parse().unwrap();
        assert_eq!(header.form(), ("Token token=\"", "\""));
    }

    #[test]
    fn what_is_wrong_with_a_header_is_said() {
        for (text, part) in [
            ("Authorization", "such as `Authorization: Bearer {}`"),
            (": {}", "no header can have"),
            ("Bad Name: {}", "`Bad Name`"),
            ("X-Key: ", "must have {} once"),
            ("X-Key: {value}", "must have {} once"),
            ("X-Key: {}{}", "must have {} once"),
            ("Host: {}", "the host sets it itself"),
            ("Proxy-Authorization: {}", "the host sets it itself"),
            ("X-Key: a\r\nb: {}", "printable ASCII"),
            ("X-Key: ü{}", "printable ASCII"),
        ] {
            let problem = problem(text);
            assert!(problem.contains(part), "{text}: {problem}");
        }
    }
}
