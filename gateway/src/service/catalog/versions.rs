//! The versions that a server has had, and going back to one of them.

use super::{
    Catalog, Deployment,
    deploy::{Candidate, Consent, Origin},
    load, servers,
};
use crate::service::{access::Administrator, error::Error};
use casemate_domain::{ToolName, VersionId};
use casemate_store::records::VersionRecord;
use std::sync::Arc;

/// A version of a server.
#[derive(Debug, Clone)]
pub struct VersionSummary {
    /// What is stored of it.
    pub record: Arc<VersionRecord>,
    /// The tools that are served from it now.
    pub serves: Vec<ToolName>,
    /// Whether its resources and prompts are served now.
    pub offers: bool,
}

impl Catalog {
    /// All versions that were ever deployed to a server, newest first.
    pub fn list_versions(&self, server: &str) -> Result<Vec<VersionSummary>, Error> {
        let server = self.server(server)?;
        let summary = |record: &Arc<VersionRecord>| VersionSummary {
            record: Arc::clone(record),
            serves: server
                .tools
                .values()
                .filter(|tool| tool.record.version == record.id)
                .map(|tool| tool.record.name.clone())
                .collect(),
            offers: server
                .offers
                .values()
                .any(|offer| offer.version == record.id),
        };
        // Ids are in the order in which they were made.
        Ok(server.versions.values().rev().map(summary).collect())
    }

    /// Points a server at a version that it has: one that was pushed and not activated, or an
    /// older one. All tools of the component move together, with what was granted to that version.
    pub async fn use_version(
        &self,
        actor: &Administrator,
        server: &str,
        version: &str,
        consent: Consent,
    ) -> Result<Deployment, Error> {
        let writer = self.state.writer().await;
        let server = servers::find(&writer.snapshot(), server)?;
        let version = version
            .parse::<VersionId>()
            .ok()
            .and_then(|id| server.versions.get(&id))
            .cloned()
            .ok_or_else(|| Error::not_found("version", version))?;
        let definitions = load::definitions(&version, &self.blobs).await;
        let candidate = Candidate {
            definitions: definitions.map_err(Error::Internal)?,
            version,
            origin: Origin::History,
            activate: true,
        };
        self.point(actor, writer, &server, candidate, consent).await
    }
}
