//! Identifiers: a prefix that says of what, then 32 hexadecimal digits. Opaque, never reused.

use crate::Invalid;
use std::{fmt, str::FromStr};
use uuid::{Uuid, fmt::Simple};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal, $what:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// What every id of this kind starts with.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps a UUID that the caller made (version 7 for things that are listed by age,
            /// version 4 for things whose id must not be guessed).
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// The id as text, written at once: every call is recorded with several.
            fn text(self, into: &mut [u8; $prefix.len() + Simple::LENGTH]) -> &str {
                let (prefix, digits) = into.split_at_mut($prefix.len());
                prefix.copy_from_slice($prefix.as_bytes());
                self.0.simple().encode_lower(digits);
                std::str::from_utf8(into).expect("prefixes and digits are ASCII")
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.text(&mut [0; _]))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                let digits = text.strip_prefix($prefix).filter(|rest| is_simple_uuid(rest));
                digits.and_then(|rest| Uuid::try_parse(rest).ok()).map(Self).ok_or_else(|| {
                    Invalid::new($what, concat!("must be `", $prefix, "` and 32 hexadecimal digits"))
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.text(&mut [0; _]))
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

ids! {
    /// A workspace: the tenant.
    WorkspaceId = "ws_", "workspace id";
    /// A server: the part of its MCP URL that tells it apart. Random, so that nobody guesses one.
    ServerId = "srv_", "server id";
    /// A version: one upload of a component under a name in a server.
    VersionId = "ver_", "version id";
    /// An API key. Public; the secret part is not in it.
    KeyId = "key_", "key id";
    /// An access token of the admin API. Public; the secret part is not in it.
    TokenId = "tok_", "token id";
    /// One call of a tool.
    CallId = "call_", "call id";
    /// A call that its client polls. Random, so that nobody guesses one.
    TaskId = "task_", "task id";
}

fn is_simple_uuid(text: &str) -> bool {
    text.len() == 32
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_prints_as_it_parses() {
        let text = "srv_0123456789abcdef0123456789abcdef";
        assert_eq!(text.parse::<ServerId>().unwrap().to_string(), text);
    }

    #[test]
    fn another_prefix_or_another_spelling_is_refused() {
        for text in [
            "key_0123456789abcdef0123456789abcdef",
            "srv_0123456789ABCDEF0123456789abcdef",
            "srv_01234567-89ab-cdef-0123-456789abcdef",
            "srv_",
            "",
        ] {
            assert!(text.parse::<ServerId>().is_err(), "{text}");
        }
    }
}
