//! What `casemate login` keeps: one address and its token, in a file for its owner only.

use super::parse_url;
use crate::cli::{exit::Exit, failure::Failure};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};
use url::Url;

/// What `casemate login` keeps.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) url: Url,
    pub(crate) token: SecretString,
}

#[derive(Deserialize)]
struct StoredText {
    url: String,
    token: String,
}

impl Stored {
    pub(super) fn load(path: &Path) -> Result<Option<Self>, Failure> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(path, &error.to_string())),
        };
        let text: StoredText = serde_json::from_slice(&text)
            .map_err(|_| unusable(path, "It is not what login wrote."))?;
        let url = parse_url(&text.url, "the stored address")?;
        Ok(Some(Self {
            url,
            token: SecretString::from(text.token),
        }))
    }

    /// Writes the file whole or not at all, readable by its owner only.
    pub(crate) fn save(&self, path: &Path) -> Result<(), Failure> {
        let text =
            serde_json::json!({ "url": self.url.as_str(), "token": self.token.expose_secret() });
        write_private(path, text.to_string().as_bytes()).map_err(|error| {
            Failure::new(Exit::Failure, format!("cannot write {}", path.display()))
                .note(error.to_string())
                .code("credentials_file")
        })
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // Made with mode 0600: nobody else can read it at any moment.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn unusable(path: &Path, why: &str) -> Failure {
    Failure::new(
        Exit::Auth,
        format!("cannot use the stored credentials {}", path.display()),
    )
    .note(why)
    .note("Log in again: casemate login --url URL --token-stdin")
    .code("credentials_file")
}

/// Where `casemate login` keeps what it knows: in `CASEMATE_CONFIG_DIR`, else where programs of this
/// system keep their settings.
pub(crate) fn credentials_file() -> Result<PathBuf, Failure> {
    let folder = match std::env::var_os("CASEMATE_CONFIG_DIR").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => directories::BaseDirs::new()
            .ok_or_else(|| {
                Failure::new(Exit::Failure, "there is no home folder to keep settings in")
                    .note("Set CASEMATE_CONFIG_DIR to a folder.")
                    .code("credentials_file")
            })?
            .config_dir()
            .join("casemate"),
    };
    Ok(folder.join("credentials.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Stored {
        let url = "http://127.0.0.1:8081".parse().unwrap();
        Stored {
            url,
            token: SecretString::from("from-login"),
        }
    }

    #[cfg(unix)]
    #[test]
    fn stored_credentials_are_for_their_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("casemate/credentials.json");
        stored().save(&path).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let read = Stored::load(&path).unwrap().unwrap();
        assert_eq!(read.token.expose_secret(), "from-login");
    }

    #[test]
    fn damaged_credentials_are_named_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials.json");
        fs::write(&path, r#"{"token": "s3cret"#).unwrap();
        let failure = Stored::load(&path).unwrap_err().to_string();
        assert!(
            failure.contains("credentials.json") && !failure.contains("s3cret"),
            "{failure}"
        );
    }
}
