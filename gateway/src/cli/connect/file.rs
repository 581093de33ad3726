//! Configuration files of others: where they are, reading them, and replacing them whole or not at
//! all.

use super::clients::{Base, Place};
use crate::cli::{exit::Exit, failure::Failure};
use std::{
    fs::{self, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// Larger than any configuration that a person keeps.
const LARGEST: u64 = 32 << 20;
const PRIVATE: u32 = 0o600;
/// What a new file gets, less what the person's umask takes away.
const ORDINARY: u32 = 0o666;

/// A file that may be there.
#[derive(Debug)]
pub(super) struct File {
    /// As the person knows it.
    path: PathBuf,
    /// What is replaced: where a link leads.
    target: PathBuf,
    before: Option<String>,
}

/// Who may read a file after it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    /// Its owner: it holds a key.
    Owner,
    /// Who could before.
    AsBefore,
}

/// Why a file cannot be changed.
#[derive(Debug)]
pub(super) struct Broken {
    place: Option<(usize, usize)>,
    why: String,
}

impl Broken {
    /// It is not of its format, from this line and column on.
    pub(super) fn at(line: usize, column: usize, why: &str) -> Self {
        let why = why.trim_end_matches('.').to_owned();
        Self {
            place: Some((line, column)),
            why,
        }
    }

    /// It is of its format, and holds something else than it should.
    pub(super) fn shape(why: impl Into<String>) -> Self {
        Self {
            place: None,
            why: why.into(),
        }
    }

    #[cfg(test)]
    pub(super) fn place(&self) -> Option<(usize, usize)> {
        self.place
    }
}

impl File {
    /// Reads a file. That it is not there is fine.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let unreadable = |why: String| {
            Failure::new(Exit::Validation, format!("cannot read {}", path.display()))
                .note(why)
                .code("client_file")
        };
        // The file behind a link is replaced and not the link: people keep such files elsewhere.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let before = match fs::metadata(&target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(unreadable(error.to_string())),
            Ok(found) if !found.is_file() => {
                return Err(unreadable("It is not a file.".to_owned()));
            }
            Ok(found) if found.len() > LARGEST => {
                return Err(unreadable("It is too large.".to_owned()));
            }
            Ok(_) => {
                Some(fs::read_to_string(&target).map_err(|error| unreadable(error.to_string()))?)
            }
        };
        Ok(Self {
            path: path.to_owned(),
            target,
            before,
        })
    }

    /// What is in it; nothing if it is not there.
    pub(super) fn text(&self) -> &str {
        self.before.as_deref().unwrap_or_default()
    }

    /// Where it is, as the person knows it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The failure that stands for contents that cannot be changed.
    pub(super) fn broken(&self, broken: &Broken) -> Failure {
        let shown = self.path.display();
        let failure = match broken.place {
            Some((line, column)) => {
                let what = format!("{shown} is broken at line {line}, column {column}");
                Failure::new(Exit::Validation, what).note(format!("{}.", broken.why))
            }
            None => Failure::new(Exit::Validation, format!("{shown} is not as expected"))
                .note(broken.why.clone()),
        };
        failure
            .note("It was left as it is. Mend it and run this again, or add the entry by hand.")
            .code("client_file")
    }

    /// Replaces it, unless somebody else changed it since it was read: clients write their files too.
    pub(super) fn replace(&self, text: &str, readers: Readers) -> Result<(), Failure> {
        let failed = |why: String| {
            let what = format!("cannot write {}", self.path.display());
            Failure::new(Exit::Failure, what)
                .note(why)
                .code("client_file")
        };
        if Self::read(&self.path)?.before != self.before {
            return Err(failed("It changed meanwhile. Run this again.".to_owned()));
        }
        self.write(text, readers)
            .map_err(|error| failed(error.to_string()))
    }

    fn write(&self, text: &str, readers: Readers) -> io::Result<()> {
        let folder = self.target.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let old = fs::metadata(&self.target)
            .ok()
            .map(|found| found.permissions());
        let mode = match readers {
            Readers::Owner => PRIVATE,
            Readers::AsBefore => ORDINARY,
        };
        // Made with this mode, so that a key is never readable by others, not for a moment.
        let mut file = tempfile::Builder::new()
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(folder)?;
        if let (Some(old), Readers::AsBefore) = (old, readers) {
            file.as_file().set_permissions(old)?;
        }
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&self.target)?;
        Ok(())
    }
}

/// Where a file of a person is.
pub(super) fn locate(place: Place) -> Result<PathBuf, Failure> {
    let folders = directories::BaseDirs::new().ok_or_else(|| {
        Failure::new(
            Exit::Failure,
            "there is no home folder with configuration of clients",
        )
        .note("Name the file: --file PATH")
        .code("client_file")
    })?;
    let base = match place.base {
        Base::Home => folders.home_dir().to_owned(),
        Base::HomeOr(variable, folder) => match std::env::var_os(variable) {
            Some(named) if !named.is_empty() => named.into(),
            _ => folders.home_dir().join(folder),
        },
        Base::DotConfig if cfg!(target_os = "macos") => folders.home_dir().join(".config"),
        Base::Settings | Base::DotConfig => folders.config_dir().to_owned(),
    };
    Ok(base.join(place.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_with_a_key_is_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/mcp.json");
        File::read(&path)
            .unwrap()
            .replace("1", Readers::Owner)
            .unwrap();
        assert_eq!(mode(&path), 0o600);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        File::read(&path)
            .unwrap()
            .replace("2", Readers::AsBefore)
            .unwrap();
        assert_eq!(mode(&path), 0o644);
        File::read(&path)
            .unwrap()
            .replace("3", Readers::Owner)
            .unwrap();
        assert_eq!(
            (mode(&path), fs::read_to_string(&path).unwrap()),
            (0o600, "3".to_owned())
        );
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, link) = (
            folder.path().join("kept.json"),
            folder.path().join("link.json"),
        );
        fs::write(&kept, "old").unwrap();
        std::os::unix::fs::symlink(&kept, &link).unwrap();
        File::read(&link)
            .unwrap()
            .replace("new", Readers::AsBefore)
            .unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&kept).unwrap(), "new");
    }

    #[test]
    fn what_somebody_else_wrote_meanwhile_is_not_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mcp.json");
        let file = File::read(&path).unwrap();
        fs::write(&path, "theirs").unwrap();
        assert!(file.replace("ours", Readers::Owner).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
    }
}
