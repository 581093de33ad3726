//! Who made a call.

use crate::{KeyId, KeyName, TokenId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What proves who made a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Credential {
    /// An API key, at the MCP endpoint.
    Key {
        /// Its id.
        id: KeyId,
        /// Its label.
        name: KeyName,
    },
    /// An access token, at the admin API.
    Token {
        /// Its id.
        id: TokenId,
    },
}

/// The name that a client gives itself. Not proof of anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimedClient {
    // Shared, like names: every call hands them on to its record.
    /// Such as `claude-code`.
    #[serde(with = "shared")]
    pub name: Arc<str>,
    /// Such as `2.1.0`.
    #[serde(default, with = "shared")]
    pub version: Arc<str>,
}

/// Shared text as text.
mod shared {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::{borrow::Cow, sync::Arc};

    pub(super) fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<str>, D::Error> {
        Ok(Cow::<str>::deserialize(deserializer)?.into())
    }
}

/// Who made a call: proven by a credential; the client's own name is only claimed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// What proves it.
    pub credential: Credential,
    /// What it calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClaimedClient>,
}
