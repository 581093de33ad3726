//! Compiled components on disk, and the one place where native code is taken from a file.
//!
//! An artifact is one file: the code as wasmtime serialized it, so that it can be mapped from its
//! first byte, and a trailer that says which component and which engine it belongs to,
//! under a message authentication code. Code and trailer are one file so that no crash and no copy
//! can pair one with another's.
//!
//! Whoever can make the host load a file of their own runs code in the host. Therefore:
//!
//! - [`VerifiedArtifact`] is made by [`Artifacts::find`] alone, after every byte was read and
//!   authenticated, and [`load`] takes nothing else.
//! - It holds the open file that was read, and that very file is mapped: by its descriptor, never
//!   by its name. Another file under the name changes nothing.
//! - A file is written under another name, synced, renamed into place, and never written again; it
//!   is read-only and the folder is for its owner alone. What was read can therefore not change
//!   before it is mapped, nor after, except at the hand of this user, who has the key as well.
//!
//! What this does not do: compile, or decide what becomes of an artifact that is refused.

mod trailer;
mod weight;

pub use trailer::Refusal;

use crate::{
    component::{self, Component},
    engine,
    rejection::{Rejection, RejectionKind},
    runtime::Runtime,
    state::State,
};
use casemate_domain::Digest;
use rustix::fs::OFlags;
use std::{
    fmt,
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::{
        fd::AsRawFd,
        unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};
use trailer::{Identity, LENGTH};
use wasmtime::{Engine, component::Linker};
use zeroize::Zeroizing;

/// The end of the name of a file that is not finished.
const UNFINISHED: &str = ".new";

/// Where an open file of this process can be opened by its descriptor.
const DESCRIPTORS: &str = if cfg!(target_os = "linux") {
    "/proc/self/fd"
} else {
    "/dev/fd"
};

/// The folder of the artifacts of one engine.
pub struct Artifacts {
    folder: PathBuf,
    key: Zeroizing<[u8; 32]>,
    engine: [u8; 32],
}

/// An artifact whose every byte was authenticated, open.
#[derive(Debug)]
pub struct VerifiedArtifact {
    file: File,
    source: Digest,
}

/// Why an artifact cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// It is there and must not be loaded.
    #[error("the artifact of component {digest} {refusal}")]
    Refused {
        /// The component.
        digest: Digest,
        /// Why.
        refusal: Refusal,
    },
    /// The file system refused.
    #[error("could not {action} {path}")]
    File {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Artifacts {
    /// Opens the folder, or makes it. What a process left that ended in the middle of a write is
    /// removed. The key is used for nothing else.
    pub fn open(
        folder: impl Into<PathBuf>,
        key: [u8; 32],
        runtime: &Runtime,
    ) -> Result<Self, ArtifactError> {
        Self::for_engine(folder.into(), key, runtime.engine())
    }

    fn for_engine(folder: PathBuf, key: [u8; 32], engine: &Engine) -> Result<Self, ArtifactError> {
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder);
        made.and_then(|()| fs::set_permissions(&folder, Permissions::from_mode(0o700)))
            .map_err(|source| failed("make", &folder, source))?;
        remove_unfinished(&folder).map_err(|source| failed("tidy", &folder, source))?;
        Ok(Self {
            folder,
            key: Zeroizing::new(key),
            engine: engine::fingerprint(engine),
        })
    }

    /// Keeps the code of a component, which this installation's own compiler made.
    pub fn keep(&self, source: &Digest, code: &[u8]) -> Result<(), ArtifactError> {
        let identity = Identity {
            engine: self.engine,
            source: *source,
            length: code.len() as u64,
            code: *blake3::hash(code).as_bytes(),
        };
        let path = self.path(source);
        self.write(source, &path, &[code, &identity.seal(&self.key)])
            .map_err(|source| failed("write", &path, source))
    }

    fn write(&self, source: &Digest, path: &Path, parts: &[&[u8]]) -> io::Result<()> {
        // Two uploads of the same file may be under way at once; each writes its own.
        static WRITTEN: AtomicU64 = AtomicU64::new(0);
        let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.folder.join(format!("{source}.{number}{UNFINISHED}"));
        if_there(fs::remove_file(&unfinished))?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o400)
            .open(&unfinished)?;
        for part in parts {
            file.write_all(part)?;
        }
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        File::open(&self.folder)?.sync_all()
    }

    /// The artifact of a component, if there is one, read and authenticated. Blocks.
    pub fn find(&self, source: &Digest) -> Result<Option<VerifiedArtifact>, ArtifactError> {
        let path = self.path(source);
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(&path);
        let file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(failed("open", &path, source)),
        };
        let verdict = self
            .verify(&file, source)
            .map_err(|source| failed("read", &path, source))?;
        match verdict {
            Ok(()) => Ok(Some(VerifiedArtifact {
                file,
                source: *source,
            })),
            Err(refusal) => Err(ArtifactError::Refused {
                digest: *source,
                refusal,
            }),
        }
    }

    fn verify(&self, mut file: &File, source: &Digest) -> io::Result<Result<(), Refusal>> {
        let metadata = file.metadata()?;
        let Some(length) = metadata.len().checked_sub(LENGTH as u64) else {
            return Ok(Err(Refusal::NotAuthentic));
        };
        if !metadata.is_file() {
            return Ok(Err(Refusal::NotAuthentic));
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(file.take(length))?;
        let mut found = [0; LENGTH];
        file.read_exact(&mut found)?;
        let expected = Identity {
            engine: self.engine,
            source: *source,
            length,
            code: *hasher.finalize().as_bytes(),
        };
        Ok(expected.check(&found, &self.key))
    }

    /// Removes the artifact of a component, if there is one. Components that were loaded from it
    /// go on working.
    pub fn remove(&self, source: &Digest) -> Result<(), ArtifactError> {
        let path = self.path(source);
        if_there(fs::remove_file(&path)).map_err(|source| failed("remove", &path, source))
    }

    fn path(&self, source: &Digest) -> PathBuf {
        self.folder.join(source.to_string())
    }
}

impl fmt::Debug for Artifacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Artifacts({})", self.folder.display())
    }
}

/// Maps the code of a component and links it to the host.
pub(crate) fn load(
    engine: &Engine,
    linker: &Linker<State>,
    artifact: &VerifiedArtifact,
) -> Result<Component, Rejection> {
    let code = map(engine, &artifact.file).map_err(|error| {
        if error.downcast_ref::<io::Error>().is_some() {
            let message = format!("The compiled component cannot be mapped: {error:#}.");
            return Rejection::new(RejectionKind::Internal, message);
        }
        component::too_large(&error)
    })?;
    let memory = weight::memory(&artifact.file)
        .map_err(|error| Rejection::new(RejectionKind::Internal, error.to_string()))?;
    component::link(linker, &code, artifact.source, memory)
}

#[expect(
    unsafe_code,
    reason = "the only way to use code that was compiled earlier; see the module's text"
)]
fn map(engine: &Engine, file: &File) -> wasmtime::Result<wasmtime::component::Component> {
    let path = format!("{DESCRIPTORS}/{}", file.as_raw_fd());
    // SAFETY: the file holds what an engine with the same compatibility hash serialized: only
    // `Artifacts::find` makes a `VerifiedArtifact`, after it authenticated these bytes with a key
    // that only this service has. The path names the open file itself. It is not written again
    // while it is mapped, because no artifact ever is and the folder is this user's alone.
    unsafe { wasmtime::component::Component::deserialize_file(engine, path) }
}

fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().ends_with(UNFINISHED) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A file that is not there need not be removed.
fn if_there(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> ArtifactError {
    ArtifactError::File {
        action,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests;
