//! A note beside the log that says whose log it is and how far it had come.
//!
//! Without it a log that was lost, or that sled cut off where it found damage, would open as an empty
//! or older store. The note follows the store by a second at most, and is exact once it was closed.

use crate::{
    FileError,
    files::{self, Context as _},
    metadata::Revision,
};
use serde::{Deserialize, Serialize};
use std::{
    io,
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// What the note says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marker {
    pub(super) id: Uuid,
    pub(super) revision: Revision,
}

/// The note as it was found.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found {
    /// There is none: the store is new, or was never opened to the end.
    Nothing,
    /// There is one that cannot be read.
    Unreadable,
    /// It says this.
    Marker(Marker),
}

#[derive(Serialize, Deserialize)]
struct Spelled {
    format: u32,
    engine: String,
    id: String,
    revision: Revision,
}

const FORMAT: u32 = 1;
const ENGINE: &str = "sled";

impl Marker {
    fn path(dir: &Path) -> PathBuf {
        dir.join("store.json")
    }

    pub(super) fn read(dir: &Path) -> Result<Found, FileError> {
        let path = Self::path(dir);
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
            other => other.context("read", &path)?,
        };
        let spelled = serde_json::from_slice::<Spelled>(&text).ok();
        let marker = spelled
            .filter(|spelled| spelled.format == FORMAT && spelled.engine == ENGINE)
            .and_then(|spelled| {
                Some(Self {
                    id: Uuid::try_parse(&spelled.id).ok()?,
                    revision: spelled.revision,
                })
            });
        Ok(marker.map_or(Found::Unreadable, Found::Marker))
    }

    pub(super) fn write(&self, dir: &Path) -> Result<(), FileError> {
        let spelled = Spelled {
            format: FORMAT,
            engine: ENGINE.to_owned(),
            id: self.id.simple().to_string(),
            revision: self.revision,
        };
        let text = serde_json::to_vec(&spelled).expect("strings and numbers");
        files::replace(&Self::path(dir), &text)
    }
}
