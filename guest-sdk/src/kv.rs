//! A small store that belongs to one server and outlives calls.
//!
//! A tool that uses it says so with `#[tool(key_value)]`.

use crate::{ToolError, host::Host};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;

/// A stored value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The bytes.
    pub value: Vec<u8>,
    /// Rises with each change of the key.
    pub revision: u64,
}

/// What must be true of a key for a write to happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    #[default]
    Anything,
    /// It is not there.
    Absent,
    /// It is at this revision.
    Revision(u64),
}

/// Some keys, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The keys.
    pub keys: Vec<String>,
    /// Where to go on, or `None` at the end.
    pub cursor: Option<String>,
}

/// Why the store gave no answer.
///
/// Through `?` it becomes a [`ToolError`] that the model can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KvError {
    /// The grant does not allow it.
    NotGranted,
    /// The value, the key or the whole store is over its limit; the text says which.
    TooLarge(String),
    /// The store cannot answer now.
    Unavailable,
}

impl From<KvError> for ToolError {
    fn from(error: KvError) -> Self {
        match error {
            KvError::NotGranted => {
                Self::user("This tool may not keep values. An administrator can grant it.")
                    .code("key-value-not-granted")
            }
            KvError::TooLarge(what) => Self::user("The tool has no room to keep this value.")
                .code("key-value-too-large")
                .with_detail(what),
            KvError::Unavailable => Self::user("The tool's store cannot answer now.")
                .code("key-value-unavailable")
                .hint("Try again later."),
        }
    }
}

/// The store. From [`Cx::kv`](crate::Cx::kv).
#[derive(Debug)]
pub struct KeyValue<'cx> {
    pub(crate) host: &'cx Host,
}

impl KeyValue<'_> {
    /// The value of a key, if it is there.
    pub fn get(&self, key: &str) -> Result<Option<Entry>, KvError> {
        self.host.kv_get(key)
    }

    /// The value of a key, read as JSON.
    pub fn get_json<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, ToolError> {
        match self.get(key)? {
            Some(entry) => Ok(Some(serde_json::from_slice(&entry.value)?)),
            None => Ok(None),
        }
    }

    /// Writes a value.
    pub fn set(&self, key: &str, value: impl AsRef<[u8]>) -> Result<(), KvError> {
        self.set_if(key, value, Condition::Anything, None)?;
        Ok(())
    }

    /// Writes a value as JSON.
    pub fn set_json(&self, key: &str, value: &impl Serialize) -> Result<(), ToolError> {
        Ok(self.set(key, serde_json::to_vec(value)?)?)
    }

    /// Writes a value if the condition holds, to be forgotten after `ttl`. Gives the new revision,
    /// or `None` if the condition did not hold.
    pub fn set_if(
        &self,
        key: &str,
        value: impl AsRef<[u8]>,
        condition: Condition,
        ttl: Option<Duration>,
    ) -> Result<Option<u64>, KvError> {
        self.host.kv_set(key, value.as_ref(), condition, ttl)
    }

    /// Removes a key if the condition holds. Says whether it was there and the condition held.
    pub fn delete(&self, key: &str, condition: Condition) -> Result<bool, KvError> {
        self.host.kv_delete(key, condition)
    }

    /// At most `limit` keys that start with `prefix`, in order, from `cursor` on.
    pub fn keys(&self, prefix: &str, cursor: Option<&str>, limit: u32) -> Result<Page, KvError> {
        self.host.kv_keys(prefix, cursor, limit)
    }
}
