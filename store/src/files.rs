//! The few things that all stores do with directories: make them durable, lock them, replace a
//! small file as a whole.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// A file operation that failed: which, on what, why.
#[derive(Debug, thiserror::Error)]
#[error("could not {action} {}", path.display())]
pub struct FileError {
    /// What was tried, such as `open`.
    pub action: &'static str,
    /// On which file or directory.
    pub path: PathBuf,
    /// What the system says.
    #[source]
    pub source: io::Error,
}

/// Adds the action and the path to an error of the system.
pub(crate) trait Context<T> {
    fn context(self, action: &'static str, path: &Path) -> Result<T, FileError>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, action: &'static str, path: &Path) -> Result<T, FileError> {
        self.map_err(|source| FileError {
            action,
            path: path.to_owned(),
            source,
        })
    }
}

/// Makes a directory that only its owner may enter, unless it is there; its name survives a power
/// cut.
pub(crate) fn create_dir(path: &Path) -> Result<(), FileError> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = parent(path);
    if !parent.exists() {
        create_dir(&parent)?;
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        // Somebody else was faster, which is as good.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        other => other.context("create", path)?,
    }
    sync_dir(&parent)
}

/// Makes the names in a directory durable.
pub(crate) fn sync_dir(path: &Path) -> Result<(), FileError> {
    // Only Unix can open a directory; elsewhere the system keeps names on its own.
    if cfg!(unix) {
        File::open(path)
            .and_then(|dir| dir.sync_all())
            .context("sync", path)?;
    }
    Ok(())
}

/// Replaces a file as a whole: after a crash it has the old or the new content.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), FileError> {
    let staged = path.with_extension("new");
    let mut file = File::create(&staged).context("create", &staged)?;
    file.write_all(content)
        .and_then(|()| file.sync_all())
        .context("write", &staged)?;
    std::fs::rename(&staged, path).context("replace", path)?;
    sync_dir(&parent(path))
}

/// The file in a directory that is locked.
pub(crate) const LOCK: &str = "lock";

/// Takes the lock of a directory, held as long as the file is open. `None` if another has it.
pub(crate) fn lock(dir: &Path) -> Result<Option<File>, FileError> {
    let path = dir.join(LOCK);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .context("open", &path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error).context("lock", &path),
    }
}

/// The directory that a path is in.
pub(crate) fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
