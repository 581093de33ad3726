//! What a commit asks for.

use super::{Error, MAX_KEY_BYTES, MAX_RECORD_BYTES, Revision, printable};
use std::{collections::BTreeSet, fmt};

/// What must be true of a key for a commit to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// There is no such key.
    Absent(Vec<u8>),
    /// The key was last changed by this commit.
    AtRevision(Vec<u8>, Revision),
    /// There is such a key.
    Present(Vec<u8>),
}

impl Precondition {
    /// The key it is about.
    pub fn key(&self) -> &[u8] {
        match self {
            Self::Absent(key) | Self::AtRevision(key, _) | Self::Present(key) => key,
        }
    }

    /// Whether it holds for a key that was last changed at `revision`, or that is absent.
    pub fn holds(&self, revision: Option<Revision>) -> bool {
        match self {
            Self::Absent(_) => revision.is_none(),
            Self::AtRevision(_, expected) => revision == Some(*expected),
            Self::Present(_) => revision.is_some(),
        }
    }
}

/// One write of a commit.
#[derive(Clone, PartialEq, Eq)]
pub enum Write {
    /// The key gets this value.
    Put {
        /// The key.
        key: Vec<u8>,
        /// Its new value.
        value: Vec<u8>,
    },
    /// The key goes away.
    Delete {
        /// The key.
        key: Vec<u8>,
    },
}

impl Write {
    /// The key it writes.
    pub fn key(&self) -> &[u8] {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }

    /// Bytes of key and value.
    fn size(&self) -> usize {
        match self {
            Self::Put { key, value } => key.len() + value.len(),
            Self::Delete { key } => key.len(),
        }
    }
}

// A value may hold the hash of a key or a sealed secret, and changes end up in logs.
impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put { key, value } => {
                write!(f, "Put({}, {} bytes)", printable(key), value.len())
            }
            Self::Delete { key } => write!(f, "Delete({})", printable(key)),
        }
    }
}

/// Writes that happen together, and what must be true for them to happen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transaction {
    /// All must hold.
    pub preconditions: Vec<Precondition>,
    /// All happen, or none. No key twice.
    pub writes: Vec<Write>,
}

impl Transaction {
    /// One that asks for nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a precondition.
    #[must_use]
    pub fn require(mut self, precondition: Precondition) -> Self {
        self.preconditions.push(precondition);
        self
    }

    /// Adds a write of a value.
    #[must_use]
    pub fn put(mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        self.writes.push(Write::Put {
            key: key.into(),
            value: value.into(),
        });
        self
    }

    /// Adds a removal.
    #[must_use]
    pub fn delete(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.writes.push(Write::Delete { key: key.into() });
        self
    }

    /// What every engine refuses before it looks at what it holds.
    pub fn check(&self) -> Result<(), Error> {
        let mut seen = BTreeSet::new();
        for write in &self.writes {
            let key = write.key();
            if !(1..=MAX_KEY_BYTES).contains(&key.len()) {
                return Err(Error::InvalidKey {
                    size: key.len(),
                    limit: MAX_KEY_BYTES,
                });
            }
            if write.size() > MAX_RECORD_BYTES {
                return Err(Error::RecordTooLarge {
                    key: printable(key),
                    size: write.size(),
                    limit: MAX_RECORD_BYTES,
                });
            }
            if !seen.insert(key) {
                return Err(Error::DuplicateKey {
                    key: printable(key),
                });
            }
        }
        Ok(())
    }
}
