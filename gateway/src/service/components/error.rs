//! Why a component cannot be had, for the caller and for the operator.

use casemate_domain::Digest;
use casemate_runtime::{ArtifactError, Refusal, Rejection};
use casemate_store::blobs;
use rustix::io::Errno;
use std::error::Error as StdError;

/// Why a component cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The stored file is not the uploaded one, or is gone.
    #[error("the stored file of component {0} is damaged or missing")]
    Integrity(Digest),
    /// It is not one that can run here.
    #[error("component {digest} is refused: {rejection}")]
    Rejected {
        /// Which component.
        digest: Digest,
        /// What the compiler said.
        rejection: Rejection,
    },
    /// The host failed.
    #[error("component {digest} cannot be loaded: {why}")]
    Host {
        /// Which component.
        digest: Digest,
        /// What failed.
        why: String,
    },
    /// The store failed.
    #[error("component {0} cannot be read")]
    Store(Digest, #[source] Box<blobs::Error>),
}

/// What becomes of an artifact that cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unusable {
    /// It is not one to load, and goes.
    Refused,
    /// The disk does not give it. It is made again, and replaced once that is done.
    Unreadable,
    /// The process has no more files or memory. The artifact is as good as before, and compiling
    /// would need more of what is missing.
    Now,
}

impl From<&ArtifactError> for Unusable {
    fn from(error: &ArtifactError) -> Self {
        let source = match error {
            ArtifactError::Refused { .. } => return Self::Refused,
            ArtifactError::File { source, .. } => source,
        };
        match Errno::from_io_error(source) {
            Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM) => Self::Now,
            _ => Self::Unreadable,
        }
    }
}

/// The host failed, with all causes.
pub(super) fn host(digest: Digest, error: &dyn StdError) -> LoadError {
    let mut why = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        why = format!("{why}: {error}");
        cause = error.source();
    }
    LoadError::Host { digest, why }
}

/// Tells the operator why an artifact is thrown away. After an update that is how it should be.
pub(super) fn report(digest: &Digest, error: &ArtifactError) {
    let digest = digest.short();
    if let ArtifactError::Refused {
        refusal: Refusal::OtherEngine,
        ..
    } = error
    {
        tracing::info!(%digest, "an artifact of another version is made again");
        return;
    }
    let error: &dyn StdError = error;
    tracing::error!(
        %digest,
        error,
        "an artifact is not usable and is made again; look for a failing disk, or for somebody \
         who writes into the data folder"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn an_artifact_is_thrown_away_only_for_what_it_is() {
        let failed = |errno: Errno| {
            Unusable::from(&ArtifactError::File {
                action: "open",
                path: "artifact".into(),
                source: io::Error::from(errno),
            })
        };
        assert_eq!(failed(Errno::MFILE), Unusable::Now);
        assert_eq!(failed(Errno::NOMEM), Unusable::Now);
        assert_eq!(failed(Errno::IO), Unusable::Unreadable);
        let refused = ArtifactError::Refused {
            digest: Digest::from_bytes([0; 32]),
            refusal: Refusal::NotAuthentic,
        };
        assert_eq!(Unusable::from(&refused), Unusable::Refused);
    }
}
