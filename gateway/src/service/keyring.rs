//! The one secret of an installation, and the keys derived from it.
//!
//! A file of 32 random bytes, made at the first start, readable by its owner only. Without it
//! stored secrets cannot be read and keys cannot be checked, so it belongs into a backup, apart
//! from the data.

use casemate_store::metadata::{self, Metadata, Transaction};
use rustix::fs::OFlags;
use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Why the key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Others may read it.
    #[error(
        "the key file {path} may be read by others (mode {mode:04o}). \
         Run `chmod 600 {path}`; if others had access, replace the secrets in it"
    )]
    TooWide {
        /// Where it is.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is a folder, a pipe or a device.
    #[error("the key file {path} is not a file. Restore it from a backup")]
    NotAFile {
        /// Where it is.
        path: PathBuf,
    },
    /// It is not 32 bytes.
    #[error(
        "the key file {path} is damaged: it holds {length} bytes, not 32. Restore it from a backup"
    )]
    Damaged {
        /// Where it is.
        path: PathBuf,
        /// How long it is.
        length: usize,
    },
    /// It is gone, but the data needs it.
    #[error(
        "the key file {path} is missing, but the store was made with one. \
         Restore it from a backup; without it stored secrets and keys are lost"
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// It is the key of another installation.
    #[error(
        "the key file {path} does not belong to this store. Restore the right one from a backup"
    )]
    Foreign {
        /// Where it is.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("the key file {path} cannot be read or made")]
    Io {
        /// Where it is.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The store cannot tell which key it was made with.
    #[error("the store cannot tell which key file belongs to it")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The root key, from which every other key is derived for one purpose each.
pub struct Keyring {
    root: Zeroizing<[u8; 32]>,
}

impl Keyring {
    /// Reads the key file, or makes it if it is not there and `may_create` says that no data
    /// depends on an earlier one.
    pub fn open(path: &Path, may_create: MayCreate) -> Result<Self, Error> {
        match read(path) {
            Ok(keyring) => Ok(keyring),
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                match may_create {
                    MayCreate::Yes => create(path),
                    MayCreate::No => Err(Error::Missing {
                        path: path.to_owned(),
                    }),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// A key for one purpose. Different purposes give unrelated keys.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        blake3::derive_key(&format!("casemate 2026-11 {purpose}"), &*self.root)
    }

    /// A name for this root key that gives nothing of it away.
    pub fn fingerprint(&self) -> String {
        let key = self.derive("fingerprint");
        blake3::Hash::from_bytes(key).to_hex()[..16].to_owned()
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring")
    }
}

/// Where the store keeps the fingerprint of the key that protects it.
const FINGERPRINT_KEY: &[u8] = b"1/platform/keyring";

/// Opens the key file of a store, or makes both belong together if the store is new. A key file
/// that is missing or another's is refused: with it, no stored secret could be read and no key
/// would work, and nobody would be told why.
pub async fn open_for(metadata: &dyn Metadata, path: &Path) -> Result<Keyring, Error> {
    let store = |error: metadata::Error| Error::Store(error.into());
    let known = metadata.get(FINGERPRINT_KEY).await.map_err(store)?;
    let may_create = if known.is_some() {
        MayCreate::No
    } else {
        MayCreate::Yes
    };
    let keyring = Keyring::open(path, may_create)?;
    let fingerprint = keyring.fingerprint().into_bytes();
    match known {
        Some(entry) if entry.value == fingerprint => {}
        Some(_) => {
            return Err(Error::Foreign {
                path: path.to_owned(),
            });
        }
        None => {
            let transaction = Transaction::new().put(FINGERPRINT_KEY.to_vec(), fingerprint);
            metadata
                .commit(transaction)
                .await
                .map_err(|error| Error::Store(error.into()))?;
        }
    }
    Ok(keyring)
}

/// Whether a missing key file may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MayCreate {
    /// The store is new.
    Yes,
    /// The store holds data that an earlier key protects.
    No,
}

fn read(path: &Path) -> Result<Keyring, Error> {
    let io = |source| Error::Io {
        path: path.to_owned(),
        source,
    };
    let mut options = OpenOptions::new();
    // Opening a pipe would else wait for somebody who writes into it.
    let no_wait = OFlags::NONBLOCK.bits() as i32;
    let file = options
        .read(true)
        .custom_flags(no_wait)
        .open(path)
        .map_err(io)?;
    // What the open file is, not the path, which could lead to another by now.
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(Error::NotAFile {
            path: path.to_owned(),
        });
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(Error::TooWide {
            path: path.to_owned(),
            mode,
        });
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(33));
    file.take(33).read_to_end(&mut bytes).map_err(io)?;
    let root: [u8; 32] = bytes.as_slice().try_into().map_err(|_| Error::Damaged {
        path: path.to_owned(),
        length: bytes.len(),
    })?;
    Ok(Keyring {
        root: Zeroizing::new(root),
    })
}

/// Written under another name first, so that a crash leaves no half key behind.
fn create(path: &Path) -> Result<Keyring, Error> {
    let io = |source| Error::Io {
        path: path.to_owned(),
        source,
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(io)?;
    let mut root = Zeroizing::new([0_u8; 32]);
    getrandom::fill(&mut *root).expect("the operating system has randomness");
    let unfinished = path.with_extension("new");
    let _ = fs::remove_file(&unfinished);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)
        .map_err(io)?;
    file.write_all(&*root)
        .and_then(|()| file.sync_all())
        .map_err(io)?;
    fs::rename(&unfinished, path).map_err(io)?;
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(io)?;
    Ok(Keyring { root })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_key_file_is_made_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/root.key");
        let first = Keyring::open(&path, MayCreate::Yes).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let second = Keyring::open(&path, MayCreate::No).unwrap();
        assert_eq!(first.derive("x"), second.derive("x"));
        assert_ne!(first.derive("x"), first.derive("y"));
    }

    #[test]
    fn a_key_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        Keyring::open(&path, MayCreate::Yes).unwrap();
        for wide in [0o640, 0o604, 0o660, 0o644] {
            mode(&path, wide);
            assert!(
                matches!(
                    Keyring::open(&path, MayCreate::Yes),
                    Err(Error::TooWide { .. })
                ),
                "{wide:o}"
            );
        }
        mode(&path, 0o600);
        assert!(Keyring::open(&path, MayCreate::Yes).is_ok());
    }

    #[test]
    fn a_pipe_or_a_folder_is_no_key_file_and_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, 0o600.into()).unwrap();
        for path in [&pipe, folder.path()] {
            let opened = Keyring::open(path, MayCreate::Yes);
            assert!(matches!(opened, Err(Error::NotAFile { .. })), "{opened:?}");
        }
    }

    #[test]
    fn a_missing_or_damaged_key_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        assert!(matches!(
            Keyring::open(&path, MayCreate::No),
            Err(Error::Missing { .. })
        ));
        Keyring::open(&path, MayCreate::Yes).unwrap();
        fs::write(&path, b"short").unwrap();
        assert!(matches!(
            Keyring::open(&path, MayCreate::Yes),
            Err(Error::Damaged { length: 5, .. })
        ));
    }
}
