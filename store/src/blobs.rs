//! Large immutable things by their BLAKE3 digest: components and their tool definitions.
//!
//! A blob is durable before [`Blobs::put`] returns, and every byte that [`Blobs::get`] returns was
//! checked against the digest. Blobs are never changed; whether one is still needed is for the
//! caller to know, who collects what is not with [`Blobs::list`] and [`Blobs::delete`].
//!
//! They are files `aa/bb/<digest>` in a local folder, through `object_store`, so that another kind
//! of storage is another constructor.

use crate::{
    FileError,
    files::{self, Context as _},
};
use bytes::Bytes;
use casemate_domain::Digest;
use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use object_store::{
    ObjectMeta, ObjectStore, ObjectStoreExt as _, local::LocalFileSystem, path::Path as Location,
};
use std::{fmt, fs, path::Path, sync::Arc, time::Duration};

/// Above this size a blob is hashed on a thread that may block.
const HASHED_IN_PLACE: usize = 64 << 10;

/// After this time a file that is not finished never will be.
const ABANDONED: Duration = Duration::from_secs(3600);

/// A store of blobs.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
}

/// A blob in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobInfo {
    /// Its digest.
    pub digest: Digest,
    /// Its bytes.
    pub size: u64,
    /// When it was last put. What was put a moment ago may not be referred to yet.
    pub put_at: Timestamp,
}

/// Why the store could not do something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes under a digest are not those that were put.
    #[error("blob {digest} is damaged; upload it again, or restore it from a backup")]
    BlobDamaged {
        /// Its digest.
        digest: Digest,
    },
    /// The storage failed.
    #[error("could not {action}")]
    Storage {
        /// What was tried, such as `read blob af13…`.
        action: String,
        /// What the storage says.
        #[source]
        source: object_store::Error,
    },
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Blobs {
    /// Blobs in a local folder, which is made if it is not there. Blocks. What a process left that
    /// ended in the middle of a put is removed.
    pub fn local(dir: impl AsRef<Path>) -> Result<Self, Error> {
        let dir = dir.as_ref();
        files::create_dir(dir)?;
        remove_unfinished(dir, 2)?;
        let store = LocalFileSystem::new_with_prefix(dir).map_err(|source| Error::Storage {
            action: format!("open {}", dir.display()),
            source,
        })?;
        // Without it object_store leaves files and names to the system's caches. With it, it syncs
        // the file, renames it into place and syncs the directories, also those that it made.
        let store = store.with_fsync(true);
        Ok(Self {
            store: Arc::new(store),
        })
    }

    /// Keeps a blob. Putting it again changes nothing, but heals one that was damaged.
    pub async fn put(&self, bytes: Bytes) -> Result<Digest, Error> {
        let digest = digest_of(&bytes).await;
        // Written even if it is there: what is there may be damaged, or not durable yet.
        self.store
            .put(&location(&digest), bytes.into())
            .await
            .map_err(|source| failed("write", &digest, source))?;
        Ok(digest)
    }

    /// The bytes of a blob, if there is one.
    pub async fn get(&self, digest: &Digest) -> Result<Option<Bytes>, Error> {
        let fetch = async {
            let found = self.store.get(&location(digest)).await?;
            found.bytes().await
        };
        let bytes = match fetch.await {
            Ok(bytes) => bytes,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(source) => return Err(failed("read", digest, source)),
        };
        if digest_of(&bytes).await != *digest {
            return Err(Error::BlobDamaged { digest: *digest });
        }
        Ok(Some(bytes))
    }

    /// The bytes that a blob has, if there is one. Does not read them.
    pub async fn size(&self, digest: &Digest) -> Result<Option<u64>, Error> {
        match self.store.head(&location(digest)).await {
            Ok(found) => Ok(Some(found.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(source) => Err(failed("look at", digest, source)),
        }
    }

    /// Whether there is a blob. Does not check its bytes.
    pub async fn exists(&self, digest: &Digest) -> Result<bool, Error> {
        Ok(self.size(digest).await?.is_some())
    }

    /// Removes a blob, if it is there. It may come back after a power cut.
    pub async fn delete(&self, digest: &Digest) -> Result<(), Error> {
        match self.store.delete(&location(digest)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(failed("delete", digest, source)),
        }
    }

    /// All blobs. Files that are not blobs are left out.
    pub async fn list(&self) -> Result<Vec<BlobInfo>, Error> {
        self.store
            .list(None)
            .try_filter_map(|found| std::future::ready(Ok(info(&found))))
            .try_collect()
            .await
            .map_err(|source| Error::Storage {
                action: "list blobs".to_owned(),
                source,
            })
    }
}

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blobs({})", self.store)
    }
}

fn location(digest: &Digest) -> Location {
    let name = digest.to_string();
    Location::from_iter([&name[..2], &name[2..4], &name])
}

fn info(found: &ObjectMeta) -> Option<BlobInfo> {
    let digest: Digest = found.location.filename()?.parse().ok()?;
    let put_at = Timestamp::from_second(found.last_modified.timestamp()).ok()?;
    (location(&digest) == found.location).then_some(BlobInfo {
        digest,
        size: found.size,
        put_at,
    })
}

/// Removes old files with the `#` that `object_store` gives to files it has not finished.
fn remove_unfinished(dir: &Path, depth: u32) -> Result<(), FileError> {
    for entry in fs::read_dir(dir).context("list", dir)? {
        let entry = entry.context("list", dir)?;
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() && depth > 0 {
            remove_unfinished(&path, depth - 1)?;
        } else if name.as_encoded_bytes().contains(&b'#') && is_abandoned(&path) {
            fs::remove_file(&path).context("remove", &path)?;
        }
    }
    Ok(())
}

/// Whether nobody has written to a file for so long that nobody will.
fn is_abandoned(path: &Path) -> bool {
    let changed = fs::metadata(path).and_then(|metadata| metadata.modified());
    changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age > ABANDONED))
}

async fn digest_of(bytes: &Bytes) -> Digest {
    let hash = |bytes: &[u8]| Digest::from_bytes(*blake3::hash(bytes).as_bytes());
    if bytes.len() <= HASHED_IN_PLACE {
        return hash(bytes);
    }
    let shared = bytes.clone();
    tokio::task::spawn_blocking(move || hash(&shared))
        .await
        .expect("hashing does not panic")
}

fn failed(action: &str, digest: &Digest, source: object_store::Error) -> Error {
    Error::Storage {
        action: format!("{action} blob {}", digest.short()),
        source,
    }
}

#[cfg(test)]
mod tests;
