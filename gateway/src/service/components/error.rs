//! Why a component cannot be had, for the caller and for the operator.

use casemate_domain::Digest;
use casemate_runtime::{ArtifactError, Refusal, Rejection};
use casemate_store::blobs;
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
