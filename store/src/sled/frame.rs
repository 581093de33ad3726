//! How things are spelled in the log.
//!
//! A record is `schema, revision, value, checksum`; the checksum covers the key too, so a value
//! under the wrong key is damage. The head is `schema, id, revision, fingerprint, checksum`.

use crate::metadata::{Entry, Error, Revision, printable};
use uuid::Uuid;

/// What all of it starts with.
const SCHEMA: u8 = 1;

/// The key of the head.
pub(super) const HEAD: &[u8] = b"h";

/// What the keys of records start with, in sled.
const RECORD: u8 = b'r';

/// The key under which sled keeps a record.
pub(super) fn record_key(key: &[u8]) -> Vec<u8> {
    [&[RECORD], key].concat()
}

/// The frame of a value.
pub(super) fn encode(key: &[u8], revision: Revision, value: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(value.len() + 13);
    frame.push(SCHEMA);
    frame.extend(revision.0.to_be_bytes());
    frame.extend(value);
    frame.extend(checksum(key, &frame));
    frame
}

/// What is in a frame. `stored_key` is the key that sled has for it.
pub(super) fn decode(stored_key: &[u8], frame: &[u8]) -> Result<Entry, Error> {
    let key = stored_key.get(1..).unwrap_or_default();
    unframe(key, frame).ok_or_else(|| Error::DamagedRecord {
        key: printable(key),
    })
}

fn unframe(key: &[u8], frame: &[u8]) -> Option<Entry> {
    let (body, sum) = frame.split_last_chunk::<4>()?;
    if checksum(key, body) != *sum {
        return None;
    }
    let (revision, value) = body.strip_prefix(&[SCHEMA])?.split_first_chunk::<8>()?;
    Some(Entry {
        key: key.to_vec(),
        value: value.to_vec(),
        revision: Revision(u64::from_be_bytes(*revision)),
    })
}

fn checksum(key: &[u8], body: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&(key.len() as u64).to_be_bytes());
    hasher.update(key);
    hasher.update(body);
    hasher.finalize().to_be_bytes()
}

/// What the store as a whole is, written with every commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Of this store, to tell it from others.
    pub(super) id: Uuid,
    /// The last commit.
    pub(super) revision: Revision,
    /// The sum of the marks of all records. The order of changes does not matter to a sum, so a
    /// commit needs to look only at what it changes.
    pub(super) fingerprint: u128,
}

impl Head {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut frame = vec![SCHEMA];
        frame.extend(self.id.as_bytes());
        frame.extend(self.revision.0.to_be_bytes());
        frame.extend(self.fingerprint.to_be_bytes());
        frame.extend(checksum(HEAD, &frame));
        frame
    }

    pub(super) fn decode(frame: &[u8]) -> Option<Self> {
        let (body, sum) = frame.split_last_chunk::<4>()?;
        if checksum(HEAD, body) != *sum {
            return None;
        }
        let (id, rest) = body.strip_prefix(&[SCHEMA])?.split_first_chunk::<16>()?;
        let (revision, rest) = rest.split_first_chunk::<8>()?;
        Some(Self {
            id: Uuid::from_bytes(*id),
            revision: Revision(u64::from_be_bytes(*revision)),
            fingerprint: u128::from_be_bytes(rest.try_into().ok()?),
        })
    }
}

/// What one record adds to the fingerprint.
pub(super) fn mark(stored_key: &[u8], frame: &[u8]) -> u128 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(stored_key.len() as u64).to_be_bytes());
    hasher.update(stored_key);
    hasher.update(frame);
    let hash = hasher.finalize();
    let (mark, _) = hash.as_bytes().split_first_chunk::<16>().expect("32 bytes");
    u128::from_be_bytes(*mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_gives_back_what_was_put_in() {
        let frame = encode(b"key", Revision(7), b"value");
        let entry = decode(b"rkey", &frame).unwrap();
        assert_eq!(
            (entry.key, entry.value),
            (b"key".to_vec(), b"value".to_vec())
        );
        assert_eq!(entry.revision, Revision(7));
        assert!(frame.len() <= b"value".len() + 13);
    }

    #[test]
    fn any_flipped_bit_any_cut_and_another_key_are_damage() {
        let frame = encode(b"key", Revision(7), b"value");
        for bit in 0..frame.len() * 8 {
            let mut damaged = frame.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(b"rkey", &damaged).is_err(), "bit {bit}");
        }
        for length in 0..frame.len() {
            assert!(
                decode(b"rkey", &frame[..length]).is_err(),
                "length {length}"
            );
        }
        assert!(decode(b"rkez", &frame).is_err());
    }

    #[test]
    fn a_head_gives_back_what_was_put_in_and_damage_is_found() {
        let head = Head {
            id: Uuid::from_u128(5),
            revision: Revision(7),
            fingerprint: u128::MAX,
        };
        let frame = head.encode();
        assert_eq!(Head::decode(&frame), Some(head));
        for bit in 0..frame.len() * 8 {
            let mut damaged = frame.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Head::decode(&damaged), None, "bit {bit}");
        }
    }
}
