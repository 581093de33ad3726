//! What must not show: hashes of credentials, and sealed secrets.

use super::{Key, Record};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use casemate_domain::{Digest, SecretName, WorkspaceId};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{borrow::Cow, fmt};

/// The hash of a key or token. It cannot be compared with `==`, whose duration depends on where
/// the difference is; compare [`TokenHash::as_bytes`] in constant time.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Wraps a computed hash.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

// The same 64 hexadecimal digits as those of a digest.
impl Serialize for TokenHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Digest::from_bytes(self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TokenHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Digest::deserialize(deserializer).map(|digest| Self(*digest.as_bytes()))
    }
}

/// A secret of a workspace, sealed by whoever holds the key that `key_id` names.
#[derive(Clone, Serialize, Deserialize)]
pub struct SecretRecord {
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// Its name.
    pub name: SecretName,
    /// Rises by one with each new value.
    pub version: u64,
    /// The nonce of the sealing.
    #[serde(with = "base64_bytes")]
    pub nonce: Vec<u8>,
    /// The sealed value.
    #[serde(with = "base64_bytes")]
    pub ciphertext: Vec<u8>,
    /// Which key it is sealed with.
    pub key_id: String,
    /// When this value was set.
    pub updated_at: Timestamp,
}

impl SecretRecord {
    /// Where the secret is kept.
    pub fn at(workspace: WorkspaceId, name: &SecretName) -> Key<Self> {
        Key::new(&[&workspace, &"secret", name])
    }

    /// Where the secrets of a workspace are kept.
    pub fn of_workspace(workspace: WorkspaceId) -> Key<Self> {
        Key::new(&[&workspace, &"secret", &""])
    }
}

impl Record for SecretRecord {
    fn key(&self) -> Key<Self> {
        Self::at(self.workspace_id, &self.name)
    }
}

impl fmt::Debug for SecretRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretRecord")
            .field("workspace_id", &self.workspace_id)
            .field("name", &self.name)
            .field("version", &self.version)
            .field("key_id", &self.key_id)
            .field("updated_at", &self.updated_at)
            .finish_non_exhaustive()
    }
}

mod base64_bytes {
    use super::*;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD_NO_PAD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        // The decoder's own error quotes what it did not understand.
        STANDARD_NO_PAD
            .decode(text.as_bytes())
            .map_err(|_| D::Error::custom("is not base64"))
    }
}
