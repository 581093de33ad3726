//! What travels through the client sealed: state between two rounds of a call, and sessions.
//!
//! The client is not trusted with it: what comes back must be what was sent, from the same key,
//! for the same server, method, name and arguments, within an hour. Anything else is forged. A seal does
//! not make a state single-use; a tool that needs that keeps a note in its own store.

use super::canonical;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use casemate_domain::{Credential, ServerId};
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use serde_json::value::RawValue;
use std::{fmt, time::Duration};

/// How long a person may think.
const LIFETIME: Duration = Duration::from_secs(60 * 60);
const NONCE_BYTES: usize = 24;

/// Seals and opens state.
pub struct Seal {
    cipher: XChaCha20Poly1305,
}

/// What a state belongs to.
#[derive(Debug, Clone)]
pub(super) struct Place(Vec<u8>);

/// A state that was not sealed here for this place, or too long ago.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Forged;

impl Seal {
    /// A seal with a key that is used for nothing else.
    pub fn new(key: [u8; 32]) -> Self {
        Self {
            cipher: XChaCha20Poly1305::new(&key.into()),
        }
    }

    /// A seal that nobody else has and that is gone with this value.
    #[cfg(test)]
    pub(super) fn ephemeral() -> Self {
        Self::new(random())
    }

    /// Seals a state. None is a state too: that the tool left nothing is part of the promise.
    pub(super) fn seal(&self, place: &Place, state: Option<&[u8]>, now: u64) -> String {
        let expiry = now + LIFETIME.as_secs();
        let mut plain = expiry.to_le_bytes().to_vec();
        plain.push(u8::from(state.is_some()));
        plain.extend_from_slice(state.unwrap_or_default());
        self.close(&place.0, &plain)
    }

    /// Seals bytes for a place; the name of the place says what kind of thing they are.
    pub(super) fn close(&self, place: &[u8], plain: &[u8]) -> String {
        let nonce: [u8; NONCE_BYTES] = random();
        let payload = Payload {
            msg: plain,
            aad: place,
        };
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .expect("what is sealed is far below the cipher's limit");
        URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat())
    }

    /// Opens what [`Self::close`] made for the same place.
    pub(super) fn disclose(&self, place: &[u8], text: &str) -> Result<Vec<u8>, Forged> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Forged)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(Forged)?;
        let payload = Payload {
            msg: sealed,
            aad: place,
        };
        let opened = self.cipher.decrypt(&XNonce::from(*nonce), payload);
        opened.map_err(|_| Forged)
    }

    /// Opens what [`Self::seal`] made.
    pub(super) fn open(
        &self,
        place: &Place,
        text: &str,
        now: u64,
    ) -> Result<Option<Vec<u8>>, Forged> {
        let plain = self.disclose(&place.0, text)?;
        let (expiry, rest) = plain.split_first_chunk::<8>().ok_or(Forged)?;
        let (has_state, state) = rest.split_first().ok_or(Forged)?;
        if u64::from_le_bytes(*expiry) < now {
            return Err(Forged);
        }
        Ok((*has_state == 1).then(|| state.to_vec()))
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

impl Place {
    /// The place of one call. Arguments count by what they say, not by how they are written:
    /// clients may write them anew for the next round.
    pub(super) fn new(
        server: ServerId,
        credential: &Credential,
        method: &str,
        name: &str,
        arguments: Option<&RawValue>,
    ) -> Self {
        let principal = principal(credential);
        let digest = match arguments {
            Some(arguments) => canonical::digest(arguments),
            None => {
                canonical::digest(&RawValue::from_string("{}".into()).expect("an object is JSON"))
            }
        };
        let place = format!("{method}\n{server}\n{principal}\n{digest}\n{name}");
        Self(place.into_bytes())
    }
}

/// Who uses what is sealed: the key by its id.
pub(super) fn principal(credential: &Credential) -> String {
    match credential {
        Credential::Key { id, .. } => id.to_string(),
        Credential::Token { id } => id.to_string(),
    }
}

/// Random bytes.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn place(key: u128, tool: &str, arguments: &str) -> Place {
        let server = ServerId::from_uuid(Uuid::from_u128(1));
        let id = casemate_domain::KeyId::from_uuid(Uuid::from_u128(key));
        let credential = Credential::Key {
            id,
            name: "laptop".parse().unwrap(),
        };
        let arguments = RawValue::from_string(arguments.to_owned()).unwrap();
        Place::new(server, &credential, "tools/call", tool, Some(&arguments))
    }

    #[test]
    fn a_state_comes_back_where_it_belongs() {
        let seal = Seal::ephemeral();
        let here = place(1, "book", r#"{"a":1,"b":[true]}"#);
        let rewritten = place(1, "book", r#"{ "b": [true], "a": 1 }"#);
        for state in [None, Some(&b""[..]), Some(b"round 2")] {
            let sealed = seal.seal(&here, state, 1_000);
            assert_eq!(
                seal.open(&rewritten, &sealed, 1_000).unwrap().as_deref(),
                state
            );
        }
    }

    #[test]
    fn a_state_of_another_key_tool_or_arguments_is_forged() {
        let seal = Seal::ephemeral();
        // As floating point numbers these two are the same.
        let large = seal.seal(&place(1, "book", "9007199254740992"), Some(b"x"), 1_000);
        let other = place(1, "book", "9007199254740993");
        assert_eq!(seal.open(&other, &large, 1_000), Err(Forged));
        let sealed = seal.seal(&place(1, "book", "{}"), Some(b"x"), 1_000);
        for elsewhere in [
            place(2, "book", "{}"),
            place(1, "cook", "{}"),
            place(1, "book", "[]"),
        ] {
            assert_eq!(seal.open(&elsewhere, &sealed, 1_000), Err(Forged));
        }
        let here = place(1, "book", "{}");
        assert_eq!(Seal::ephemeral().open(&here, &sealed, 1_000), Err(Forged));
        assert_eq!(
            seal.open(&here, &sealed, 1_000 + LIFETIME.as_secs() + 1),
            Err(Forged)
        );
    }

    #[test]
    fn a_changed_state_is_forged() {
        let seal = Seal::new([7; 32]);
        let here = place(1, "book", "{}");
        let sealed = seal.seal(&here, Some(b"x"), 1_000);
        for at in 0..sealed.len() - 1 {
            let mut changed = sealed.clone();
            let other = if &sealed[at..=at] == "A" { "B" } else { "A" };
            changed.replace_range(at..=at, other);
            assert_eq!(seal.open(&here, &changed, 1_000), Err(Forged), "{at}");
        }
        for text in ["", "AAAA", "not base64!"] {
            assert_eq!(seal.open(&here, text, 1_000), Err(Forged), "{text}");
        }
    }
}
