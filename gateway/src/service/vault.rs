//! Secrets: encrypted when set, decrypted for one call at a time, never shown.

use super::keyring::Keyring;
use casemate_domain::{SecretName, WorkspaceId};
use casemate_store::records::SecretRecord;
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use secrecy::SecretString;
use std::fmt;
use zeroize::Zeroizing;

/// The largest secret, in bytes: what fits a record beside its envelope.
pub(crate) const MAX_SECRET_BYTES: usize = 2_048;
/// The smallest secret, in bytes: shorter ones cannot be masked in output without masking
/// ordinary words.
pub(crate) const MIN_SECRET_BYTES: usize = 8;

/// A stored secret that does not decrypt: damaged, moved from elsewhere, or made with another key.
#[derive(Debug, thiserror::Error)]
#[error("the secret {name} of this workspace cannot be decrypted. Set it again")]
pub struct Unreadable {
    /// Which one.
    pub name: SecretName,
}

/// Encrypts and decrypts secrets with XChaCha20-Poly1305.
pub struct Vault {
    cipher: XChaCha20Poly1305,
    key_id: String,
}

impl Vault {
    /// A vault with a key derived from the installation's root key.
    pub fn new(keyring: &Keyring) -> Self {
        let key = Zeroizing::new(keyring.derive("workspace secrets"));
        Self {
            cipher: XChaCha20Poly1305::new((&*key).into()),
            key_id: keyring.fingerprint(),
        }
    }

    /// Encrypts a secret. Its place is part of what is authenticated, so that a ciphertext that is
    /// moved to another workspace, name or version does not decrypt.
    pub fn seal(
        &self,
        workspace_id: WorkspaceId,
        name: &SecretName,
        version: u64,
        value: &str,
        now: jiff::Timestamp,
    ) -> SecretRecord {
        let mut nonce = [0_u8; 24];
        getrandom::fill(&mut nonce).expect("the operating system has randomness");
        let place = place(workspace_id, name, version, &self.key_id);
        let payload = Payload {
            msg: value.as_bytes(),
            aad: &place,
        };
        let ciphertext = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .expect("a secret is far below the cipher's limit");
        SecretRecord {
            workspace_id,
            name: name.clone(),
            version,
            nonce: nonce.to_vec(),
            ciphertext,
            key_id: self.key_id.clone(),
            updated_at: now,
        }
    }

    /// Decrypts a secret.
    pub fn open(&self, record: &SecretRecord) -> Result<SecretString, Unreadable> {
        self.decrypt(record).ok_or_else(|| Unreadable {
            name: record.name.clone(),
        })
    }

    fn decrypt(&self, record: &SecretRecord) -> Option<SecretString> {
        let nonce: [u8; 24] = record.nonce.as_slice().try_into().ok()?;
        let place = place(
            record.workspace_id,
            &record.name,
            record.version,
            &record.key_id,
        );
        let payload = Payload {
            msg: &record.ciphertext,
            aad: &place,
        };
        let plain = self.cipher.decrypt(&XNonce::from(nonce), payload).ok()?;
        String::from_utf8(plain).ok().map(SecretString::from)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({})", self.key_id)
    }
}

fn place(workspace_id: WorkspaceId, name: &SecretName, version: u64, key_id: &str) -> Vec<u8> {
    format!("casemate secret 1\n{workspace_id}\n{name}\n{version}\n{key_id}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::keyring::MayCreate;
    use secrecy::ExposeSecret;
    use uuid::Uuid;

    fn vault() -> Vault {
        let folder = tempfile::tempdir().unwrap();
        Vault::new(&Keyring::open(&folder.path().join("root.key"), MayCreate::Yes).unwrap())
    }

    fn sealed(vault: &Vault) -> SecretRecord {
        let workspace = WorkspaceId::from_uuid(Uuid::from_u128(1));
        vault.seal(
            workspace,
            &"API_KEY".parse().unwrap(),
            1,
            "correct horse",
            jiff::Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn what_is_sealed_opens_and_is_not_stored_in_the_clear() {
        let vault = vault();
        let record = sealed(&vault);
        assert_eq!(
            vault.open(&record).unwrap().expose_secret(),
            "correct horse"
        );
        assert!(!String::from_utf8_lossy(&record.ciphertext).contains("correct"));
        assert!(!format!("{record:?}").contains("correct"));
        assert_ne!(
            record.ciphertext,
            sealed(&vault).ciphertext,
            "each nonce is new"
        );
    }

    #[test]
    fn a_ciphertext_in_another_place_does_not_open() {
        let vault = vault();
        let record = sealed(&vault);
        let moved = [
            SecretRecord {
                workspace_id: WorkspaceId::from_uuid(Uuid::from_u128(2)),
                ..record.clone()
            },
            SecretRecord {
                name: "OTHER".parse().unwrap(),
                ..record.clone()
            },
            SecretRecord {
                version: 2,
                ..record.clone()
            },
            SecretRecord {
                ciphertext: record.ciphertext[1..].to_vec(),
                ..record.clone()
            },
        ];
        assert!(moved.iter().all(|record| vault.open(record).is_err()));
    }

    #[test]
    fn another_installation_cannot_open_it() {
        assert!(vault().open(&sealed(&vault())).is_err());
    }
}
