//! What stands behind the code of an artifact and says whose it is.
//!
//! All numbers are little-endian. The message authentication code covers every field before it,
//! and through the digest among them every byte of the code.

use casemate_domain::Digest;

const MAGIC: [u8; 8] = *b"CASEMATE";
/// Changed with every change of the layout.
const FORMAT: u32 = 1;
/// Magic, format, engine, source, length, digest.
const FIELDS: usize = 8 + 4 + 32 + 32 + 8 + 32;
const MAC: usize = 32;

/// The bytes that a trailer takes.
pub(super) const LENGTH: usize = FIELDS + MAC;

/// What an artifact is: which code, of which component, for which engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    /// The settings of the engine, the target and its CPU features, and the version of wasmtime.
    pub(super) engine: [u8; 32],
    /// The component that the code was compiled from.
    pub(super) source: Digest,
    /// The bytes of the code.
    pub(super) length: u64,
    /// Its digest.
    pub(super) code: [u8; 32],
}

/// Why an artifact is not loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not authentic: damaged, cut off, or not made by this installation.
    #[error("is not what this installation wrote")]
    NotAuthentic,
    /// It is authentic, but of another component.
    #[error("belongs to another component")]
    OtherComponent,
    /// It is authentic, but made for other settings or by another version.
    #[error("was made for another engine")]
    OtherEngine,
}

impl Identity {
    /// The trailer that says so.
    pub(super) fn seal(&self, key: &[u8; 32]) -> [u8; LENGTH] {
        let mut sealed = [0; LENGTH];
        let fields = self.fields();
        sealed[..FIELDS].copy_from_slice(&fields);
        sealed[FIELDS..].copy_from_slice(blake3::keyed_hash(key, &fields).as_bytes());
        sealed
    }

    /// Whether a trailer that was found says the same as this.
    ///
    /// Authenticity comes first: nothing of a trailer that is not authentic is looked at.
    pub(super) fn check(&self, found: &[u8; LENGTH], key: &[u8; 32]) -> Result<(), Refusal> {
        let (fields, mac) = found.split_at(FIELDS);
        let mac: [u8; MAC] = mac.try_into().map_err(|_| Refusal::NotAuthentic)?;
        // This comparison takes the same time wherever the difference is.
        if blake3::keyed_hash(key, fields) != blake3::Hash::from_bytes(mac) {
            return Err(Refusal::NotAuthentic);
        }
        if fields == self.fields() {
            return Ok(());
        }
        let other_source = Self {
            source: digest_at(fields, 44),
            ..*self
        };
        let other_engine = Self {
            engine: *digest_at(fields, 12).as_bytes(),
            ..*self
        };
        Err(if fields == other_source.fields() {
            Refusal::OtherComponent
        } else if fields == other_engine.fields() {
            Refusal::OtherEngine
        } else if fields[..12] != self.fields()[..12] {
            // Written by a version with another layout.
            Refusal::OtherEngine
        } else {
            Refusal::NotAuthentic
        })
    }

    fn fields(&self) -> [u8; FIELDS] {
        let mut fields = [0; FIELDS];
        let mut rest = fields.as_mut_slice();
        for part in [
            MAGIC.as_slice(),
            &FORMAT.to_le_bytes(),
            &self.engine,
            self.source.as_bytes(),
            &self.length.to_le_bytes(),
            &self.code,
        ] {
            let (place, after) = rest.split_at_mut(part.len());
            place.copy_from_slice(part);
            rest = after;
        }
        fields
    }
}

/// The 32 bytes at a place that every trailer has.
fn digest_at(fields: &[u8], start: usize) -> Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(&fields[start..start + 32]);
    Digest::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn identity() -> Identity {
        Identity {
            engine: [1; 32],
            source: Digest::from_bytes([2; 32]),
            length: 3,
            code: [4; 32],
        }
    }

    #[test]
    fn a_trailer_that_was_sealed_is_accepted() {
        assert_eq!(identity().check(&identity().seal(&KEY), &KEY), Ok(()));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let sealed = identity().seal(&KEY);
        for bit in 0..LENGTH * 8 {
            let mut flipped = sealed;
            flipped[bit / 8] ^= 1 << (bit % 8);
            let checked = identity().check(&flipped, &KEY);
            assert_eq!(checked, Err(Refusal::NotAuthentic), "bit {bit}");
        }
    }

    #[test]
    fn another_key_engine_component_or_code_is_refused() {
        let sealed = identity().seal(&KEY);
        let check = |expected: Identity| expected.check(&sealed, &KEY);
        assert_eq!(
            identity().check(&sealed, &[8; 32]),
            Err(Refusal::NotAuthentic)
        );
        let mut other = identity();
        other.engine = [9; 32];
        assert_eq!(check(other), Err(Refusal::OtherEngine));
        let mut other = identity();
        other.source = Digest::from_bytes([9; 32]);
        assert_eq!(check(other), Err(Refusal::OtherComponent));
        let mut other = identity();
        other.code = [9; 32];
        assert_eq!(check(other), Err(Refusal::NotAuthentic));
        let mut other = identity();
        other.length = 4;
        assert_eq!(check(other), Err(Refusal::NotAuthentic));
    }
}
