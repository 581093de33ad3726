//! Opening a store that may be damaged.

use super::{
    Recovery,
    frame::{self, HEAD, Head},
    image::engine,
    log_path,
    marker::{Found, Marker},
    spare::Spare,
    sync_names,
};
use crate::{
    files::{self, Context as _},
    metadata::{Error, Revision},
};
use ::sled::Db;
use std::{
    fs::File,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use uuid::Uuid;

/// How often sled writes what it holds back, in milliseconds. Commits do not wait for it.
const FLUSH_EVERY_MS: u64 = 50;

/// Memory for sled's pages. Metadata is small; its default of a gigabyte is not.
const CACHE_BYTES: u64 = 64 << 20;

/// How long the threads of a failed attempt may take to let go of the log.
const RELEASE: Duration = Duration::from_secs(2);

/// An open store.
pub(super) struct Opened {
    pub(super) db: Db,
    pub(super) head: Head,
    /// Our own handle of the log: a failed sync is reported once to each handle, so sled's handle
    /// cannot swallow what this one must know.
    pub(super) log: File,
    pub(super) lock: File,
    pub(super) recovery: Option<Recovery>,
}

/// Why an attempt failed.
enum Failure {
    /// What is stored is not what was written.
    Damage(String),
    /// Something else, which trying differently does not help.
    Other(Error),
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        match error.into() {
            Error::DamagedRecord { key } => Self::Damage(format!("the value of `{key}`")),
            other => Self::Other(other),
        }
    }
}

pub(super) fn open(dir: &Path) -> Result<Opened, Error> {
    files::create_dir(dir)?;
    let lock = files::lock(dir)?.ok_or_else(|| Error::Locked {
        path: dir.to_owned(),
    })?;
    let spare = Spare::take(dir)?;
    let found = Marker::read(dir)?;
    let (db, head, recovery) = match (attempt(dir, found), spare) {
        (Ok((db, head)), spare) => {
            spare.map_or(Ok(()), Spare::discard)?;
            (db, head, None)
        }
        (Err(Failure::Damage(cause)), Some(spare)) => recover(dir, found, cause, spare)?,
        (Err(Failure::Damage(cause)), None) => {
            let cause = format!("{cause} (there was no copy, so trying may have changed it)");
            return Err(damaged(dir, cause));
        }
        (Err(Failure::Other(error)), spare) => {
            give_back(spare)?;
            return Err(error);
        }
    };
    // Writable, because some systems refuse to sync a handle that is not.
    let path = log_path(dir);
    let log = File::options()
        .read(true)
        .write(true)
        .open(&path)
        .context("open", &path)?;
    db.flush().map_err(engine("flush"))?;
    log.sync_all().context("sync", &path)?;
    sync_names(dir)?;
    let marker = Marker {
        id: head.id,
        revision: head.revision,
    };
    marker.write(dir)?;
    Ok(Opened {
        db,
        head,
        log,
        lock,
        recovery,
    })
}

/// Tries without the snapshot, which may be all that is damaged.
fn recover(
    dir: &Path,
    found: Found,
    cause: String,
    spare: Spare,
) -> Result<(Db, Head, Option<Recovery>), Error> {
    spare.restore()?;
    let snapshots = snapshots(dir)?;
    if snapshots.is_empty() {
        give_back(Some(spare))?;
        return Err(damaged(dir, cause));
    }
    tracing::warn!(%cause, "metadata is damaged; trying without the snapshot file");
    for snapshot in snapshots {
        std::fs::remove_file(&snapshot).context("remove", &snapshot)?;
    }
    match attempt(dir, found) {
        Ok((db, head)) => {
            let copy = spare.keep()?;
            Ok((db, head, Some(Recovery { cause, copy })))
        }
        Err(failure) => {
            give_back(Some(spare))?;
            Err(match failure {
                Failure::Damage(second) if second == cause => damaged(dir, cause),
                Failure::Damage(second) => damaged(
                    dir,
                    format!("{cause}; and without its snapshot file: {second}"),
                ),
                Failure::Other(error) => error,
            })
        }
    }
}

/// Leaves the directory as it was found.
fn give_back(spare: Option<Spare>) -> Result<(), Error> {
    if let Some(spare) = spare {
        spare.restore()?;
        spare.discard()?;
    }
    Ok(())
}

fn damaged(dir: &Path, cause: String) -> Error {
    Error::Damaged {
        path: dir.to_owned(),
        cause,
    }
}

/// The files from which sled starts faster. All that is in them is in the log too.
fn snapshots(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).context("list", dir)? {
        let entry = entry.context("list", dir)?;
        if entry.file_name().as_encoded_bytes().starts_with(b"snap.") {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Opens the log and checks all that is in it.
fn attempt(dir: &Path, found: Found) -> Result<(Db, Head), Failure> {
    // A damaged log can make sled panic anywhere, also while it is read.
    catch_unwind(AssertUnwindSafe(|| {
        let db = open_log(dir)?;
        let head = check(&db, found)?;
        Ok((db, head))
    }))
    .unwrap_or_else(|panic| {
        let said = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(Failure::Damage(format!(
            "the engine panicked: {}",
            said.unwrap_or("without a word")
        )))
    })
}

fn open_log(dir: &Path) -> Result<Db, Failure> {
    let config = ::sled::Config::new()
        .path(dir)
        .flush_every_ms(Some(FLUSH_EVERY_MS))
        .cache_capacity(CACHE_BYTES);
    let started = Instant::now();
    loop {
        match config.open() {
            Ok(db) => return Ok(db),
            // We hold the directory's lock, so it can only be an attempt of our own.
            Err(::sled::Error::Io(error)) if says_locked(&error) => {
                if started.elapsed() > RELEASE {
                    let path = dir.to_owned();
                    return Err(Failure::Other(Error::Locked { path }));
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(::sled::Error::Io(error)) if !says_damaged(&error) => {
                let error = Err::<Db, _>(error).context("open", dir);
                return Ok(error?);
            }
            Err(error) => return Err(Failure::Damage(error.to_string())),
        }
    }
}

fn says_locked(error: &io::Error) -> bool {
    error.raw_os_error().is_none() && error.to_string().contains("could not acquire lock")
}

/// Whether an error is about what is in the files, not about reaching them.
fn says_damaged(error: &io::Error) -> bool {
    error.raw_os_error().is_none() || error.kind() == io::ErrorKind::NotFound
}

/// Reads every record and compares with the head and the marker.
fn check(db: &Db, found: Found) -> Result<Head, Failure> {
    let damage = |cause: String| Err(Failure::Damage(cause));
    let stored = db.get(HEAD).map_err(unreadable)?;
    let mut fingerprint = 0_u128;
    for record in db.scan_prefix(b"r") {
        let (key, frame) = record.map_err(unreadable)?;
        frame::decode(&key, &frame)?;
        fingerprint = fingerprint.wrapping_add(frame::mark(&key, &frame));
    }
    let Some(stored) = stored else {
        return match found {
            Found::Nothing if db.is_empty() => create(db),
            Found::Marker(marker) => damage(format!(
                "its log is empty, but it had come to revision {}",
                marker.revision
            )),
            _ => damage("its log has no head".to_owned()),
        };
    };
    let Some(head) = Head::decode(&stored) else {
        return damage("the head of its log cannot be read".to_owned());
    };
    if head.fingerprint != fingerprint {
        return damage("records are missing or stale".to_owned());
    }
    match found {
        Found::Marker(marker) if marker.id != head.id => {
            damage("its log belongs to another store".to_owned())
        }
        Found::Marker(marker) if marker.revision > head.revision => damage(format!(
            "its log ends at revision {}, but it had come to {}",
            head.revision, marker.revision
        )),
        _ => Ok(head),
    }
}

fn create(db: &Db) -> Result<Head, Failure> {
    let head = Head {
        id: Uuid::new_v4(),
        revision: Revision(0),
        fingerprint: 0,
    };
    db.insert(HEAD, head.encode()).map_err(engine("write"))?;
    Ok(head)
}

fn unreadable(error: ::sled::Error) -> Failure {
    match error {
        ::sled::Error::Io(error) if !says_damaged(&error) => Failure::Other(Error::Engine {
            action: "read",
            cause: error.to_string(),
        }),
        error => Failure::Damage(error.to_string()),
    }
}
