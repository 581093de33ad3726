//! Who changed what. Every change carries its audit record in the same commit.

use super::access::Administrator;
use casemate_domain::WorkspaceId;
use casemate_store::records::{Actor, AuditId, AuditRecord, Batch};
use jiff::Timestamp;
use uuid::Uuid;

/// Starts a change of the platform, or in a workspace: `action` in the form `noun.verb`, `subject`
/// the id or name of what it is about.
pub(crate) fn batch(
    actor: &Administrator,
    workspace: Option<WorkspaceId>,
    action: &str,
    subject: impl ToString,
) -> Batch {
    Batch::new(&AuditRecord {
        id: AuditId::from_uuid(Uuid::now_v7()),
        workspace_id: workspace,
        at: Timestamp::now(),
        actor: Actor::Token {
            id: actor.token_id(),
        },
        action: action.to_owned(),
        subject: subject.to_string(),
        detail: String::new(),
    })
}

/// A change for tests that are not about what it is.
#[cfg(test)]
pub(crate) fn made_by(actor: casemate_domain::TokenId) -> Batch {
    Batch::new(&AuditRecord {
        id: AuditId::from_uuid(Uuid::now_v7()),
        workspace_id: None,
        at: Timestamp::now(),
        actor: Actor::Token { id: actor },
        action: "test".to_owned(),
        subject: String::new(),
        detail: String::new(),
    })
}
