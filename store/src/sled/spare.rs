//! A copy of the directory while it is being opened.
//!
//! sled changes a damaged log when it opens it: it cuts off everything behind the damage, which may
//! be most of the store. So what is opened is copied first. If opening fails, the directory gets
//! its content back and is as it was found, however often somebody tries.

use crate::{
    FileError,
    files::{self, Context as _},
};
use std::{
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
};

/// The copy. It stands until opening has succeeded or the directory was restored, so a copy that is
/// found was left by an interrupted opening, after which nothing was committed.
#[derive(Debug)]
pub(super) struct Spare {
    dir: PathBuf,
    copy: PathBuf,
}

impl Spare {
    /// Copies a directory to `<dir>.opening`, if there is anything in it. If an interrupted opening
    /// left a copy, the directory is restored from that first.
    pub(super) fn take(dir: &Path) -> Result<Option<Self>, FileError> {
        let spare = Self {
            dir: dir.to_owned(),
            copy: sibling(dir, ".opening"),
        };
        if spare.copy.exists() {
            spare.restore()?;
            return Ok(Some(spare));
        }
        if content(dir)?.is_empty() {
            return Ok(None);
        }
        match spare.fill() {
            Ok(()) => Ok(Some(spare)),
            Err(error) => {
                // A full disk must not keep an intact store from being opened.
                tracing::warn!(%error, "metadata is opened without a copy of it");
                remove(&spare.unfinished())?;
                Ok(None)
            }
        }
    }

    fn fill(&self) -> Result<(), FileError> {
        let unfinished = self.unfinished();
        remove(&unfinished)?;
        files::create_dir(&unfinished)?;
        copy_content(&self.dir, &unfinished)?;
        // Only a whole copy gets the name.
        rename(&unfinished, &self.copy)
    }

    /// Gives the directory the content that it had.
    pub(super) fn restore(&self) -> Result<(), FileError> {
        for path in content(&self.dir)? {
            remove(&path)?;
        }
        copy_content(&self.copy, &self.dir)
    }

    /// Removes the copy.
    pub(super) fn discard(self) -> Result<(), FileError> {
        let unfinished = self.unfinished();
        remove(&unfinished)?;
        rename(&self.copy, &unfinished)?;
        remove(&unfinished)
    }

    /// Leaves the copy to the operator, as `<dir>.damaged-<time>`.
    pub(super) fn keep(self) -> Result<PathBuf, FileError> {
        let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%.3fZ");
        let kept = sibling(&self.dir, &format!(".damaged-{time}"));
        rename(&self.copy, &kept)?;
        Ok(kept)
    }

    fn unfinished(&self) -> PathBuf {
        sibling(&self.dir, ".opening-unfinished")
    }
}

fn sibling(dir: &Path, suffix: &str) -> PathBuf {
    let mut name = dir.file_name().map(OsString::from).unwrap_or_default();
    name.push(suffix);
    files::parent(dir).join(name)
}

fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    fs::rename(from, to).context("rename", from)?;
    files::sync_dir(&files::parent(from))
}

/// What is in a directory, but for the lock, which must stay the file that is locked.
fn content(dir: &Path) -> Result<Vec<PathBuf>, FileError> {
    let mut content = Vec::new();
    for entry in fs::read_dir(dir).context("list", dir)? {
        let entry = entry.context("list", dir)?;
        if entry.file_name() != files::LOCK {
            content.push(entry.path());
        }
    }
    Ok(content)
}

fn copy_content(from: &Path, to: &Path) -> Result<(), FileError> {
    for source in content(from)? {
        let target = to.join(source.file_name().expect("it was listed"));
        if source.is_dir() {
            files::create_dir(&target)?;
            copy_content(&source, &target)?;
        } else {
            fs::copy(&source, &target).context("copy", &source)?;
            File::open(&target)
                .and_then(|file| file.sync_all())
                .context("sync", &target)?;
        }
    }
    files::sync_dir(to)
}

/// Removes a file or a directory, if it is there.
fn remove(path: &Path) -> Result<(), FileError> {
    if path.is_dir() {
        fs::remove_dir_all(path).context("remove", path)
    } else if path.exists() {
        fs::remove_file(path).context("remove", path)
    } else {
        Ok(())
    }
}
