//! Which resources somebody wants to hear of, and as of when.

use crate::{mcp::error::Error, service::OpenServer};
use casemate_domain::{ResourceUri, VersionId};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Resources that one stream or session may subscribe to.
const MOST: usize = 100;

/// The resources that a stream or a session has subscribed to, each with the version that provided
/// it when its client was last told. A new version may have another content; what a component makes
/// of the world outside it cannot say by itself.
#[derive(Debug, Default)]
pub(in crate::mcp) struct Subscriptions {
    uris: Mutex<BTreeMap<ResourceUri, Option<VersionId>>>,
}

impl Subscriptions {
    /// Adds a resource that is there.
    pub(in crate::mcp) fn add(&self, open: &OpenServer, uri: &str) -> Result<(), Error> {
        let not_found = || Error::ResourceNotFound {
            uri: uri.to_owned(),
        };
        let uri: ResourceUri = uri.parse().map_err(|_| not_found())?;
        let version = version(open, &uri).ok_or_else(not_found)?;
        let mut uris = self.uris();
        if uris.len() >= MOST && !uris.contains_key(&uri) {
            return Err(Error::InvalidParams(format!(
                "at most {MOST} resources can be subscribed to; unsubscribe from one first"
            )));
        }
        uris.insert(uri, Some(version));
        Ok(())
    }

    /// Takes a resource out. One that is not in is no mistake.
    pub(in crate::mcp) fn remove(&self, uri: &str) {
        self.uris().remove(uri);
    }

    pub(in crate::mcp) fn is_empty(&self) -> bool {
        self.uris().is_empty()
    }

    /// All of them, in order.
    pub(in crate::mcp) fn list(&self) -> Vec<String> {
        self.uris().keys().map(ToString::to_string).collect()
    }

    /// Those that another version provides now, or nobody any more. They are told of once.
    pub(super) fn updated(&self, open: &OpenServer) -> Vec<String> {
        let mut updated = Vec::new();
        for (uri, known) in self.uris().iter_mut() {
            let now = version(open, uri);
            if *known != now {
                *known = now;
                updated.push(uri.to_string());
            }
        }
        updated
    }

    fn uris(&self) -> MutexGuard<'_, BTreeMap<ResourceUri, Option<VersionId>>> {
        // Each change is whole before anything could panic.
        self.uris.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The version that provides a resource.
fn version(open: &OpenServer, uri: &ResourceUri) -> Option<VersionId> {
    open.resource(uri).map(|offer| offer.version)
}
