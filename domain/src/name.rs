//! Names that people choose.

use crate::{Invalid, hidden_character, is_invisible};
use std::{fmt, str::FromStr, sync::Arc};

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident($what:literal, $check:path);)+) => {$(
        $(#[$doc])*
        // Shared, because every call carries several along and hands them on.
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                $check(text).map_err(|problem| Invalid::new($what, problem))?;
                Ok(Self(text.into()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

names! {
    /// The name of a workspace: 1 to 40 of `a-z 0-9 -`, starting with a letter.
    WorkspaceName("workspace name", slug);
    /// The name of a server, unique in its workspace: 1 to 40 of `a-z 0-9 -`, starting with a letter.
    ServerName("server name", slug);
    /// The name of a tool, unique in its server: 1 to 128 of `A-Z a-z 0-9 _ - .`.
    ToolName("tool name", tool_name);
    /// What a server puts before the names of its tools: 1 to 64 of `A-Z a-z 0-9 _ - .`.
    ToolPrefix("tool prefix", tool_prefix);
    /// Tools by name: one name, or the beginning of names and a `*`.
    ToolPattern("tool", tool_pattern);
    /// The name of a prompt, unique in its server: 1 to 128 of `A-Z a-z 0-9 _ - .`.
    PromptName("prompt name", tool_name);
    /// The URI of a resource, unique in its server: absolute, at most 2048 bytes.
    ResourceUri("resource URI", uri);
    /// The name under which versions of a component are uploaded to a server: 1 to 40 of
    /// `a-z 0-9 -`, starting with a letter.
    ComponentName("component name", slug);
    /// The name of a secret or a setting: `UPPER_SNAKE_CASE`, 1 to 64 characters.
    SecretName("secret name", upper_snake);
    /// The label of a key: 1 to 64 printable characters.
    KeyName("key name", label);
    /// The label of an access token: 1 to 64 printable characters.
    TokenName("token name", label);
}

impl ToolPattern {
    /// Whether a tool is meant.
    pub fn matches(&self, name: &ToolName) -> bool {
        match self.as_str().strip_suffix('*') {
            Some(beginning) => name.as_str().starts_with(beginning),
            None => self.as_str() == name.as_str(),
        }
    }
}

fn slug(text: &str) -> Result<(), String> {
    let valid = (1..=40).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    valid.then_some(()).ok_or_else(|| {
        format!(
            "`{}` must be 1 to 40 of a-z, 0-9 and -, starting with a letter",
            shown(text)
        )
    })
}

fn tool_name(text: &str) -> Result<(), String> {
    let valid = (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    valid.then_some(()).ok_or_else(|| {
        format!(
            "`{}` must be 1 to 128 of A-Z, a-z, 0-9, _, - and .",
            shown(text)
        )
    })
}

fn tool_prefix(text: &str) -> Result<(), String> {
    let valid = text.len() <= 64 && tool_name(text).is_ok();
    valid.then_some(()).ok_or_else(|| {
        format!(
            "`{}` must be 1 to 64 of A-Z, a-z, 0-9, _, - and .",
            shown(text)
        )
    })
}

fn tool_pattern(text: &str) -> Result<(), String> {
    match text.strip_suffix('*') {
        Some("") => Ok(()),
        Some(beginning) => tool_name(beginning),
        None => tool_name(text),
    }
}

/// The longest URI, in bytes.
const LONGEST_URI: usize = 2048;

fn uri(text: &str) -> Result<(), String> {
    if text.len() > LONGEST_URI {
        return Err(format!("is longer than {LONGEST_URI} bytes"));
    }
    let valid = has_scheme(text) && !text.ends_with(':') && text.bytes().all(is_uri_byte);
    valid.then_some(()).ok_or_else(|| {
        format!(
            "`{}` must have a scheme, such as `notes://today`, and only characters that URIs have",
            shown(text)
        )
    })
}

/// Whether a text begins with a scheme.
pub(crate) fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        let is_scheme = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
        scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.bytes().all(is_scheme)
    })
}

/// Whether a byte may stand in a URI (RFC 3986), percent signs and brackets included.
pub(crate) fn is_uri_byte(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
        )
}

fn upper_snake(text: &str) -> Result<(), String> {
    let valid = (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    valid.then_some(()).ok_or_else(|| {
        format!(
            "`{}` must be UPPER_SNAKE_CASE, 1 to 64 characters",
            shown(text)
        )
    })
}

fn label(text: &str) -> Result<(), String> {
    let length = text.chars().count();
    let is_readable = !text.chars().any(char::is_control) && hidden_character(text).is_none();
    let valid = (1..=64).contains(&length) && text.trim() == text && is_readable;
    valid.then_some(()).ok_or_else(|| {
        format!(
            "`{}` must be 1 to 64 characters without control and invisible ones",
            shown(text)
        )
    })
}

/// At most 40 characters of a refused name, with nothing that would act on a terminal.
fn shown(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    let written_out = |c: char| {
        if is_invisible(c) {
            c.escape_unicode().to_string()
        } else {
            c.escape_debug().to_string()
        }
    };
    short.chars().map(written_out).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_names_are_kept_as_they_are() {
        assert_eq!("acme".parse::<WorkspaceName>().unwrap().as_str(), "acme");
        assert_eq!(
            "get_weather.v2".parse::<ToolName>().unwrap().as_str(),
            "get_weather.v2"
        );
        assert_eq!(
            "notes://today?x=%20#1"
                .parse::<ResourceUri>()
                .unwrap()
                .as_str(),
            "notes://today?x=%20#1"
        );
        assert_eq!(
            "API_KEY_2".parse::<SecretName>().unwrap().as_str(),
            "API_KEY_2"
        );
        assert_eq!(
            "Ada's laptop".parse::<KeyName>().unwrap().as_str(),
            "Ada's laptop"
        );
    }

    #[test]
    fn invalid_names_are_refused() {
        assert!("Acme".parse::<WorkspaceName>().is_err());
        assert!("1acme".parse::<ServerName>().is_err());
        assert!("a".repeat(41).parse::<ServerName>().is_err());
        assert!("get weather".parse::<ToolName>().is_err());
        assert!("a".repeat(129).parse::<ToolName>().is_err());
        for uri in [
            "",
            "today",
            "/today",
            "1a:b",
            "a:",
            "a://b c",
            "a://{b}",
            "a://\u{200B}",
        ] {
            assert!(uri.parse::<ResourceUri>().is_err(), "{uri}");
        }
        let long = format!("a:{}", "b".repeat(LONGEST_URI));
        assert!(long.parse::<ResourceUri>().is_err());
        assert!("api_key".parse::<SecretName>().is_err());
        assert!(" padded".parse::<KeyName>().is_err());
        assert!("bell\u{7}".parse::<KeyName>().is_err());
        assert!("gpj\u{202E}exe".parse::<KeyName>().is_err());
        assert!("Ada\u{200B}".parse::<TokenName>().is_err());
    }

    #[test]
    fn a_pattern_is_a_name_or_the_beginning_of_names() {
        let matches = |pattern: &str, name: &str| {
            let pattern: ToolPattern = pattern.parse().unwrap();
            pattern.matches(&name.parse().unwrap())
        };
        assert!(matches("get_weather", "get_weather"));
        assert!(!matches("get_weather", "get_weather_2"));
        assert!(matches("get_*", "get_weather"));
        assert!(!matches("get_*", "forget_weather"));
        assert!(matches("*", "anything"));
        for wrong in ["", "*_weather", "get_**", "a b"] {
            assert!(wrong.parse::<ToolPattern>().is_err(), "{wrong}");
        }
        assert!("w".repeat(65).parse::<ToolPrefix>().is_err());
    }

    #[test]
    fn a_refusal_shows_no_control_characters() {
        let error = "a\u{1b}[2J".parse::<ToolName>().unwrap_err();
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
        let error = "a\u{202E}".parse::<KeyName>().unwrap_err();
        assert!(error.to_string().contains("\\u{202e}"), "{error}");
    }
}
